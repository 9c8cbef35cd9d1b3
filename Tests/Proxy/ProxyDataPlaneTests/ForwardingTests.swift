// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Forwarding", .everyTransport, .timeLimit(.minutes(1)))
struct ForwardingTests {
  @Test("A GET reaches the origin rewritten and its answer comes back")
  func get() async throws {
    let echo = Origin.answering { request in
      let text = request.lines.joined(separator: "\n")
      return "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\nx-a: 1\r\n\r\n\(text)"
    }
    try await Origin.run(echo) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(
            "GET /a?b=c HTTP/1.1\r\nHost: shop\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n")
          let response = try #require(try await client.message())
          #expect(response.status == 200)
          #expect(response.value("x-a") == "1")
          let lines = response.text.split(separator: "\n").map(String.init)
          #expect(lines.first == "GET /a?b=c HTTP/1.1")
          #expect(lines.contains("host: shop"))
          #expect(lines.contains("x-forwarded-for: 127.0.0.1"))
          #expect(lines.contains("via: 1.1 strangler"))
          #expect(!response.text.lowercased().contains("x-hop"))
        }
      }
    }
  }
}
