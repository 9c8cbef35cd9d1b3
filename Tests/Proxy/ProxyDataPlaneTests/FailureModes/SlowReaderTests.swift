// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

/// A client that reads slowly is served as long as it reads, and cut once it does not.
@Suite("Slow readers", .everyTransport, .timeLimit(.minutes(1)))
struct SlowReaderTests {
  private static let length = 64 << 20

  private static let large: Origin.Behaviour = { connection, _ in
    _ = try await connection.message()
    try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: \(length)\r\n\r\n")
    try await connection.send(ByteBuffer(repeating: 1, count: length))
    _ = try await connection.message()
  }

  @Test("A client that takes nothing of its answer is cut, and counted")
  func stalled() async throws {
    var timeouts = ProxyTimeouts.testing
    timeouts.idle = .milliseconds(300)
    try await Origin.run(Self.large) { origin in
      try await RunningProxy.run(.all(to: origin.port, timeouts: timeouts)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          // On a machine that stands still for so long the origin is the one that is late.
          func cuts() -> UInt64 {
            let counters = proxy.server.counters.snapshot()
            return counters.answersCutByClient + counters.answersCutByUpstream
          }
          while cuts() == 0 { try await Loopback.pause(milliseconds: 5) }
          #expect(cuts() == 1)
        }
      }
    }
  }
}
