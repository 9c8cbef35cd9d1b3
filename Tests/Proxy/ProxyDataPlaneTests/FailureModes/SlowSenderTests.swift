// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

/// A client that sends a byte now and then holds an upstream for ten seconds, the time after which
/// it is judged, and no longer.
@Suite("Slow senders", .everyTransport, .timeLimit(.minutes(2)))
struct SlowSenderTests {
  @Test("A body below its least rate is 408 on both protocols; a conversation may be slow")
  func rate() async throws {
    let silent: Origin.Behaviour = { connection, requests in
      requests.add()
      while try await connection.receive() {}
    }
    var timeouts = ProxyTimeouts.testing
    // Longer than the test may take: idleness ends nothing here.
    timeouts.idle = .seconds(600)
    try await Origin.run(silent) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port, timeouts: timeouts)
      try await RunningProxy.run(configuration) { proxy in
        try await withThrowingTaskGroup(of: Void.self) { group in
          // The time passes for both at once.
          group.addTask { try await Self.sendsSlowly(proxy) }
          group.addTask { try await Self.sendsSlowlyOnStreams(proxy) }
          try await group.waitForAll()
        }
      }
      #expect(origin.requests.value == 3)
    }
  }

  private static func sendsSlowly(_ proxy: RunningProxy) async throws {
    try await Loopback.connect(proxy.port) { client in
      try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\nabc")
      let answer = try #require(try await client.message())
      #expect(answer.status == 408 && answer.value("connection") == "close")
    }
  }

  private static func sendsSlowlyOnStreams(_ proxy: RunningProxy) async throws {
    try await HTTP2Client.run(proxy.port) { client in
      let talk = try client.call("/", method: "POST", body: [1, 2, 3], sendsWhole: false)
      let slow = try client.call(
        "/", method: "POST", [("content-length", "9999")], body: [1, 2, 3], sendsWhole: false)
      try await client.answer(to: slow)
      #expect(slow.status == 408 && slow.closeCode == HTTP2Code.none)
      #expect(!talk.isDone && talk.status == 0)
    }
  }
}
