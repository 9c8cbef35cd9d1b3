// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import RoutingDecisions
import Testing

/// What servers speak, and calls of gRPC.
@Suite struct ProtocolSettingTests {
  private func decode(upstream: String, match: String) -> DecodedConfiguration {
    ConfigurationFile.decode(
      """
      upstreams:
        legacy: \(upstream)
      routes:
        - { name: all, match: \(match), legacy: legacy }
      """, file: "s.yaml")
  }

  private static let network = "{ endpoints: [127.0.0.1:1] }"

  @Test func anUpstreamMaySpeakHTTP2() throws {
    let decoded = decode(
      upstream: "{ endpoints: [127.0.0.1:1], protocol: h2 }", match: "{ path: /** }")
    #expect(try decoded.get().upstreams[0].wireProtocol == .http2)
    let standard = decode(upstream: Self.network, match: "{ path: /** }")
    #expect(try standard.get().upstreams[0].wireProtocol == .http1)
  }

  @Test(arguments: [
    (
      "{ endpoints: [127.0.0.1:1], protocol: h3 }",
      "upstreams.legacy.protocol: expected one of http/1.1, h2, found \"h3\""
    ),
    (
      "{ module: shop, protocol: h2 }",
      "upstreams.legacy.protocol: a module is called without a connection; leave the key out"
    ),
  ])
  func mistakesAreNamed(upstream: String, expected: String) throws {
    let decoded = decode(upstream: upstream, match: "{ path: /** }")
    #expect(decoded.diagnostics.contains { "\($0)".hasSuffix(expected) }, "\(decoded.diagnostics)")
  }

  @Test func callsOfGRPCAreRoutes() throws {
    let one = decode(
      upstream: Self.network, match: "{ grpc: { service: shop.Orders, method: Get }, host: a.test }"
    )
    let match = try one.get().routes[0].match
    #expect(try match.path == PathTemplate(parsing: "/shop.Orders/Get"))
    #expect(match.methods == ["POST"] && match.host != nil)
    let all = decode(upstream: Self.network, match: "{ grpc: { service: shop.Orders } }")
    #expect(
      try all.get().routes[0].match.path == PathTemplate(parsing: "/shop.Orders/{method}"))
  }

  @Test(arguments: [
    ("{ grpc: { service: a }, path: /b }", "a gRPC method is a path; leave one of them out"),
    ("{ grpc: { service: a }, methods: [GET] }", "calls of gRPC are all POST; leave the key out"),
    ("{ grpc: { method: Get } }", "missing; expected a name such as shop.Orders"),
    ("{ grpc: { service: a/b } }", "expected a name such as shop.Orders, found \"a/b\""),
  ])
  func mistakesInCallsAreNamed(match: String, expected: String) {
    let decoded = decode(upstream: Self.network, match: match)
    #expect(decoded.diagnostics.contains { "\($0)".hasSuffix(expected) }, "\(decoded.diagnostics)")
  }
}
