// SPDX-License-Identifier: Apache-2.0
internal import ControlPlane
internal import MessageRelay
internal import TransactionalMessaging

/// What `status` says, for Prometheus, under the same names.
enum OutboxMetrics {
  static func text(_ report: OutboxReport) -> String {
    var text = PrometheusText()
    text.family(
      "strangler_outbox_last_sequence", .gauge, help: "Sequence of the last event; 0 when empty.")
    text.sample("strangler_outbox_last_sequence", count(report.lastSequence))
    text.family(
      "strangler_outbox_warnings", .gauge,
      help: "Reasons why the rest may be wrong, as strangler outbox status tells them.")
    text.sample("strangler_outbox_warnings", count(Int64(report.warnings.count)))
    relays(report.relays, in: &text)
    consumers(report.consumers, in: &text)
    return text.text
  }

  private static func relays(_ relays: [OutboxReport.Relay], in text: inout PrometheusText) {
    text.family(
      "strangler_outbox_relay_owner", .gauge,
      help: "1 with the instance that holds the lease, 0 where nobody does.")
    for relay in relays {
      text.sample(
        "strangler_outbox_relay_owner", relay.owner == nil ? 0 : 1 as UInt64,
        ["relay": relay.name, "owner": relay.owner ?? ""])
    }
    let numbers: [(String, String, KeyPath<OutboxReport.Relay, Int64>)] = [
      ("epoch", "Grows with each owner.", \.epoch),
      (
        "unsent", "Lag in events; counting stops at \(OutboxReport.countLimit).", \.unsent
      ),
      ("retrying", "Parked aggregates that are tried again.", \.retrying),
      ("dead", "Parked aggregates that wait for an operator.", \.dead),
    ]
    for (name, help, path) in numbers {
      text.family("strangler_outbox_relay_\(name)", .gauge, help: help)
      for relay in relays {
        text.sample(
          "strangler_outbox_relay_\(name)", count(relay[keyPath: path]), ["relay": relay.name])
      }
    }
    text.family(
      "strangler_outbox_relay_oldest_unsent_seconds", .gauge,
      help: "Lag in seconds: how long ago the first unsent event happened; 0 without any.")
    for relay in relays {
      text.sample(
        "strangler_outbox_relay_oldest_unsent_seconds",
        Double(relay.oldestUnsentMilliseconds ?? 0) / 1_000, ["relay": relay.name])
    }
    text.family(
      "strangler_outbox_relay_throughput", .gauge,
      help: "Events that it passed per second, since the look before.")
    for relay in relays {
      guard let throughput = relay.throughput else { continue }
      text.sample("strangler_outbox_relay_throughput", throughput, ["relay": relay.name])
    }
  }

  private static func consumers(
    _ consumers: [OutboxReport.Consumer], in text: inout PrometheusText
  ) {
    let numbers: [(String, String, KeyPath<OutboxReport.Consumer, Int64>)] = [
      ("aggregates", "Aggregates of which it has applied an event.", \.aggregates),
      ("waiting", "Events that wait for earlier ones.", \.waiting),
      ("retrying", "Events that are tried again.", \.retrying),
      ("dead", "Events that wait for an operator.", \.dead),
    ]
    for (name, help, path) in numbers {
      text.family("strangler_outbox_consumer_\(name)", .gauge, help: help)
      for consumer in consumers {
        text.sample(
          "strangler_outbox_consumer_\(name)", count(consumer[keyPath: path]),
          ["consumer": consumer.name])
      }
    }
  }

  /// What this process has done since it started.
  static func text(_ status: RelayStatus, relay: String) -> String {
    var text = PrometheusText()
    let numbers: [(String, PrometheusText.Kind, String, Int)] = [
      ("owns", .gauge, "1 while this process holds the lease.", status.isOwner ? 1 : 0),
      (
        "outage", .gauge, "1 while the database or the target cannot be used; the log says why.",
        status.outage == nil ? 0 : 1
      ),
      ("acknowledged_total", .counter, "Events that the target acknowledged.", status.acknowledged),
      ("rejected_total", .counter, "Events that it refused or did not confirm.", status.rejected),
      ("fenced_total", .counter, "Times that another owner took over.", status.fenced),
    ]
    for (name, kind, help, value) in numbers {
      text.family("strangler_outbox_process_\(name)", kind, help: help)
      text.sample("strangler_outbox_process_\(name)", count(Int64(value)), ["relay": relay])
    }
    return text.text
  }

  /// Whether the database answered.
  static func readable(_ isReadable: Bool) -> String {
    var text = PrometheusText()
    text.family(
      "strangler_outbox_readable", .gauge,
      help: "1 where the database answered; the numbers of relays and consumers are missing else.")
    text.sample("strangler_outbox_readable", isReadable ? 1 : 0 as UInt64)
    return text.text
  }

  private static func count(_ number: Int64) -> UInt64 { UInt64(max(0, number)) }
}
