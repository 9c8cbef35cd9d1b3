// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import Testing

/// What belongs to the edge: whose word counts, and what the proxy answers in its own name.
@Suite("At the edge", .everyTransport, .timeLimit(.minutes(1)))
struct EdgeTests {
  /// Answers with the fields it got.
  private static let mirror = Origin.answering { request in
    let text = request.lines.dropFirst().joined(separator: "\n")
    return "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)"
  }

  private static func fields(
    _ request: String, _ change: (inout ProxyConfiguration) -> Void
  ) async throws -> [String] {
    try await Origin.run(mirror) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port)
      change(&configuration)
      return try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(request)
          let answer = try #require(try await client.message())
          return answer.text.split(separator: "\n").map(String.init)
        }
      }
    }
  }

  private static let claims =
    "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n"
    + "X-User-Role: admin\r\nX-Other: 1\r\n\r\n"

  @Test("A stranger's claims are replaced and internal headers removed")
  func stranger() async throws {
    let fields = try await Self.fields(Self.claims) {
      $0.internalHeaders = ["x-user-role"]
      $0.trusted = [AddressRange(parsing: "10.0.0.0/8")].compactMap(\.self)
    }
    #expect(fields.contains("x-forwarded-for: 127.0.0.1"))
    #expect(fields.contains("x-forwarded-proto: http"))
    #expect(!fields.contains { $0.contains("192.0.2.7") || $0.contains("X-User-Role") })
    #expect(fields.contains("X-Other: 1"))
  }

  @Test("A trusted peer's claims are added to and its internal headers pass")
  func trusted() async throws {
    let fields = try await Self.fields(Self.claims) {
      $0.internalHeaders = ["x-user-role"]
      $0.trusted = [AddressRange(parsing: "127.0.0.0/8")].compactMap(\.self)
    }
    #expect(fields.contains("x-forwarded-for: 192.0.2.7, 127.0.0.1"))
    #expect(fields.contains("X-Forwarded-Proto: https"))
    #expect(fields.contains("X-User-Role: admin"))
  }

  @Test("Users are told apart by the address behind trusted proxies")
  func clientAddress() async throws {
    try await Origin.run(Origin.saying("legacy")) { legacy in
      try await Origin.run(Origin.saying("extracted")) { extracted in
        var configuration = try ProxyConfiguration.extracted(extracted.port, legacy: legacy.port)
        configuration.routes[0].percent = try #require(Percentage(hundredths: 5000))
        configuration.trusted = [AddressRange(parsing: "127.0.0.1")].compactMap(\.self)
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            var sides: [String: Int] = [:]
            for user in 1...40 {
              try await client.send(
                "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.\(user)\r\n\r\n")
              sides[try #require(try await client.message()).text, default: 0] += 1
            }
            #expect(sides.keys.sorted() == ["extracted", "legacy"])
          }
        }
      }
    }
  }

  @Test("Answers of the proxy's own and answers without a date say when they were made")
  func dates() async throws {
    try await Origin.run(Origin.saying("ok")) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /../ HTTP/1.1\r\nHost: a\r\n\r\n")
          for status in [200, 400] {
            let answer = try #require(try await client.message())
            #expect(answer.status == status)
            let date = try #require(answer.value("date"))
            #expect(date.count == 29 && date.hasSuffix(" GMT") && !date.contains("1970"))
          }
        }
      }
    }
  }

  @Test("OPTIONS * is answered by the proxy, and the connection lives on")
  func options() async throws {
    try await Origin.run(Origin.saying("ok")) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          for target in ["* HTTP/1.1\r\n", "/ HTTP/1.1\r\nMax-Forwards: 0\r\n"] {
            try await client.send("OPTIONS \(target)Host: a\r\n\r\n")
            let answer = try #require(try await client.message())
            #expect(answer.status == 204)
            #expect(answer.value("allow")?.contains("PATCH") == true)
            #expect(answer.value("date") != nil)
          }
          #expect(origin.connections.value == 0)
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          #expect(try await client.message()?.text == "ok")
        }
      }
    }
  }
}
