// SPDX-License-Identifier: Apache-2.0

internal import ProxyDataPlane
internal import RoutingDecisions

/// The state of the upstreams as Prometheus families.
enum UpstreamMetrics {
  static func text(_ upstreams: [UpstreamSnapshot]) -> String {
    var output = PrometheusText()
    writeBreakers(upstreams, &output)
    writeTotals(upstreams, &output)
    writeEndpoints(upstreams, &output)
    writeParts(upstreams, &output)
    return output.text
  }

  private static func writeParts(
    _ upstreams: [UpstreamSnapshot], _ output: inout PrometheusText
  ) {
    let parts = upstreams.flatMap { upstream in upstream.parts.map { (upstream.name, $0) } }
    if parts.isEmpty { return }
    let name = "strangler_composition_parts_total"
    output.family(
      name, .counter, help: "Parts of composed answers that were there, or something in place.")
    for (upstream, part) in parts {
      for (outcome, count) in [("answered", part.answered), ("replaced", part.replaced)] {
        output.sample(
          name, count, ["upstream": upstream, "part": part.name, "outcome": outcome])
      }
    }
    let failures = "strangler_composition_part_failures_total"
    output.family(failures, .counter, help: "Parts of composed answers that failed, by reason.")
    for (upstream, part) in parts {
      for (reason, count) in part.failures.sorted(by: { $0.key < $1.key }) {
        output.sample(
          failures, count, ["upstream": upstream, "part": part.name, "reason": reason])
      }
    }
  }

  /// One series for each state, of which one is 1: states can be added up over replicas.
  private static func writeBreakers(
    _ upstreams: [UpstreamSnapshot], _ output: inout PrometheusText
  ) {
    let name = "strangler_breaker_state"
    output.family(name, .gauge, help: "1 for the state that the circuit breaker is in.")
    for upstream in upstreams {
      guard let state = upstream.breaker else { continue }
      for candidate in ["closed", "open", "half-open"] {
        output.sample(
          name, UInt64(candidate == state ? 1 : 0),
          ["upstream": upstream.name, "state": candidate])
      }
    }
  }

  private static func writeTotals(
    _ upstreams: [UpstreamSnapshot], _ output: inout PrometheusText
  ) {
    let gauges: [(String, String, KeyPath<UpstreamTotals, Int>)] = [
      ("strangler_upstream_requests_in_flight", "Requests under way.", \.inFlight),
      ("strangler_upstream_requests_waiting", "Requests that wait for a place.", \.waiting),
    ]
    for (name, help, path) in gauges {
      output.family(name, .gauge, help: help)
      for upstream in upstreams {
        output.sample(
          name, UInt64(max(0, upstream.totals[keyPath: path])), ["upstream": upstream.name])
      }
    }
    let counters: [(String, String, KeyPath<UpstreamTotals, UInt64>)] = [
      ("breaker_opened", "Times the circuit breaker opened.", \.breakerOpened),
      ("breaker_refused", "Requests the circuit breaker kept away.", \.refusedByBreaker),
      ("upstream_overloaded", "Requests for which no place was left.", \.overloaded),
      ("upstream_queue_timeouts", "Requests that waited too long for a place.", \.queueTimeouts),
      (
        "retry_budget_exhausted", "Retries that the budget did not allow.",
        \.retryBudgetExhausted
      ),
    ]
    for (name, help, path) in counters {
      output.family("strangler_\(name)_total", .counter, help: help)
      for upstream in upstreams {
        output.sample(
          "strangler_\(name)_total", upstream.totals[keyPath: path], ["upstream": upstream.name])
      }
    }
  }

  private static func writeEndpoints(
    _ upstreams: [UpstreamSnapshot], _ output: inout PrometheusText
  ) {
    let endpoints = upstreams.flatMap { upstream in
      (upstream.isModule ? [] : upstream.endpoints).map { (upstream.name, $0) }
    }
    typealias Value = (UpstreamSnapshot.Endpoint) -> UInt64?
    let families: [(String, PrometheusText.Kind, String, Value)] = [
      (
        "endpoint_healthy", .gauge, "1 while health checks pass.",
        { $0.isHealthy.map { $0 ? 1 : 0 } }
      ),
      (
        "endpoint_ejected", .gauge, "1 while left out for its answers.",
        { $0.ejectedForMilliseconds == nil ? 0 : 1 }
      ),
      ("endpoint_ejections_total", .counter, "Times left out for its answers.", { $0.ejections }),
    ]
    for (name, kind, help, value) in families {
      output.family("strangler_\(name)", kind, help: help)
      for (upstream, endpoint) in endpoints {
        guard let number = value(endpoint) else { continue }
        output.sample(
          "strangler_\(name)", number,
          ["upstream": upstream, "endpoint": endpoint.address.description])
      }
    }
    let name = "strangler_health_checks_total"
    output.family(name, .counter, help: "Health checks made, by result.")
    for (upstream, endpoint) in endpoints where endpoint.isHealthy != nil {
      let address = endpoint.address.description
      for (result, count) in [
        ("passed", endpoint.checksPassed), ("failed", endpoint.checksFailed),
      ] {
        output.sample(
          name, count, ["upstream": upstream, "endpoint": address, "result": result])
      }
    }
  }
}
