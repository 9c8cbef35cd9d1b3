// SPDX-License-Identifier: Apache-2.0

/// An aggregate that does not go on by itself, at its first event that waits. What came later waits
/// behind it, so that nothing overtakes.
package struct DeadLetter: Sendable, Equatable, Encodable {
  /// Why it does not go on.
  package enum State: String, Sendable, Encodable {
    /// It failed and is tried again.
    case retrying
    /// It failed too often.
    case dead
    /// A consumer has not seen the version before it.
    case gap
  }

  /// Relay that could not publish it; nil for a consumer's.
  package var relay: String?
  /// Consumer that could not apply it; nil for a relay's.
  package var consumer: String?
  package var aggregateType: String
  package var aggregateID: String
  package var state: State
  /// Failed attempts.
  package var attempts: Int64
  /// Text of the last failure.
  package var lastError: String
  /// Equal for failures of the same kind.
  package var fingerprint: String
  /// What skipping gives up: a relay's sequence, a consumer's version. In a gap that is the version
  /// which is missing.
  package var position: Int64
  /// The event; nil in a gap, and where it is gone from the outbox.
  package var eventID: String?
  package var eventType: String?
  /// When the event happened, milliseconds since 1970.
  package var occurredAt: Int64?
  /// Events that wait behind it.
  package var behind: Int64

  package var aggregate: AggregateKey { AggregateKey(type: aggregateType, id: aggregateID) }
}

extension DeadLetter {
  init(relay row: OperatorRow) {
    self.init(row, relay: row.text(0), consumer: nil)
  }

  init(consumer row: OperatorRow) {
    self.init(row, relay: nil, consumer: row.text(0))
  }

  private init(_ row: OperatorRow, relay: String?, consumer: String?) {
    self.init(
      relay: relay, consumer: consumer, aggregateType: row.text(1) ?? "",
      aggregateID: row.text(2) ?? "", state: State(rawValue: row.text(3) ?? "") ?? .dead,
      attempts: row.integer(4) ?? 0, lastError: row.text(5) ?? "", fingerprint: row.text(6) ?? "",
      position: row.integer(7) ?? 0, eventID: row.text(8), eventType: row.text(9),
      occurredAt: row.integer(10), behind: row.integer(11) ?? 0)
  }
}

/// Chooses among dead letters; what is nil chooses nothing.
package struct DeadLetterSelection: Sendable, Equatable {
  package var relay: String?
  package var consumer: String?
  /// `type/id`.
  package var aggregate: String?
  package var aggregateType: String?
  package var eventID: String?
  package var fingerprint: String?
  /// Of events that happened at this time or later, milliseconds since 1970.
  package var from: Int64?
  /// Of events that happened before this time.
  package var before: Int64?
  package var states: Set<DeadLetter.State>

  package init(states: Set<DeadLetter.State>) { self.states = states }

  package func contains(_ letter: DeadLetter) -> Bool {
    func matches(_ wanted: String?, _ value: String?) -> Bool { wanted.map { $0 == value } ?? true }
    guard states.contains(letter.state), matches(relay, letter.relay),
      matches(consumer, letter.consumer), matches(aggregate, letter.aggregate.description),
      matches(aggregateType, letter.aggregateType), matches(eventID, letter.eventID),
      matches(fingerprint, letter.fingerprint)
    else { return false }
    if from == nil, before == nil { return true }
    guard let time = letter.occurredAt else { return false }
    return time >= from ?? .min && time < before ?? .max
  }

  /// True when it names one aggregate, event or failure, or at least a type or a time.
  package var isNarrow: Bool {
    [aggregate, aggregateType, eventID, fingerprint].contains { $0 != nil }
      || from != nil || before != nil
  }
}

/// What operators did to a dead letter, to a relay, or to every relay of a database.
package struct AuditEntry: Sendable, Equatable, Encodable {
  /// Milliseconds since 1970.
  package var at: Int64
  package var actor: String
  /// `replay` or `skip`; `forget` and `reseat`, which have no aggregate.
  package var action: String
  package var reason: String
  package var relay: String?
  package var consumer: String?
  package var aggregateType: String
  package var aggregateID: String
  package var position: Int64
  /// Failed attempts that had been made.
  package var attempts: Int64
  package var lastError: String

  init(_ row: OperatorRow) {
    at = row.integer(0) ?? 0
    actor = row.text(1) ?? ""
    action = row.text(2) ?? ""
    reason = row.text(3) ?? ""
    relay = row.text(4)
    consumer = row.text(5)
    aggregateType = row.text(6) ?? ""
    aggregateID = row.text(7) ?? ""
    position = row.integer(8) ?? 0
    attempts = row.integer(9) ?? 0
    lastError = row.text(10) ?? ""
  }
}
