// SPDX-License-Identifier: Apache-2.0

internal import ProxyDataPlane
internal import ShadowComparison

/// What became of shadows as Prometheus families; empty while no route shadows.
enum ShadowMetrics {
  static func text(_ routes: [ShadowSnapshot]) -> String {
    if routes.isEmpty { return "" }
    var output = PrometheusText()
    writeCounters(routes, &output)
    writeGauges(routes, &output)
    return output.text
  }

  private static func writeCounters(_ routes: [ShadowSnapshot], _ output: inout PrometheusText) {
    let sent = "strangler_shadow_requests_total"
    output.family(sent, .counter, help: "Requests that were sent to the extracted side as well.")
    for route in routes { output.sample(sent, route.tally.sent, ["route": route.route]) }
    writeCounts(
      "comparisons", by: "outcome", help: "Answers compared, by outcome.", routes, \.outcomes,
      &output)
    writeCounts(
      "dropped", by: "reason", help: "Requests not shadowed or not compared, by reason.", routes,
      \.drops, &output)
    writeCounts(
      "failures", by: "reason", help: "Shadows that got no whole answer, by reason.", routes,
      \.failures, &output)
    let reasks = "strangler_shadow_reasks_total"
    output.family(reasks, .counter, help: "Times legacy was asked again, to tell noise.")
    for route in routes { output.sample(reasks, route.tally.reasks, ["route": route.route]) }
    let undecided = "strangler_shadow_undecided_total"
    output.family(
      undecided, .counter,
      help: "Comparisons that differed, and of which nobody knows whether that is noise.")
    for route in routes { output.sample(undecided, route.tally.undecided, ["route": route.route]) }
    let odd = "strangler_shadow_odd_total"
    output.family(
      odd, .counter, help: "Comparisons in which that side was unlike the two other answers.")
    for route in routes {
      for (side, count) in [
        ("extracted", route.tally.odd.extracted), ("legacy", route.tally.odd.legacy),
      ] {
        output.sample(odd, count, ["route": route.route, "side": side])
      }
    }
  }

  /// Every case is written, those that never came as 0.
  private static func writeCounts<Kind: CaseIterable & Hashable & RawRepresentable<String>>(
    _ name: String, by label: String, help: String, _ routes: [ShadowSnapshot],
    _ counts: KeyPath<ShadowTally, [Kind: UInt64]>, _ output: inout PrometheusText
  ) {
    let family = "strangler_shadow_\(name)_total"
    output.family(family, .counter, help: help)
    for route in routes {
      for kind in Kind.allCases {
        output.sample(
          family, route.tally[keyPath: counts][kind] ?? 0,
          ["route": route.route, label: kind.rawValue])
      }
    }
  }

  private static func writeGauges(_ routes: [ShadowSnapshot], _ output: inout PrometheusText) {
    let gauges: [(String, String, (ShadowSnapshot) -> Int)] = [
      ("in_flight", "Shadows under way.", { $0.tally.inFlight }),
      ("waiting", "Shadows that wait for their turn.", { $0.tally.waiting }),
      ("buffered_bytes", "Bytes kept of requests and answers.", { $0.bytes }),
      ("buffered_bytes_peak", "Most bytes kept so far.", { $0.peakBytes }),
      ("buffered_bytes_limit", "Bytes that may be kept.", { $0.bytesLimit }),
      (
        "breaker_open", "1 while the extracted side gets no shadows.", { $0.breaker == nil ? 0 : 1 }
      ),
    ]
    for (name, help, value) in gauges {
      output.family("strangler_shadow_\(name)", .gauge, help: help)
      for route in routes {
        output.sample(
          "strangler_shadow_\(name)", UInt64(clamping: value(route)), ["route": route.route])
      }
    }
  }
}
