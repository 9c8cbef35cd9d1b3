// SPDX-License-Identifier: Apache-2.0

/// How far a relay has stored that it is: a sequence, and in PostgreSQL its snapshots.
struct RelayStanding: Sendable, Equatable {
  var sequence: Int64
  var previous: String?
  var current: String?
}

/// Where an outbox and its consumers stand.
package struct OutboxReport: Sendable, Equatable, Encodable {
  /// A relay, by what it has stored.
  package struct Relay: Sendable, Equatable, Encodable {
    package var name: String
    /// Instance that holds the lease; nil when nobody does.
    package var owner: String?
    /// Grows with each owner.
    package var epoch: Int64
    /// Events that it has not passed yet.
    package var unsent: Int64
    /// Whether `unsent` is where the count stopped.
    package var isMore: Bool
    /// How long ago the first of them happened, in milliseconds; nil without any.
    package var oldestUnsentMilliseconds: Int64?
    /// Parked aggregates that are tried again.
    package var retrying: Int64
    /// Parked aggregates that wait for an operator.
    package var dead: Int64
    /// Events that it passed per second since an earlier report; nil without one.
    package var throughput: Double?
    /// Where it stands.
    var position: RelayStanding

    private enum CodingKeys: String, CodingKey {
      case name, owner, epoch, unsent, isMore, oldestUnsentMilliseconds, retrying, dead, throughput
    }
  }

  /// A consumer whose inbox is in this database.
  package struct Consumer: Sendable, Equatable, Encodable {
    package var name: String
    /// Aggregates of which it has applied an event.
    package var aggregates: Int64
    /// Events that wait for earlier ones.
    package var waiting: Int64
    /// Events that are tried again.
    package var retrying: Int64
    /// Events that wait for an operator.
    package var dead: Int64
  }

  /// Counting what is unsent stops here.
  package static let countLimit: Int64 = 100_000

  /// When it was made, milliseconds since 1970.
  package var at: Int64
  /// Sequence of the last event in the outbox, 0 when it is empty.
  package var lastSequence: Int64
  package var relays: [Relay]
  package var consumers: [Consumer]
  /// Why the rest may be wrong: relays that stand where they cannot be in this database.
  package var warnings: [OutboxFinding]
}

extension OutboxReport {
  init(
    now: Int64, sequence: [OperatorRow], relays: [OperatorRow], consumers: [OperatorRow],
    warnings: [OutboxFinding]
  ) {
    at = now
    self.warnings = warnings
    lastSequence = sequence.first?.integer(0) ?? 0
    self.relays = relays.map { row in
      let isHeld = row.integer(3) ?? 0 > now
      let unsent = row.integer(4) ?? 0
      return Relay(
        name: row.text(0) ?? "", owner: isHeld ? row.text(1) : nil, epoch: row.integer(2) ?? 0,
        unsent: unsent, isMore: unsent >= Self.countLimit,
        oldestUnsentMilliseconds: row.integer(5).map { max(0, now - $0) },
        retrying: row.integer(6) ?? 0, dead: row.integer(7) ?? 0,
        position: RelayStanding(
          sequence: row.integer(8) ?? 0, previous: row.text(9), current: row.text(10)))
    }
    self.consumers = consumers.map { row in
      Consumer(
        name: row.text(0) ?? "", aggregates: row.integer(1) ?? 0, waiting: row.integer(2) ?? 0,
        retrying: row.integer(3) ?? 0, dead: row.integer(4) ?? 0)
    }
  }
}
