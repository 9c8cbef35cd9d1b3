// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@testable import ProxyDataPlane

/// What a breaker does in trouble that both sides have, and what the gates are told of it.
@Suite("Trouble of both sides", .everyTransport, .timeLimit(.minutes(1)))
struct SharedTroubleTests {
  private static let failing = Origin.answering { _ in
    "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
  }

  private static func request(_ method: String, _ path: String = "/") -> String {
    "\(method) \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
  }

  /// Everything on the extracted side, save what asks for `/former`.
  private static func configuration(_ extracted: Int, legacy: Int) throws -> ProxyConfiguration {
    var configuration = try ProxyConfiguration.extracted(extracted, legacy: legacy)
    configuration.routes.append(
      RouteConfiguration(
        name: "former", match: RouteMatch(path: try PathTemplate(parsing: "/former")),
        legacy: "legacy", extracted: "orders", percent: .zero))
    return configuration
  }

  private static func watch(_ proxy: RunningProxy) {
    proxy.server.watch.follow(
      [RouteWatch.Target(route: "orders", slowness: [])],
      numbers: proxy.server.routing.current.numbers)
  }

  @Test("While legacy fails as well every request reaches the extracted side")
  func bothFail() async throws {
    try await Origin.run(Self.failing) { legacy in
      try await Origin.run(Self.failing) { extracted in
        let configuration = try Self.configuration(extracted.port, legacy: legacy.port)
        try await RunningProxy.run(configuration) { proxy in
          Self.watch(proxy)
          try await Loopback.connect(proxy.port) { client in
            for path in Array(repeating: "/former", count: 30) + Array(repeating: "/", count: 30) {
              try await client.send(Self.request("GET", path))
              let answer = try #require(try await client.message())
              #expect(answer.status == 500)
              #expect(answer.value("strangler-fallback") == nil)
            }
          }
          #expect(legacy.requests.value == 30 && extracted.requests.value == 30)
          #expect(proxy.server.upstreams.snapshot()[1].breaker == "closed")
          let counts = try #require(proxy.server.watch.take()["orders"]?.extracted)
          #expect(counts.finished == 30 && counts.succeeded == 0 && counts.keptAway == 0)
        }
      }
    }
  }

  @Test("What an open breaker keeps away is told apart from what failed, reads and writes alike")
  func keptAway() async throws {
    try await Origin.run(Origin.saying("legacy")) { legacy in
      try await Origin.run(Self.failing) { extracted in
        let configuration = try Self.configuration(extracted.port, legacy: legacy.port)
        try await RunningProxy.run(configuration) { proxy in
          Self.watch(proxy)
          try await Loopback.connect(proxy.port) { client in
            for _ in 0..<25 {
              try await client.send(Self.request("GET"))
              _ = try #require(try await client.message())
            }
            try await client.send(Self.request("POST"))
            #expect(try await client.message()?.status == 503)
          }
          #expect(extracted.requests.value == 5)
          let counts = try #require(proxy.server.watch.take()["orders"])
          // All of them were one user's.
          #expect(
            counts.extracted
              == SideCounts(finished: 5, failed: 1, succeeded: 0, ignored: 4, keptAway: 21))
          #expect(counts.legacy == SideCounts())
        }
      }
    }
  }

  @Test("Legacy's answer in place of a side that was asked, and did not answer, is its failure")
  func unanswered() async throws {
    let closing: Origin.Behaviour = { connection, requests in
      _ = try await connection.message()
      requests.add()
    }
    try await Origin.run(Origin.saying("legacy")) { legacy in
      try await Origin.run(closing) { extracted in
        let configuration = try Self.configuration(extracted.port, legacy: legacy.port)
        try await RunningProxy.run(configuration) { proxy in
          Self.watch(proxy)
          try await Loopback.connect(proxy.port) { client in
            try await client.send(Self.request("GET"))
            #expect(try await client.message()?.text == "legacy")
          }
          let counts = try #require(proxy.server.watch.take()["orders"]?.extracted)
          #expect(counts == SideCounts(finished: 1, failed: 1, succeeded: 0))
        }
      }
    }
  }
}
