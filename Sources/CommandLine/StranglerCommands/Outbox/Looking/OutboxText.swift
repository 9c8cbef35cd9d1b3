// SPDX-License-Identifier: Apache-2.0
internal import TransactionalMessaging

/// What the outbox commands write for people.
enum OutboxText {
  static func report(_ report: OutboxReport) -> String {
    var lines = report.warnings.map { "warning: \($0.message)" }
    lines.append("last event: sequence \(report.lastSequence)")
    if report.relays.isEmpty {
      lines.append("no relay has been here: start one with strangler outbox relay, or in a process")
    }
    for relay in report.relays {
      let owner = relay.owner.map { "owned by \($0), epoch \(relay.epoch)" } ?? "nobody runs it"
      lines.append("relay \(relay.name): \(owner)")
      let age = relay.oldestUnsentMilliseconds.map { ", the first for \(seconds($0)) s" } ?? ""
      lines.append("  unsent: \(relay.unsent)\(relay.isMore ? " or more" : "")\(age)")
      if let throughput = relay.throughput {
        lines.append("  throughput: \(Int(throughput.rounded())) events per second")
      }
      lines += parked(relay.retrying, relay.dead, "aggregates")
    }
    for consumer in report.consumers {
      lines.append("consumer \(consumer.name): \(consumer.aggregates) aggregates")
      if consumer.waiting > 0 { lines.append("  waiting for earlier events: \(consumer.waiting)") }
      lines += parked(consumer.retrying, consumer.dead, "events")
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func parked(_ retrying: Int64, _ dead: Int64, _ what: String) -> [String] {
    (retrying > 0 ? ["  tried again: \(retrying) \(what)"] : [])
      + (dead > 0 ? ["  dead: \(dead) \(what), see strangler outbox dead-letters"] : [])
  }

  private static func seconds(_ milliseconds: Int64) -> String {
    "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100)"
  }

  /// Failures of one kind together, the most frequent kind first.
  static func letters(_ letters: [DeadLetter]) -> String {
    if letters.isEmpty { return "nothing waits\n" }
    let kinds = Dictionary(grouping: letters) { letter in
      letter.state == .gap ? "" : letter.fingerprint
    }
    return kinds.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map { kind in
      title(kind.key, kind.value) + kind.value.map(line).joined()
    }.joined()
  }

  private static func title(_ fingerprint: String, _ letters: [DeadLetter]) -> String {
    let error = letters.first?.lastError ?? ""
    return fingerprint.isEmpty
      ? "a version is missing: \(letters.count)\n"
      : "\(fingerprint): \(letters.count), such as: \(error)\n"
  }

  private static func line(_ letter: DeadLetter) -> String {
    let place = self.place(letter.relay, letter.consumer)
    let event =
      letter.state == .gap
      ? "version \(letter.position) has not come"
      : "\(letter.state.rawValue) after \(letter.attempts) attempts, event "
        + "\(letter.eventID ?? "gone") (\(letter.eventType ?? "?"))"
    let behind = letter.behind > 0 ? ", \(letter.behind) behind" : ""
    return "  \(place) \(letter.aggregate): \(event)\(behind)\n"
  }

  static func place(_ relay: String?, _ consumer: String?) -> String {
    relay.map { "relay \($0)" } ?? "consumer \(consumer ?? "?")"
  }

  static func history(_ entries: [AuditEntry]) -> String {
    if entries.isEmpty { return "nobody did anything yet\n" }
    return entries.map { entry in
      let failure = entry.lastError.isEmpty ? "" : "; after \(entry.attempts) attempts: "
      return "\(UnixTime.text(entry.at))  \(entry.actor): \(entry.action) \(target(entry)): "
        + "\(entry.reason)\(failure)\(entry.lastError)\n"
    }.joined()
  }

  private static func target(_ entry: AuditEntry) -> String {
    if entry.aggregateType.isEmpty {
      return (entry.relay.map { "relay \($0)" } ?? "every relay") + " at \(entry.position)"
    }
    guard entry.relay != nil || entry.consumer != nil else {
      return "\(entry.aggregateType) \(entry.aggregateID) at step \(entry.position)"
    }
    let place = place(entry.relay, entry.consumer)
    return "\(place) \(entry.aggregateType)/\(entry.aggregateID) at \(entry.position)"
  }
}
