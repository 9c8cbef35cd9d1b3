// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Synchronization
import Testing

@Suite("Health checking", .everyTransport, .timeLimit(.minutes(1)))
struct HealthCheckingTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  /// An origin whose health is told apart from its answers.
  private final class Patient: Sendable {
    let isWell = Atomic<Bool>(true)
    let name: String
    init(_ name: String) { self.name = name }

    var behaviour: Origin.Behaviour {
      Origin.answering { message in
        if message.startLine.hasPrefix("GET /health ") {
          let status = self.isWell.load(ordering: .acquiring) ? "204 Well" : "503 Ill"
          return "HTTP/1.1 \(status)\r\ncontent-length: 0\r\n\r\n"
        }
        return "HTTP/1.1 200 OK\r\ncontent-length: \(self.name.utf8.count)\r\n\r\n\(self.name)"
      }
    }
  }

  private static let rules = HealthCheckRules(
    path: "/health", interval: .milliseconds(20), timeout: .seconds(10), healthy: 2, unhealthy: 2)

  private static func names(_ count: Int, _ client: WireConnection) async throws -> Set<String> {
    var names: Set<String> = []
    for _ in 0..<count {
      try await client.send(get)
      names.insert(try await client.message()?.text ?? "nothing")
    }
    return names
  }

  @Test("An endpoint that says it is ill gets no requests, and gets them again once it is well")
  func ejection() async throws {
    let first = Patient("first")
    let second = Patient("second")
    try await Origin.run(first.behaviour) { one in
      try await Origin.run(second.behaviour) { two in
        let configuration = try ProxyConfiguration.all(to: one.port, two.port)
          .policies(of: "legacy") { $0.healthCheck = Self.rules }
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            #expect(try await Self.names(4, client) == ["first", "second"])
            try await proxy.waits(for: "legacy") { $0.endpoints[0].checksPassed > 0 }
            first.isWell.store(false, ordering: .releasing)
            try await proxy.waits(for: "legacy") { $0.endpoints[0].isHealthy == false }
            #expect(try await Self.names(10, client) == ["second"])
            first.isWell.store(true, ordering: .releasing)
            try await proxy.waits(for: "legacy") { $0.endpoints[0].isHealthy == true }
            #expect(try await Self.names(4, client) == ["first", "second"])
          }
          let endpoint = proxy.server.upstreams.snapshot()[0].endpoints[0]
          #expect(endpoint.checksFailed >= 2)
          #expect(endpoint.checksPassed >= 2)
        }
      }
    }
  }

  @Test("With none well, requests that nobody else can answer are tried all the same")
  func panic() async throws {
    let patient = Patient("ill")
    patient.isWell.store(false, ordering: .releasing)
    try await Origin.run(patient.behaviour) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port)
        .policies(of: "legacy") { $0.healthCheck = Self.rules }
      try await RunningProxy.run(configuration) { proxy in
        try await proxy.waits(for: "legacy") { $0.endpoints[0].isHealthy == false }
        try await Loopback.connect(proxy.port) { client in
          let names = try await Self.names(3, client)
          #expect(names == ["ill"])
        }
      }
    }
  }

  @Test("With none well, legacy answers reads for the extracted side")
  func fallback() async throws {
    let patient = Patient("ill")
    patient.isWell.store(false, ordering: .releasing)
    try await Origin.run(patient.behaviour) { origin in
      try await Origin.run(Origin.saying("legacy")) { legacy in
        let configuration = try ProxyConfiguration.extracted(origin.port, legacy: legacy.port)
          .policies(of: "orders") { $0.healthCheck = Self.rules }
        try await RunningProxy.run(configuration) { proxy in
          try await proxy.waits(for: "orders") { $0.endpoints[0].isHealthy == false }
          try await Loopback.connect(proxy.port) { client in
            #expect(try await Self.names(3, client) == ["legacy"])
            try await client.send("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.message()?.text == "ill")
          }
        }
      }
    }
  }

  @Test("An endpoint that refuses connections is ill; without a path that is all that is asked")
  func connectOnly() async throws {
    let origin = KillableOrigin(saying: "ok")
    try await origin.start()
    let configuration = try ProxyConfiguration.all(to: origin.port).policies(of: "legacy") {
      $0.healthCheck = HealthCheckRules(
        interval: .milliseconds(20), timeout: .seconds(10), healthy: 1, unhealthy: 1)
    }
    try await RunningProxy.run(configuration) { proxy in
      try await proxy.waits(for: "legacy") { $0.endpoints[0].checksPassed > 0 }
      try await origin.kill()
      try await proxy.waits(for: "legacy") { $0.endpoints[0].isHealthy == false }
      try await origin.start()
      try await proxy.waits(for: "legacy") { $0.endpoints[0].isHealthy == true }
    }
    try await origin.kill()
  }

  @Test("An answer that never comes fails the check")
  func silent() async throws {
    let silent: Origin.Behaviour = { connection, _ in
      while try await connection.receive() {}
    }
    try await Origin.run(silent) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port).policies(of: "legacy") {
        $0.healthCheck = HealthCheckRules(
          path: "/", interval: .milliseconds(20), timeout: .milliseconds(50), healthy: 1,
          unhealthy: 1)
      }
      try await RunningProxy.run(configuration) { proxy in
        try await proxy.waits(for: "legacy") { $0.endpoints[0].isHealthy == false }
      }
    }
  }
}
