// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import ShadowComparison
import Testing

/// Ways in which an extracted side can be bad company.
enum BadShadow: String, CaseIterable, Sendable {
  case hung, killed, trickling, garbage, neverReading = "never reading", flooding

  /// Nothing of an answer comes, so that the breaker opens soon and copies are dropped.
  var opensBreaker: Bool { self != .trickling && self != .flooding }

  var behaviour: Origin.Behaviour {
    switch self {
    case .hung:
      { connection, _ in while try await connection.receive() {} }
    case .killed:
      { connection, _ in
        _ = try await connection.receive()
        try await connection.reset()
      }
    case .trickling:
      { connection, _ in
        _ = try await connection.receive()
        try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        while true {
          try await Loopback.pause(milliseconds: 100)
          try await connection.send("x")
        }
      }
    case .garbage:
      { connection, _ in
        _ = try await connection.receive()
        try await connection.send(String(repeating: "\u{1}garbage\r\n", count: 5_000))
      }
    case .neverReading:
      { connection, _ in
        try await connection.channel.setOption(.autoRead, value: false).get()
        // Ends with the origin.
        let (never, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
      }
    case .flooding:
      { connection, _ in
        _ = try await connection.receive()
        try await connection.send("HTTP/1.1 200 OK\r\n\r\n")
        let flood = ByteBuffer(repeating: 120, count: 1 << 20)
        while true { try await connection.send(flood) }
      }
    }
  }
}

@Suite("Shadow: bad company", .everyTransport, .timeLimit(.minutes(2)))
struct BadShadowTests {
  private static let bodySize = 16 << 10
  private static let requests = 120
  private static let budget = 1 << 20

  @Test(
    "Clients see nothing of it: no error, and no more memory than the budget",
    arguments: BadShadow.allCases)
  func isolation(_ bad: BadShadow) async throws {
    let shadow = ShadowConfiguration(
      includesWrites: true, deadline: .milliseconds(200), inFlight: 16,
      compareBytes: 64 << 10, bodyBytes: Self.budget)
    let legacy: Origin.Behaviour = Origin.answering { message in
      "HTTP/1.1 200 OK\r\ncontent-length: \(message.body.readableBytes)\r\n\r\n\(message.text)"
    }
    try await Origin.run(legacy) { old in
      try await Origin.run(bad.behaviour) { new in
        let configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port, shadow, isSandbox: true)
        try await RunningProxy.run(configuration) { proxy in
          try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
              group.addTask { try await Self.load(proxy.port, Self.requests / 4) }
            }
            try await group.waitForAll()
          }
          try await proxy.shadowsEnd()
          let snapshot = try #require(proxy.shadow)
          // Every request is accounted for: sent, with what came of it, or dropped for a reason.
          #expect(snapshot.tally.ended == UInt64(Self.requests), "\(snapshot.tally)")
          #expect(snapshot.tally.outcomes[.matched] == nil)
          if bad.opensBreaker { #expect(snapshot.tally.drops.values.reduce(0, +) > 0) }
          // What was kept is let go of a moment after it was counted.
          while proxy.shadow?.bytes != 0 { try await letOthersRun() }
          #expect(snapshot.peakBytes <= Self.budget)
          let counters = proxy.server.counters.snapshot()
          #expect(counters.answersCutByUpstream + counters.answersCutByClient == 0)
          let answered = counters.routes.reduce(0) { $0 + $1.statusClasses[1] }
          #expect(answered == UInt64(Self.requests))
          // Nothing of it is seen where legacy and its users are.
          #expect(proxy.server.upstreams.snapshot().allSatisfy { $0.totals.breakerOpened == 0 })
          #expect(counters.upstreamFailures.allSatisfy { $0.count == 0 })
        }
      }
    }
  }

  private static func load(_ port: Int, _ count: Int) async throws {
    let body = String(repeating: "b", count: bodySize)
    try await Loopback.connect(port) { client in
      for _ in 0..<count {
        try await client.send(
          "PUT /orders HTTP/1.1\r\nHost: a\r\nContent-Length: \(bodySize)\r\n\r\n\(body)")
        let answer = try await client.message()
        #expect(answer?.status == 200)
        #expect(answer?.body.readableBytes == bodySize)
      }
    }
  }

  @Test("What waits is bounded, and legacy answers at once while the extracted side does not")
  func full() async throws {
    let shadow = ShadowConfiguration(mode: .mirror, deadline: .seconds(30), inFlight: 2)
    try await Origin.run(Origin.saying("old")) { old in
      try await Origin.run(BadShadow.hung.behaviour) { new in
        let configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port, shadow)
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            for _ in 1...100 {
              try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
              #expect(try await client.message()?.text == "old")
            }
          }
          let tally = try await proxy.waits { $0.inFlight == 2 }
          // Eight may wait for each of the two.
          #expect(tally.waiting <= 16)
          #expect(tally.drops[.noSlot, default: 0] >= 100 - 18)
        }
      }
    }
  }
}
