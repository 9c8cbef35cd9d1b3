// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import ProxyDataPlane
import RoutingDecisions
import Testing

@testable import ControlPlane

@Suite(.timeLimit(.minutes(1))) struct MetricsTests {
  @Test func countsWhatTheLoopsCounted() async throws {
    let harness = try AdminHarness()
    let worker = harness.counters.worker(0)
    worker.requestFinished(route: 0, side: .extracted, status: 200, nanoseconds: 700_000)
    worker.requestFinished(route: 0, side: .extracted, status: 201, nanoseconds: 30_000_000_000)
    worker.requestFinished(route: 0, side: .legacy, status: 503, nanoseconds: 500_000)
    worker.requestFinished(route: -1, side: .legacy, status: 404, nanoseconds: 1)
    worker.fellBack(route: 0)
    worker.retried(route: 1)
    worker.rejected(reason: 0)
    worker.rejected(reason: 99)
    worker.upstreamFailed(upstream: 1, reason: 0)
    worker.clientOpened()
    worker.clientOpened()
    worker.clientClosed()
    worker.received(bytes: 10)
    worker.sent(bytes: 20)
    try await harness.run { client in
      let answer = try await client.send(.get, "/metrics")
      #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
      let lines = Set(answer.body.split(separator: "\n").map(String.init))
      for line in Self.expected { #expect(lines.contains(line), "\(line)") }
      #expect(!answer.body.contains(#"route="rest",side="extracted""#))
    }
  }

  private static let expected = [
    "# TYPE strangler_requests_total counter",
    #"strangler_requests_total{route="orders",side="extracted",status="2xx"} 2"#,
    #"strangler_requests_total{route="orders",side="legacy",status="5xx"} 1"#,
    #"strangler_requests_total{route="(none)",side="(none)",status="4xx"} 1"#,
    "# TYPE strangler_request_duration_seconds histogram",
    #"strangler_request_duration_seconds_bucket{route="orders",side="extracted",le="0.0005"} 0"#,
    #"strangler_request_duration_seconds_bucket{route="orders",side="extracted",le="0.001"} 1"#,
    #"strangler_request_duration_seconds_bucket{route="orders",side="extracted",le="10.0"} 1"#,
    #"strangler_request_duration_seconds_bucket{route="orders",side="extracted",le="+Inf"} 2"#,
    #"strangler_request_duration_seconds_count{route="orders",side="extracted"} 2"#,
    #"strangler_request_duration_seconds_sum{route="orders",side="extracted"} 30.0007"#,
    #"strangler_request_duration_seconds_bucket{route="orders",side="legacy",le="0.0005"} 1"#,
    #"strangler_fallbacks_total{route="orders"} 1"#,
    #"strangler_retries_total{route="rest"} 1"#,
    #"strangler_rejected_requests_total{reason="bare-line-feed"} 1"#,
    #"strangler_rejected_requests_total{reason="other"} 1"#,
    #"strangler_upstream_failures_total{upstream="orders",reason="connect-failed"} 1"#,
    "strangler_client_connections 1",
    "strangler_client_connections_opened_total 2",
    "strangler_received_bytes_total 10",
    "strangler_sent_bytes_total 20",
    #"strangler_route_percent{route="orders"} 5.0"#,
    "strangler_routing_version 1",
    "# TYPE strangler_buffered_bytes gauge",
    "strangler_buffered_bytes 0",
    "strangler_buffered_bytes_peak 0",
    "strangler_buffered_bytes_limit 1073741824",
  ]

  @Test func labelsAndHelpAreEscaped() {
    var output = PrometheusText()
    output.family("f", .gauge, help: "a\\b\nc\"d")
    output.sample("f", UInt64(1), ["label": "a\\b\nc\"d"])
    #expect(
      output.text == """
        # HELP f a\\\\b\\nc"d
        # TYPE f gauge
        f{label="a\\\\b\\nc\\"d"} 1

        """)
  }
}
