// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Testing

/// The proxy's own limit is not the upstream's failure.
@Suite("Waiting for a connection that the limit forbids", .everyTransport, .timeLimit(.minutes(1)))
struct ConnectionLimitTests {
  private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"

  /// A full upstream and three requests that wait in vain, with these settings.
  private static func crowd(
    _ origin: Origin, _ timeouts: ProxyTimeouts, http2: Bool = false, perTry: Duration? = nil
  ) async throws {
    let limits = ProxyLimits(
      upstreamConnections: 1, upstreamStreams: http2 ? 1 : 100, upstreamQueue: 10)
    var configuration = try ProxyConfiguration.all(
      to: origin.port, timeouts: timeouts, limits: limits)
    if http2 { configuration.upstreams[0].wireProtocol = .http2 }
    configuration = configuration.policies(of: "legacy") {
      $0.breaker = .rules(BreakerRules(trip: .consecutive(failures: 2), open: .seconds(60)))
      $0.retries.perTry = perTry
    }
    try await RunningProxy.run(configuration) { proxy in
      try await Loopback.connect(proxy.port) { first in
        try await first.send(Self.post)
        while origin.requests.value == 0 { try await letOthersRun() }
        try await withThrowingTaskGroup(of: WireMessage?.self) { group in
          for _ in 0..<3 {
            group.addTask {
              try await Loopback.connect(proxy.port) { client in
                try await client.send(Self.post)
                return try await client.message()
              }
            }
          }
          for try await answer in group {
            let answer = try #require(answer)
            #expect(answer.status == 503 && answer.text.contains("\"connection-limit\""))
            #expect(answer.value("retry-after") == "1")
          }
        }
        // One that only ended could still read, and would be waited for.
        try await first.reset()
      }
      #expect(proxy.server.upstreams.snapshot()[0].breaker == "closed")
      let failures = proxy.server.counters.snapshot().upstreamFailures.filter { $0.count > 0 }
      #expect(failures.map(\.reason) == ["connection-limit"])
      #expect(failures.map(\.count) == [3])
    }
    #expect(origin.requests.value == 1 && origin.connections.value == 1)
  }

  private static var hurried: ProxyTimeouts {
    var timeouts = ProxyTimeouts.testing
    timeouts.connect = .milliseconds(150)
    return timeouts
  }

  /// Reads requests and answers none.
  private static let silent: Origin.Behaviour = { connection, requests in
    while try await connection.message() != nil { requests.add() }
  }

  @Test("Its time is over: 503 after one wait, and nothing is held against the upstream")
  func http1() async throws {
    try await Origin.run(Self.silent) { try await Self.crowd($0, Self.hurried) }
  }

  @Test("The same where the time of one try is shorter")
  func perTry() async throws {
    let origin: Origin.Behaviour = { connection, requests in
      guard try await connection.message() != nil else { return }
      requests.add()
      // Answers at once, and goes on for as long as the test.
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")
      while try await connection.receive() {}
    }
    try await Origin.run(origin) {
      try await Self.crowd($0, .testing, perTry: .milliseconds(150))
    }
  }

  @Test("The same where a connection carries one stream and is in use")
  func http2() async throws {
    let origin = HTTP2Origin.deciding { $0.map { _ in nil } }
    try await Origin.run(origin) { try await Self.crowd($0, Self.hurried, http2: true) }
  }
}
