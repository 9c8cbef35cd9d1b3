// SPDX-License-Identifier: Apache-2.0

internal import ProxyDataPlane
internal import RoutingDecisions

/// The proxy's counters as Prometheus families.
struct ProxyMetrics {
  private var output = PrometheusText()
  private let snapshot: CounterSnapshot
  private let table: RoutingTable

  static func text(routing: LiveRouting, counters: ProxyCounters) -> String {
    var metrics = ProxyMetrics(snapshot: counters.snapshot(), table: routing.current)
    metrics.writeRouting(version: routing.version)
    metrics.writeRequests()
    metrics.writeLatencies()
    metrics.writeTroubles()
    metrics.writeCutAnswers()
    metrics.writeConnections()
    metrics.writeMemory(counters.memory)
    metrics.writeHandshakes()
    metrics.writeObservation(counters.observation)
    return metrics.output.text
  }

  private init(snapshot: CounterSnapshot, table: RoutingTable) {
    self.snapshot = snapshot
    self.table = table
  }

  /// Sides that exist: a route without an extracted upstream has no series for it.
  private var sides: [CounterSnapshot.RouteSide] {
    let split = Set(table.configuration.routes.filter { $0.extracted != nil }.map(\.name))
    return snapshot.routes.filter { $0.side == .legacy || split.contains($0.route ?? "") }
  }

  /// Names cannot hold parentheses, so this is no route's.
  private static func label(_ route: String?) -> String { route ?? "(none)" }

  private static func label(_ side: CounterSnapshot.RouteSide) -> String {
    side.route == nil ? "(none)" : side.side.name
  }

  private mutating func writeRouting(version: UInt64) {
    output.family(
      "strangler_routing_version", .gauge, help: "Number of the routing table in force.")
    output.sample("strangler_routing_version", version)
    let name = "strangler_route_percent"
    output.family(name, .gauge, help: "Share of users on the extracted side, 0 to 100.")
    for route in table.configuration.routes where route.extracted != nil {
      output.sample(name, Double(route.percent.hundredths) / 100, ["route": route.name])
    }
  }

  private mutating func writeRequests() {
    let name = "strangler_requests_total"
    output.family(
      name, .counter,
      help: "Requests answered, by route, side and status class (none: the client left first).")
    for side in sides {
      for (index, count) in side.statusClasses.enumerated() {
        let statusClass = index < 5 ? "\(index + 1)xx" : "none"
        output.sample(
          name, count,
          ["route": Self.label(side.route), "side": Self.label(side), "status": statusClass])
      }
    }
  }

  private mutating func writeCutAnswers() {
    let name = "strangler_answers_cut_total"
    output.family(
      name, .counter, help: "Answers begun and not completed, by the side that broke off.")
    output.sample(name, snapshot.answersCutByClient, ["by": "client"])
    output.sample(name, snapshot.answersCutByUpstream, ["by": "upstream"])
  }

  private mutating func writeLatencies() {
    let name = "strangler_request_duration_seconds"
    output.family(
      name, .histogram, help: "Time from the first byte of a request to the last of its response.")
    for side in sides {
      let route = Self.label(side.route)
      let sideName = Self.label(side)
      var total: UInt64 = 0
      for (index, count) in side.latencyBuckets.enumerated() {
        total &+= count
        output.sample(
          "\(name)_bucket", total, ["route": route, "side": sideName, "le": Self.bound(index)])
      }
      output.sample(
        "\(name)_sum", Double(side.latencySum) / 1e9, ["route": route, "side": sideName])
      output.sample("\(name)_count", total, ["route": route, "side": sideName])
    }
  }

  private static func bound(_ bucket: Int) -> String {
    let bounds = ProxyCounters.latencyBounds
    return bucket < bounds.count ? "\(Double(bounds[bucket]) / 1e9)" : "+Inf"
  }

