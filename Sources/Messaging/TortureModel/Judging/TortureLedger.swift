// SPDX-License-Identifier: Apache-2.0

/// What the processes said, kept outside of everything that is tortured.
package struct TortureLedger: Sendable, Equatable {
  package struct Transaction: Sendable, Equatable {
    package var name: String
    package var events: [WriterTransaction.Event]
    package var outcome: TortureRecord.Outcome
  }

  /// An event that was about to be sent.
  package struct Sending: Sendable, Equatable {
    /// Nanoseconds of the machine's monotonic clock.
    package var at: Int64
    package var seat: Seat
    package var life: Int
    package var sighting: Sighting
  }

  /// A dead letter.
  package struct Letter: Sendable, Equatable {
    package var sighting: Sighting
    /// Failed attempts, each time that it was seen.
    package var attempts: Set<Int64>
  }

  /// By name; unknown until their end was told.
  package private(set) var transactions: [String: Transaction] = [:]
  /// As they came.
  package private(set) var sendings: [Sending] = []
  /// Ids of the events that consumers fail at.
  package private(set) var poison: Set<String> = []
  /// Dead letters as operators saw them, by id, and how often each had failed.
  package private(set) var letters: [String: Letter] = [:]
  /// The process that took the lease last.
  package private(set) var owner: (seat: Seat, life: Int)?
  /// How often a process killed itself at a point.
  package private(set) var crashes: [CrashPoint: Int] = [:]
  /// The last things to know about, few of them.
  package private(set) var notes: [String] = []

  private static let mostNotes = 20

  package init() {}

  package mutating func add(_ record: TortureRecord, from seat: Seat, life: Int) {
    switch record {
    case .ready: break
    case .intent(let name, let events):
      transactions[name] = Transaction(name: name, events: events, outcome: .unknown)
    case .outcome(let name, let outcome):
      transactions[name]?.outcome = outcome
    case .sent(let at, let id, let aggregate, let version):
      sendings.append(
        Sending(
          at: at, seat: seat, life: life,
          sighting: Sighting(id: id, aggregate: aggregate, version: version)))
    case .poison(let id): poison.insert(id)
    case .letter(let sighting, let attempts):
      letters[sighting.id, default: Letter(sighting: sighting, attempts: [])]
        .attempts.insert(attempts)
    case .owns: owner = (seat, life)
    case .crashing(let point): crashes[point, default: 0] += 1
    case .note(let text):
      notes.append("\(seat): \(text)")
      if notes.count > Self.mostNotes { notes.removeFirst() }
    }
  }

  /// What was sent, in the order of the clock.
  ///
  /// Whoever sends a version had sent the one before, or began where a predecessor had: so the
  /// first sendings of an aggregate are in the order of their times, whichever processes sent them.
  package var sent: [Sighting] { sendings.sorted { $0.at < $1.at }.map(\.sighting) }

  package static func == (left: TortureLedger, right: TortureLedger) -> Bool {
    left.transactions == right.transactions && left.sendings == right.sendings
      && left.poison == right.poison && left.letters == right.letters
      && left.crashes == right.crashes && left.notes == right.notes
      && left.owner?.seat == right.owner?.seat && left.owner?.life == right.owner?.life
  }
}

/// An event as it was seen somewhere.
package struct Sighting: Sendable, Equatable, Hashable, Codable {
  package var id: String
  package var aggregate: String
  /// Number within the aggregate, from 1.
  package var version: Int64

  package init(id: String, aggregate: String, version: Int64) {
    self.id = id
    self.aggregate = aggregate
    self.version = version
  }
}

/// What a consumer had done when nothing went on any more but behind dead letters.
package struct Standstill: Sendable, Equatable {
  /// Ids of the events that had their effects.
  package var done: Set<String>
  /// The first dead letter of each aggregate, by version.
  package var dead: [String: Int64]

  package init(done: Set<String>, dead: [String: Int64]) {
    self.done = done
    self.dead = dead
  }
}

/// What is in the databases once everything has come to rest.
package struct TortureEvidence: Sendable, Equatable {
  /// An event in the outbox.
  package struct Stored: Sendable, Equatable {
    package var sequence: Int64
    package var sighting: Sighting

    package init(sequence: Int64, sighting: Sighting) {
      self.sequence = sequence
      self.sighting = sighting
    }
  }

  /// Ids of the data that each transaction wrote.
  package var rows: [String: Set<String>] = [:]
  /// The outbox.
  package var outbox: [Stored] = []
  /// What the consumer did, in the order in which it did it.
  package var effects: [Sighting] = []
  /// Ids of the events that wait in the consumer's inbox.
  package var waiting: Set<String> = []
  /// Aggregates that wait in the relay.
  package var parked: Set<String> = []
  /// What was done before dead letters were replayed for the last time.
  package var standstills: [Standstill] = []

  package init() {}
}
