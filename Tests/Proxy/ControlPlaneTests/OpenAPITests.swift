// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverScenario
import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import ProxyDataPlane
import RoutingDecisions
import Testing

/// The description is kept by hand; these hold it to what is served.
@Suite(.timeLimit(.minutes(1))) struct OpenAPITests {
  private struct Document: Decodable {
    struct Operation: Decodable {
      let operationId: String?
    }

    let openapi: String
    let paths: [String: [String: AnyOperation]]

    /// An operation, or what all operations of a path share.
    struct AnyOperation: Decodable {
      let id: String?

      init(from decoder: any Decoder) throws {
        id = try? Operation(from: decoder).operationId
      }
    }
  }

  private static let methods: [(name: String, method: HTTPRequest.Method)] = [
    ("get", .get), ("put", .put), ("post", .post), ("patch", .patch), ("delete", .delete),
  ]

  private static func harness() async throws -> AdminHarness {
    var harness = try AdminHarness()
    harness.cutovers = try await CutoverBench().runner
    harness.evidence = "/none.sqlite"
    harness.data = DataOffice(StillMover(), unixMilliseconds: { 0 })
    harness.shadows = try shadows()
    harness.registry = InstanceRegistry(logger: harness.logger) { _ in }
    harness.token = AdminToken("correct horse battery")
    return harness
  }

  /// Of a proxy whose only route shadows.
  private static func shadows() throws -> ShadowMonitor {
    let upstreams = ["legacy", "orders"].map { name in
      UpstreamConfiguration(
        name: name, target: .network([NetworkAddress(host: "127.0.0.1", port: 9)]))
    }
    let route = RouteConfiguration(
      name: "orders", match: RouteMatch(path: .everything), legacy: "legacy", extracted: "orders",
      shadow: ShadowConfiguration())
    return try ProxyServer(
      configuration: ProxyConfiguration(upstreams: upstreams, routes: [route]),
      logger: Logger(label: "shadows", factory: { _ in SwiftLogNoOpLogHandler() })
    ).shadows
  }

  private static let token: HTTPFields = [.authorization: "Bearer correct horse battery"]

  @Test func everyPathIsDescribedWithEveryMethodThatItTakes() async throws {
    try await Self.harness().run { client in
      let answer = try await client.send(.get, "/openapi.json")
      #expect(answer.status == 200 && answer.headers[.contentType] == "application/json")
      let document = try JSONDecoder().decode(Document.self, from: Data(answer.body.utf8))
      #expect(document.openapi == "3.1.0")
      for (path, operations) in document.paths {
        let target = path.replacing("{name}", with: "none").replacing("{id}", with: "0")
          .replacing("{service}", with: "none").replacing("{instance}", with: "none")
        for (name, method) in Self.methods {
          let answer = try await client.send(method, target, Self.token)
          let isServed = answer.status != 405
          #expect(isServed == (operations[name] != nil), "\(name) \(path): \(answer.status)")
          if isServed { #expect(operations[name]?.id != nil, "\(name) \(path)") }
        }
        // What is no method of a path names those that are, whatever it is.
        let described = Self.methods.filter { operations[$0.name] != nil }.map(\.method.rawValue)
        for method in [HTTPRequest.Method.trace, .options] {
          let answer = try await client.send(method, target, Self.token)
          let allowed = answer.headers[.allow]?.split(separator: ", ").map(String.init) ?? []
          #expect(answer.status == 405, "\(method) \(path)")
          #expect(allowed.filter { $0 != "HEAD" } == described, "\(method) \(path)")
        }
      }
      // The answer to a wrong path lists what there is.
      let wrong = try await client.send(.get, "/nothing", Self.token)
      let listed = try #require(
        wrong.body.split(separator: "There is: ").last?.split(separator: "\"").first)
      let served = listed.dropLast().split(separator: ", ").map(String.init)
      #expect(Set(served) == Set(document.paths.keys))
    }
  }

  @Test func shadowsShowWhatIsDescribed() async throws {
    try await Self.harness().run { client in
      let answer = try await client.send(.get, "/shadows", Self.token)
      let shown = try #require(
        try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [[String: Any]])
      let text = try await client.send(.get, "/openapi.json").body
      let document = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      let components = try #require(document["components"] as? [String: [String: Any]])
      let shadow = try #require(components["schemas"]?["Shadow"] as? [String: Any])
      let described = try #require(shadow["properties"] as? [String: Any])
      #expect(shown.map { Set($0.keys) } == [Set(described.keys)])
    }
  }

  /// Every member of what is answered is described, and every one that is required is there.
  @Test(arguments: [("/data/orders", "DataMapping"), ("/data/orders/verify", "DataVerification")])
  func dataShowsWhatIsDescribed(path: String, name: String) async throws {
    let mover = StillMover()
    var harness = try await Self.harness()
    let office = DataOffice(mover, unixMilliseconds: { 0 })
    harness.data = office
    try await harness.run { client in
      var headers = Self.token
      headers[.contentType] = "application/json"
      let order = #"{"actor": "ann", "reason": "ticket 12"}"#
      for action in ["advance", "verify"] {
        let answer = try await client.send(.post, "/data/orders/\(action)", headers, body: order)
        #expect([200, 202].contains(answer.status), "\(answer.body)")
      }
      var answer = try await client.send(.get, path, Self.token)
      while answer.body.contains(#""state" : "running""#) {
        answer = try await client.send(.get, path, Self.token)
      }
      let shown = try #require(
        try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any])
      let text = try await client.send(.get, "/openapi.json").body
      let document = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      let components = try #require(document["components"] as? [String: [String: Any]])
      let schema = try #require(components["schemas"]?[name] as? [String: Any])
      let described = try #require(schema["properties"] as? [String: Any])
      let required = try #require(schema["required"] as? [String])
      #expect(Set(shown.keys).isSubset(of: described.keys), "\(answer.body)")
      #expect(Set(required).isSubset(of: shown.keys), "\(answer.body)")
      #expect(shown.count > required.count, "\(answer.body)")
    }
  }

  @Test func everyReferenceLeadsSomewhere() async throws {
    try await Self.harness().run { client in
      let text = try await client.send(.get, "/openapi.json").body
      let references = text.split(separator: "\"$ref\" : \"#/components/").dropFirst()
        .compactMap { $0.split(separator: "\"").first?.split(separator: "/").map(String.init) }
      #expect(references.count > 50)
      let document = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      let components = try #require(document["components"] as? [String: [String: Any]])
      for reference in references {
        #expect(components[reference[0]]?[reference[1]] != nil, "\(reference)")
      }
    }
  }

  @Test(arguments: [
    (HTTPRequest.Method.get, "/journal?after=9007199254740992", nil as String?),
    (.get, "/journal?after=%2B5", nil), (.get, "/journal?limit=0", nil),
    (.get, "/journal?limit=1001", nil), (.get, "/shadows/pairs/9007199254740992", nil),
    (.get, "/shadows/pairs/-1", nil), (.post, "/journal/revert", #"{"to": 9007199254740992}"#),
    (.post, "/journal/revert", #"{"to": 1, "reason": "r"}"#),
    (
      .post, "/freeze",
      #"{"on": true, "actor": "ann", "reason": "\#(String(repeating: " ", count: 500))x"}"#
    ),
  ])
  func whatTheSchemasForbidIsRefused(
    method: HTTPRequest.Method, target: String, body: String?
  ) async throws {
    try await Self.harness().run { client in
      var headers = Self.token
      if body != nil { headers[.contentType] = "application/json" }
      let answer = try await client.send(method, target, headers, body: body)
      #expect(answer.status == 400, "\(answer.body)")
    }
  }
}
