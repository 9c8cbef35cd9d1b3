// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Synchronization
import Testing

@Suite("Upstreams killed under load", .everyTransport, .timeLimit(.minutes(2)))
struct KilledUpstreamTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
  private static let kills = 20

  /// Statuses by number.
  private typealias Tally = [Int: Int]

  /// Sends a request again and again until told to stop.
  private static func load(
    _ request: String, _ port: Int, until isOver: CircuitBreakingTests.Flag
  ) async throws -> Tally {
    try await Loopback.connect(port) { client in
      var tally: Tally = [:]
      while !isOver.value {
        try await client.send(request)
        let status = try await client.message()?.status ?? 0
        tally[status, default: 0] += 1
      }
      return tally
    }
  }

  /// Kills and restarts the origin twenty times while clients read and write.
  private static func storm(
    _ configuration: ProxyConfiguration, _ origin: KillableOrigin,
    progress: @escaping @Sendable () -> Int
  ) async throws -> (reads: Tally, writes: Tally) {
    try await RunningProxy.run(configuration) { proxy in
      let isOver = CircuitBreakingTests.Flag(false)
      return try await withThrowingTaskGroup(of: (Bool, Tally).self) { group in
        for _ in 0..<6 {
          group.addTask { (true, try await load(get, proxy.port, until: isOver)) }
        }
        for _ in 0..<2 {
          group.addTask { (false, try await load(post, proxy.port, until: isOver)) }
        }
        for _ in 0..<kills {
          // Some requests while it lives, some while it does not.
          let before = progress()
          try await reaches { progress() >= before + 20 }
          try await origin.kill()
          let counters = proxy.server.counters
          let dead = answers(counters)
          try await reaches { answers(counters) >= dead + 20 }
          try await origin.start()
        }
        isOver.set(true)
        var reads: Tally = [:]
        var writes: Tally = [:]
        for try await (isRead, tally) in group {
          if isRead {
            reads.merge(tally, uniquingKeysWith: +)
          } else {
            writes.merge(tally, uniquingKeysWith: +)
          }
        }
        return (reads, writes)
      }
    }
  }

  private static func reaches(_ isReached: () -> Bool) async throws {
    while !isReached() {
      try Task.checkCancellation()
      await Task.yield()
    }
  }

  private static func answers(_ counters: ProxyCounters) -> UInt64 {
    counters.snapshot().routes.map(\.requests).reduce(0, +)
  }

  private static func answered(_ origin: KillableOrigin, _ method: String) -> Int {
    origin.answered.withLock { $0[method, default: 0] }
  }

  @Test("The extracted side dies 20 times: no read fails, no failed write looks like a success")
  func extracted() async throws {
    let extracted = KillableOrigin(saying: "new")
    let legacy = KillableOrigin(saying: "legacy")
    try await extracted.start()
    try await legacy.start()
    let configuration = try ProxyConfiguration.extracted(extracted.port, legacy: legacy.port)
      .policies(of: "orders") {
        $0.breaker = .rules(BreakerRules(open: .milliseconds(20), readmission: .zero))
      }
    let (reads, writes) = try await Self.storm(configuration, extracted) {
      Self.answered(extracted, "GET")
    }
    #expect(Set(reads.keys) == [200], "\(reads)")
    #expect((writes[200] ?? 0) <= Self.answered(extracted, "POST"))
    #expect(writes.keys.allSatisfy { [200, 502, 503].contains($0) }, "\(writes)")
    // A write never changes sides.
    #expect(Self.answered(legacy, "POST") == 0)
    #expect(Self.answered(legacy, "GET") > 0)
    try await extracted.kill()
    try await legacy.kill()
  }

  @Test("One of two endpoints dies 20 times: no read fails")
  func endpoint() async throws {
    let shaky = KillableOrigin(saying: "ok")
    let sound = KillableOrigin(saying: "ok")
    try await shaky.start()
    try await sound.start()
    let configuration = try ProxyConfiguration.all(to: shaky.port, sound.port)
      .policies(of: "legacy") {
        $0.ejection = .rules(EjectionRules(time: .milliseconds(20)))
        // The clients are few, and each kill fails most of their requests at once.
        $0.retries.budgetFloor = 100
      }
    let (reads, writes) = try await Self.storm(configuration, shaky) {
      Self.answered(shaky, "GET")
    }
    #expect(Set(reads.keys) == [200], "\(reads)")
    #expect(
      (writes[200] ?? 0) <= Self.answered(shaky, "POST") + Self.answered(sound, "POST"))
    #expect(writes.keys.allSatisfy { [200, 502].contains($0) }, "\(writes)")
    try await shaky.kill()
    try await sound.kill()
  }
}