  private mutating func writeTroubles() {
    let fallbacks = "strangler_fallbacks_total"
    output.family(
      fallbacks, .counter, help: "Requests legacy answered because the extracted side failed.")
    for fallback in snapshot.fallbacks where fallback.subject != nil {
      output.sample(fallbacks, fallback.count, ["route": Self.label(fallback.subject)])
    }
    let retries = "strangler_retries_total"
    output.family(retries, .counter, help: "Requests sent once more on a fresh connection.")
    for retry in snapshot.retries where retry.subject != nil {
      output.sample(retries, retry.count, ["route": Self.label(retry.subject)])
    }
    let rejections = "strangler_rejected_requests_total"
    output.family(rejections, .counter, help: "Requests refused before routing, by reason.")
    for rejection in snapshot.rejections {
      output.sample(rejections, rejection.count, ["reason": rejection.reason ?? ""])
    }
    let failures = "strangler_upstream_failures_total"
    output.family(failures, .counter, help: "Requests an upstream failed, by upstream and reason.")
    for failure in snapshot.upstreamFailures {
      output.sample(
        failures, failure.count,
        ["upstream": failure.subject ?? "", "reason": failure.reason ?? ""])
    }
  }

  private mutating func writeObservation(_ observation: ObservationCounters) {
    let counters = [
      ("access_log_lost_lines", "Log lines that were not written.", observation.lostLines),
      ("trace_spans_exported", "Spans that the collector took.", observation.exportedSpans),
      ("trace_spans_lost", "Spans that were not exported.", observation.lostSpans),
    ]
    for (name, help, value) in counters {
      output.family("strangler_\(name)_total", .counter, help: help)
      output.sample("strangler_\(name)_total", value)
    }
  }

  private mutating func writeConnections() {
    let snapshot = snapshot
    let gauges = [
      ("strangler_client_connections", "Client connections open.", snapshot.clientsOpen),
      ("strangler_upstream_connections", "Upstream connections open.", snapshot.upstreamsOpen),
    ]
    for (name, help, value) in gauges {
      output.family(name, .gauge, help: help)
      output.sample(name, value)
    }
    let counters = [
      ("client_connections_opened", "Client connections accepted.", snapshot.clientsOpened),
      ("upstream_connections_opened", "Upstream connections opened.", snapshot.upstreamsOpened),
      ("received_bytes", "Bytes read from clients.", snapshot.bytesReceived),
      ("sent_bytes", "Bytes written to clients.", snapshot.bytesSent),
    ]
    for (name, help, value) in counters {
      output.family("strangler_\(name)_total", .counter, help: help)
      output.sample("strangler_\(name)_total", value)
    }
  }

  private mutating func writeMemory(_ memory: MemoryMeter) {
    let gauges = [
      ("buffered_bytes", "Bytes kept of messages that cannot go on yet.", memory.current),
      ("buffered_bytes_peak", "Most bytes kept so far, the workers' peaks added up.", memory.peak),
      ("buffered_bytes_limit", "Bytes that may be kept; 0 for any.", memory.limit ?? 0),
    ]
    for (name, help, value) in gauges {
      output.family("strangler_\(name)", .gauge, help: help)
      output.sample("strangler_\(name)", UInt64(clamping: value))
    }
  }

  private mutating func writeHandshakes() {
    let name = "strangler_tls_handshakes_total"
    output.family(name, .counter, help: "TLS handshakes done, by peer, version and resumption.")
    for handshakes in snapshot.handshakes {
      let kind = handshakes.kind
      output.sample(
        name, handshakes.count,
        [
          "peer": kind.peer.name, "version": kind.version.rawValue,
          "resumed": kind.isResumed ? "true" : "false",
        ])
    }
    let failures = "strangler_tls_handshake_failures_total"
    output.family(failures, .counter, help: "TLS handshakes that failed, by peer and reason.")
    for failure in snapshot.handshakeFailures {
      output.sample(
        failures, failure.count,
        ["peer": failure.subject ?? "", "reason": failure.reason ?? ""])
    }
  }
}
