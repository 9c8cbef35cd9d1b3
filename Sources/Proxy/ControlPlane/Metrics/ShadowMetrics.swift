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
    let compared = "strangler_shadow_comparisons_total"
    output.family(compared, .counter, help: "Answers compared, by outcome.")
    for route in routes {
      for outcome in Comparison.Outcome.allCases {
        output.sample(
          compared, route.tally.outcomes[outcome] ?? 0,
          ["route": route.route, "outcome": outcome.rawValue])
      }
    }
    let dropped = "strangler_shadow_dropped_total"
    output.family(dropped, .counter, help: "Requests not shadowed or not compared, by reason.")
    for route in routes {
      for reason in DropReason.allCases {
        output.sample(
          dropped, route.tally.drops[reason] ?? 0,
          ["route": route.route, "reason": reason.rawValue])
      }
    }
    let failed = "strangler_shadow_failures_total"
    output.family(failed, .counter, help: "Shadows that got no whole answer, by reason.")
    for route in routes {
      for failure in AnswerFailure.allCases {
        output.sample(
          failed, route.tally.failures[failure] ?? 0,
          ["route": route.route, "reason": failure.rawValue])
      }
    }
    let reasks = "strangler_shadow_reasks_total"
    output.family(reasks, .counter, help: "Times legacy was asked again, to tell noise.")
    for route in routes { output.sample(reasks, route.tally.reasks, ["route": route.route]) }
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
