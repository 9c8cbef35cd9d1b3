// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Testing

@Suite("Retries", .everyTransport, .timeLimit(.minutes(1)))
struct RetryTests {
  private static func request(_ method: String, _ fields: String = "") -> String {
    "\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\(fields)\r\n"
  }

  /// Answers nothing: it closes once a request is there.
  private static let deaf: Origin.Behaviour = { connection, requests in
    if try await connection.message() != nil { requests.add() }
  }

  /// Closes after the first request of all, then answers.
  private static let deafOnce: Origin.Behaviour = { connection, requests in
    while try await connection.message() != nil {
      requests.add()
      if requests.value == 1 { return }
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    }
  }

  private static func configuration(
    _ origin: Origin, _ change: (inout RetryRules) -> Void = { _ in }
  ) throws -> ProxyConfiguration {
    try ProxyConfiguration.all(to: origin.port).policies(of: "legacy") { change(&$0.retries) }
  }

  private static func retries(_ proxy: RunningProxy) -> UInt64 {
    proxy.server.counters.snapshot().retries.map(\.count).reduce(0, +)
  }

  @Test("A storm of failures is amplified by the budget and no more")
  func storm() async throws {
    try await Origin.run(Self.deaf) { origin in
      let configuration = try Self.configuration(origin) { $0.attempts = 5 }
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          for _ in 0..<100 {
            try await client.send(Self.request("GET"))
            #expect(try await client.message()?.status == 502)
          }
        }
        // Each request asked for five more.
        let retries = Self.retries(proxy)
        #expect(retries > 0)
        #expect(retries <= 100 / 5 + 3)
        #expect(origin.requests.value == 100 + Int(retries))
        try await proxy.waits(for: "legacy") { $0.totals.retryBudgetExhausted > 0 }
      }
    }
  }

  @Test("Switched off, nothing is sent again")
  func off() async throws {
    try await Origin.run(Self.deafOnce) { origin in
      let configuration = try Self.configuration(origin) { $0 = .off }
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.request("GET"))
          #expect(try await client.message()?.status == 502)
        }
        #expect(Self.retries(proxy) == 0)
      }
    }
  }

  @Test(
    "A write is sent again only if its route allows it and it carries a key",
    arguments: [
      (true, "Idempotency-Key: 7\r\n", 200), (true, "", 502),
      (true, "Idempotency-Key: \r\n", 502), (false, "Idempotency-Key: 7\r\n", 502),
    ])
  func writes(_ isAllowed: Bool, _ field: String, _ status: Int) async throws {
    try await Origin.run(Self.deafOnce) { origin in
      var configuration = try Self.configuration(origin)
      configuration.routes[0].retriesWrites = isAllowed
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.request("POST", field))
          #expect(try await client.message()?.status == status)
        }
      }
      #expect(origin.requests.value == (status == 200 ? 2 : 1))
    }
  }

  /// Answers 503 once, then 200.
  private static func busyOnce(retryAfter: String) -> Origin.Behaviour {
    { connection, requests in
      while try await connection.message() != nil {
        requests.add()
        try await connection.send(
          requests.value == 1
            ? "HTTP/1.1 503 Busy\r\n\(retryAfter)content-length: 4\r\n\r\nbusy"
            : "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
      }
    }
  }

  @Test(
    "A status that is listed is tried again, unless it asks for too long a wait",
    arguments: [
      ("GET", "", 200), ("GET", "Retry-After: 0\r\n", 200), ("GET", "Retry-After: 1\r\n", 200),
      ("GET", "Retry-After: 2\r\n", 503), ("POST", "", 503), ("PUT", "", 200),
    ])
  func statuses(_ method: String, _ field: String, _ status: Int) async throws {
    try await Origin.run(Self.busyOnce(retryAfter: field)) { origin in
      let configuration = try Self.configuration(origin) { $0.statuses = [503] }
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.request(method))
          let answer = try #require(try await client.message())
          #expect(answer.status == status)
          #expect(answer.text == (status == 200 ? "ok" : "busy"))
        }
        #expect(Self.retries(proxy) == (status == 200 ? 1 : 0))
      }
    }
  }

  @Test("A status that is not listed is passed on")
  func otherStatus() async throws {
    try await Origin.run(Self.busyOnce(retryAfter: "")) { origin in
      let configuration = try Self.configuration(origin) { $0.statuses = [502] }
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.request("GET"))
          #expect(try await client.message()?.status == 503)
        }
      }
    }
  }

  @Test("A kept connection that was closing is held against no endpoint")
  func staleConnections() async throws {
    let tired: Origin.Behaviour = { connection, _ in
      guard try await connection.message() != nil else { return }
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
      _ = try await connection.message()
    }
    try await Origin.run(tired) { one in
      try await Origin.run(tired) { two in
        let configuration = try ProxyConfiguration.all(to: one.port, two.port)
          .policies(of: "legacy") { $0.ejection = .rules(EjectionRules(consecutiveFailures: 1)) }
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            for _ in 0..<8 {
              try await client.send(Self.request("GET"))
              #expect(try await client.message()?.text == "ok")
            }
          }
          #expect(Self.retries(proxy) > 0)
          #expect(proxy.server.upstreams.snapshot()[0].endpoints.map(\.ejections) == [0, 0])
        }
      }
    }
  }

  @Test("A try that takes too long is given up, and a read is tried elsewhere")
  func perTry() async throws {
    let silent: Origin.Behaviour = { connection, requests in
      _ = try await connection.message()
      requests.add()
      _ = try await connection.receive()
    }
    try await Origin.run(silent) { silent in
      try await Origin.run(Origin.saying("ok")) { origin in
        let configuration = try ProxyConfiguration.all(to: silent.port, origin.port)
          .policies(of: "legacy") { $0.retries.perTry = .milliseconds(500) }
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            for _ in 0..<2 {
              try await client.send(Self.request("GET"))
              #expect(try await client.message()?.text == "ok")
            }
          }
        }
        #expect(silent.requests.value == 2)
        // A write has one try.
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(Self.request("POST"))
            let answer = try #require(try await client.message())
            #expect(answer.status == 504)
            #expect(answer.text.contains("try-timeout"))
          }
        }
      }
    }
  }
}
