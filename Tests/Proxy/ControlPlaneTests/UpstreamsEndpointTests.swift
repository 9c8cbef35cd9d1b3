// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import GatewayComposition
import HTTPTypes
import HummingbirdTesting
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite(.timeLimit(.minutes(1))) struct UpstreamsEndpointTests {
  @Test func upstreamsAreListed() async throws {
    let harness = try AdminHarness()
    try await harness.run { client in
      let answer = try await client.send(.get, "/upstreams")
      #expect(answer.status == 200)
      for part in [
        #""name" : "legacy""#, #""address" : "127.0.0.1:9001""#, #""health" : "not-checked""#,
        #""breaker" : "none""#, #""name" : "orders""#, #""kind" : "module""#,
        #""breaker" : "closed""#,
      ] {
        #expect(answer.body.contains(part), "\(part) in \(answer.body)")
      }
    }
  }

  @Test func oneUpstreamIsShownAndAnUnknownOneIsNot() async throws {
    let harness = try AdminHarness()
    try await harness.run { client in
      let orders = try await client.send(.get, "/upstreams/orders")
      #expect(orders.status == 200)
      #expect(!orders.body.contains("legacy"))
      #expect(try await client.send(.get, "/upstreams/none").status == 404)
      #expect(try await client.send(.delete, "/upstreams/orders").status == 405)
      #expect(try await client.send(.post, "/upstreams").headers[.allow] == "GET, HEAD")
    }
  }

  @Test func theirStateIsInTheMetrics() async throws {
    let harness = try AdminHarness()
    try await harness.run { client in
      let lines = Set(
        try await client.send(.get, "/metrics").body.split(separator: "\n").map(String.init))
      for line in [
        "# TYPE strangler_breaker_state gauge",
        #"strangler_breaker_state{upstream="orders",state="closed"} 1"#,
        #"strangler_breaker_state{upstream="orders",state="open"} 0"#,
        #"strangler_breaker_opened_total{upstream="orders"} 0"#,
        #"strangler_upstream_requests_in_flight{upstream="legacy"} 0"#,
        #"strangler_endpoint_ejected{upstream="legacy",endpoint="127.0.0.1:9001"} 0"#,
        #"strangler_retry_budget_exhausted_total{upstream="legacy"} 0"#,
      ] {
        #expect(lines.contains(line), "\(line)")
      }
      #expect(!lines.contains { $0.hasPrefix(#"strangler_breaker_state{upstream="legacy""#) })
    }
  }

  @Test func thePartsOfComposedAnswersAreCounted() async throws {
    let part = CompositionPart(
      name: "stock", upstream: "legacy", path: try PartPath(parsing: "/stock"))
    let configuration = ProxyConfiguration(
      upstreams: [
        UpstreamConfiguration(
          name: "legacy", target: .network([NetworkAddress(host: "127.0.0.1", port: 9001)])),
        UpstreamConfiguration(
          name: "page", target: .composition(CompositionPlan(parts: [part]))),
      ],
      routes: [
        RouteConfiguration(
          name: "page",
          match: RouteMatch(path: try PathTemplate(parsing: "/page"), methods: ["GET"]),
          legacy: "page")
      ])
    let harness = try AdminHarness(routing: LiveRouting(try RoutingTable(configuration)))
    try await harness.run { client in
      let page = try await client.send(.get, "/upstreams/page").body
      #expect(page.contains(#""kind" : "composition""#), "\(page)")
      #expect(page.contains(#""name" : "stock""#), "\(page)")
      #expect(!page.contains("address"), "\(page)")
      let legacy = try await client.send(.get, "/upstreams/legacy").body
      #expect(legacy.contains(#""breaker" : "closed""#), "\(legacy)")
      let metrics = try await client.send(.get, "/metrics").body
      let line =
        #"strangler_composition_parts_total{upstream="page",part="stock",outcome="answered"} 0"#
      #expect(metrics.contains(line), "\(metrics)")
    }
  }
}
