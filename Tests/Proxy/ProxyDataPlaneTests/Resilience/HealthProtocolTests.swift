// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

/// Checks speak as requests do.
@Suite("Health checks over TLS and HTTP/2", .everyTransport, .timeLimit(.minutes(1)))
struct HealthProtocolTests {
  private static func rules(_ path: String? = "/health") -> HealthCheckRules {
    HealthCheckRules(
      path: path, interval: .milliseconds(20), timeout: .seconds(10), healthy: 1, unhealthy: 1)
  }

  private static func configuration(
    _ port: Int, h2: Bool, path: String? = "/health", tls: UpstreamTLS? = nil
  ) throws -> ProxyConfiguration {
    var configuration = try ProxyConfiguration.all(to: port)
      .policies(of: "legacy") { $0.healthCheck = rules(path) }
    if h2 { configuration.upstreams[0].wireProtocol = .http2 }
    return tls.map { configuration.securing($0) } ?? configuration
  }

  /// Is well until the gate is opened; says by the status what is wrong with the question.
  private static func patient(_ isIll: CircuitBreakingTests.Flag) -> Origin.Behaviour {
    HTTP2Origin.answering { request in
      let isRight =
        request.path == "/health" && request.value("user-agent") == "strangler-health-check"
        && request.value(":method") == "GET"
      let status = isRight ? isIll.value ? "503" : "204" : "404"
      return .answer([(":status", status)], body: nil, trailers: [])
    }
  }

  private static func expectsBoth(
    _ configuration: ProxyConfiguration, _ isIll: CircuitBreakingTests.Flag
  ) async throws {
    try await RunningProxy.run(configuration) { proxy in
      try await proxy.waits(for: "legacy") { $0.endpoints[0].checksPassed > 1 }
      #expect(proxy.server.upstreams.snapshot()[0].endpoints[0].checksFailed == 0)
      isIll.set(true)
      try await proxy.waits(for: "legacy") { $0.endpoints[0].isHealthy == false }
    }
  }

  @Test func `in clear, HTTP2`() async throws {
    let isIll = CircuitBreakingTests.Flag(false)
    try await Origin.run(Self.patient(isIll)) { origin in
      try await Self.expectsBoth(Self.configuration(origin.port, h2: true), isIll)
    }
  }

  @Test func `over TLS, HTTP2`() async throws {
    let world = try TLSWorld()
    let isIll = CircuitBreakingTests.Flag(false)
    let tls = try TLSServerContext(
      world.listener(), protocols: [.http2], tickets: world.tickets)
    try await Origin.run(tls: tls, Self.patient(isIll)) { origin in
      try await Self.expectsBoth(
        Self.configuration(origin.port, h2: true, tls: UpstreamTLS(ca: world.authority.file)),
        isIll)
    }
  }

  @Test func `over TLS, HTTP1`() async throws {
    let world = try TLSWorld()
    let isIll = CircuitBreakingTests.Flag(false)
    let origin = Origin.answering { request in
      let isRight = request.startLine == "GET /health HTTP/1.1"
      let status = isRight ? isIll.value ? "503 Ill" : "204 Well" : "404 No"
      return "HTTP/1.1 \(status)\r\ncontent-length: 0\r\n\r\n"
    }
    try await Origin.run(tls: world.origin(world.listener()), origin) { origin in
      try await Self.expectsBoth(
        Self.configuration(origin.port, h2: false, tls: UpstreamTLS(ca: world.authority.file)),
        isIll)
    }
  }

  @Test("A server that is not who it should be is ill, also where nothing is asked of it")
  func untrusted() async throws {
    let world = try TLSWorld()
    let strangers = try TLSWorld()
    for path in ["/health", nil] {
      let origin = Origin.saying("well")
      try await Origin.run(tls: strangers.origin(strangers.listener()), origin) { origin in
        let configuration = try Self.configuration(
          origin.port, h2: false, path: path, tls: UpstreamTLS(ca: world.authority.file))
        try await RunningProxy.run(configuration) { proxy in
          try await proxy.waits(for: "legacy") { $0.endpoints[0].isHealthy == false }
        }
        #expect(origin.requests.value == 0)
      }
    }
  }

  @Test("A server that speaks something else is ill")
  func wrongProtocol() async throws {
    try await Origin.run(Origin.saying("well")) { origin in
      try await RunningProxy.run(Self.configuration(origin.port, h2: true)) { proxy in
        try await proxy.waits(for: "legacy") { $0.endpoints[0].isHealthy == false }
      }
    }
  }

  @Test("A passed check lets requests try long before an open breaker's time is over")
  func breaker() async throws {
    let isFailing = CircuitBreakingTests.Flag(true)
    let origin = Origin.answering { request in
      // The check has a path of its own, which is ill as long as the rest.
      isFailing.value
        ? "HTTP/1.1 500 Ill\r\ncontent-length: 0\r\n\r\n"
        : "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
    }
    try await Origin.run(origin) { origin in
      let configuration = try Self.configuration(origin.port, h2: false)
        .policies(of: "legacy") {
          $0.breaker = .rules(BreakerRules(open: .seconds(3600), readmission: .zero))
          $0.ejection = .off
        }
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          func ask() async throws -> Int {
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            return try await client.message()?.status ?? 0
          }
          try await proxy.waits(for: "legacy") {
            $0.breaker == "open" && $0.endpoints[0].isHealthy == false
          } meanwhile: {
            _ = try await ask()
          }
          #expect(try await ask() == 503)
          isFailing.set(false)
          try await proxy.waits(for: "legacy") { $0.breaker == "half-open" }
          try await proxy.waits(for: "legacy") {
            $0.breaker == "closed"
          } meanwhile: {
            _ = try await ask()
          }
          #expect(try await ask() == 200)
        }
      }
    }
  }
}
