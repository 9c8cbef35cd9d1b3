// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Foundation
import HTTPTypes
import Testing

/// The page and its parts as files.
@Suite(.timeLimit(.minutes(1))) struct ConsolePageTests {
  private static let parts = [
    "api.js", "console.css", "console.js", "cutovers.js", "data.js", "elements.js", "formats.js",
    "history.js", "icon.svg", "journal.js", "orders.js", "plots.js", "routes.js", "sagas.js",
    "shadows.js",
  ]

  @Test func theAdminAddressLeadsToIt() async throws {
    try await AdminHarness().run { client in
      let answer = try await client.send(.get, "/")
      #expect(answer.status == 307 && answer.headers[.location] == "/console")
    }
  }

  @Test func nothingFromElsewhereMayRunInIt() async throws {
    try await AdminHarness().run { client in
      for path in ["/console"] + Self.parts.map({ "/console/" + $0 }) {
        let answer = try await client.send(.get, path)
        #expect(answer.status == 200, "\(path)")
        let policy = try #require(answer.headers[.contentSecurityPolicy])
        let directives = policy.split(separator: "; ").map(String.init)
        for directive in [
          "default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'",
          "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        ] {
          #expect(directives.contains(directive), "\(path): \(directive)")
        }
        #expect(!policy.contains("unsafe") && !policy.contains("*") && !policy.contains("http"))
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        for (name, value) in [
          ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
          ("Cross-Origin-Opener-Policy", "same-origin"),
        ] {
          #expect(answer.headers[try #require(HTTPField.Name(name))] == value)
        }
      }
    }
  }

  @Test(arguments: [
    ("/console", "text/html; charset=utf-8"), ("/console/console.css", "text/css; charset=utf-8"),
    ("/console/console.js", "text/javascript; charset=utf-8"),
    ("/console/icon.svg", "image/svg+xml"),
  ])
  func itsTypeIsNamedAndAKnownCopyIsNotSentAgain(path: String, type: String) async throws {
    try await AdminHarness().run { client in
      let first = try await client.send(.get, path)
      #expect(first.headers[.contentType] == type && !first.body.isEmpty)
      let tag = try #require(first.headers[.eTag])
      let again = try await client.send(.get, path, [.ifNoneMatch: "\"other\", \(tag)"])
      #expect(again.status == 304 && again.body.isEmpty && again.headers[.eTag] == tag)
      #expect(again.headers[.contentSecurityPolicy] == first.headers[.contentSecurityPolicy])
      let other = try await client.send(.get, path, [.ifNoneMatch: "\"other\""])
      #expect(other.status == 200)
    }
  }

  @Test(arguments: [
    "index.html", "../console", "%2e%2e", "..%2fmetrics", "Package.swift", "console.js.map", "a/b",
  ])
  func onlyTheFilesThatThereAreAreServed(name: String) async throws {
    try await AdminHarness().run { client in
      let answer = try await client.send(.get, "/console/\(name)")
      #expect(answer.status == 404, "\(name)")
      #expect(answer.headers[.contentType] == "application/problem+json")
    }
  }

  @Test func itIsLoadedWithoutATokenAndShowsNothingWithoutOne() async throws {
    var harness = try AdminHarness()
    harness.token = AdminToken("correct horse battery")
    try await harness.run { client in
      #expect(try await client.send(.get, "/console").status == 200)
      #expect(try await client.send(.get, "/console/console.js").status == 200)
      let access = try await client.send(.get, "/console/access")
      #expect(access.body.contains(#""needsToken" : true"#))
      for path in ["/console/events", "/console/traffic"] {
        #expect(try await client.send(.get, path).status == 401, "\(path)")
      }
    }
  }

  @Test func everyPartThatThePageNamesIsServedAndNoneIsFromElsewhere() async throws {
    try await AdminHarness().run { client in
      let page = try await client.send(.get, "/console").body
      var named: Set<String> = []
      for part in Self.parts where page.contains("\"/console/\(part)\"") { named.insert(part) }
      #expect(named == ["console.css", "console.js", "icon.svg"])
      for part in Self.parts where part.hasSuffix(".js") {
        let text = try await client.send(.get, "/console/\(part)").body
        for line in text.split(separator: "\n") where line.contains(" from \"./") {
          let name = line.split(separator: "\"./").last?.prefix { $0 != "\"" } ?? ""
          #expect(Self.parts.contains(String(name)), "\(part) imports \(name)")
          named.insert(String(name))
        }
        for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
          #expect(!text.contains(sink), "\(part) makes markup of text: \(sink)")
        }
        #expect(!text.contains("https://"), "\(part) asks elsewhere")
      }
      #expect(named == Set(Self.parts))
    }
  }

  @Test func aLinkOfAnotherSiteMayLeadToItAndAFrameMayNot() async throws {
    try await AdminHarness().run { client in
      let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
      let mode = try #require(HTTPField.Name("Sec-Fetch-Mode"))
      let place = try #require(HTTPField.Name("Sec-Fetch-Dest"))
      let link: HTTPFields = [site: "cross-site", mode: "navigate", place: "document"]
      #expect(try await client.send(.get, "/console", link).status == 200)
      let frame: HTTPFields = [site: "cross-site", mode: "navigate", place: "iframe"]
      #expect(try await client.send(.get, "/console", frame).status == 403)
      let change = try await client.put(#"{"percent": 25, "reason": "x"}"#, link)
      #expect(change.status == 403)
    }
  }
}
