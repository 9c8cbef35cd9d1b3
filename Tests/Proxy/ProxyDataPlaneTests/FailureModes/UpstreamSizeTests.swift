// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import HTTPTypes
import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Testing

/// What a stranger may send passes an upstream that is asked in other bytes than an HTTP/1.1
/// server, and what does not pass is the stranger's fault alone.
@Suite("Sizes at HTTP/2 upstreams and modules", .everyTransport, .timeLimit(.minutes(1)))
struct UpstreamSizeTests {
  private static let breaker = PolicySetting<BreakerRules>.rules(
    BreakerRules(trip: .consecutive(failures: 2), open: .seconds(60)))

  private static func configuration(_ port: Int) throws -> ProxyConfiguration {
    var configuration = try ProxyConfiguration.all(to: port)
    configuration.upstreams[0].wireProtocol = .http2
    return configuration.policies(of: "legacy") { $0.breaker = breaker }
  }

  /// Each of so many requests gets this status.
  private static func expect(
    _ status: Int, _ count: Int, from proxy: RunningProxy, _ text: String
  ) async throws {
    for _ in 0..<count {
      try await Loopback.connect(proxy.port) { client in
        try await client.send(text)
        let answer = try await client.message()
        #expect(answer?.status == status)
      }
    }
  }

  private static let small = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
  /// As long as a field line may be, and written three times by the proxy.
  private static let longHost =
    "POST / HTTP/1.1\r\nHost: \(String(repeating: "a", count: 16_360))\r\n"
    + "Content-Length: 0\r\n\r\n"
  /// Written with a space behind the colon.
  private static let longTrailer =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    + "a:\(String(repeating: "y", count: 16_380))\r\n\r\n"

  @Test("What the listener takes the upstream gets", arguments: [longHost, longTrailer])
  func passes(_ request: String) async throws {
    let origin = HTTP2Origin.answering { request in
      .text("\(request.value(":authority")?.count ?? 0) \(request.trailers.first?.count ?? 0)")
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await Self.expect(200, 3, from: proxy, request)
        #expect(proxy.server.upstreams.snapshot()[0].breaker == "closed")
      }
      #expect(origin.requests.value == 3)
    }
  }

  @Test("A head as large as one may be passes too")
  func largestHead() async throws {
    let lines = (0..<3).map { "x-\($0): \(String(repeating: "b", count: 15_800))\r\n" }.joined()
    let request =
      "POST / HTTP/1.1\r\nHost: \(String(repeating: "a", count: 16_000))\r\n\(lines)"
      + "Content-Length: 0\r\n\r\n"
    var limits = HTTP2Limits()
    limits.headerBlock = 256 * 1024
    let origin = HTTP2Origin.deciding(limits) { $0.map { _ in .text("ok") } }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await Self.expect(200, 2, from: proxy, request)
      }
    }
  }

  @Test("More than the upstream says it takes is 431, and no failure of the upstream")
  func upstreamTakesLess() async throws {
    var limits = HTTP2Limits()
    limits.headerBlock = 8 * 1024
    let origin = HTTP2Origin.deciding(limits) { $0.map { _ in .text("ok") } }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        // What it takes is known once it said something.
        try await Self.expect(200, 1, from: proxy, Self.small)
        try await Self.expect(431, 4, from: proxy, Self.longHost)
        #expect(proxy.server.upstreams.snapshot()[0].breaker == "closed")
        try await Self.expect(200, 1, from: proxy, Self.small)
      }
      #expect(origin.requests.value == 2)
    }
  }

  @Test("A module gets it as well", arguments: [longHost, longTrailer])
  func module(_ request: String) async throws {
    var configuration = try ProxyConfiguration.all(to: 1)
    configuration.upstreams[0].target = .module("shop")
    let module = ModuleTests.Module { _, body, response in
      for try await _ in body {}
      try await response.send(HTTPResponse(status: .noContent))
    }
    try await RunningProxy.run(configuration, modules: ["shop": module]) { proxy in
      try await Self.expect(204, 3, from: proxy, request)
    }
  }
}
