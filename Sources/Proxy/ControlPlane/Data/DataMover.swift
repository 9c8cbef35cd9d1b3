// SPDX-License-Identifier: Apache-2.0

/// What moves tables while they are written, as far as the admin API asks it. The program that runs
/// the proxy hands it over: the API itself knows no stores, so a proxy needs no client of any.
///
/// It gives the same answers as the commands of `strangler data`, by the same gates, and writes the
/// same journal.
package protocol DataMover: Sendable {
  /// Where every mapping is.
  ///
  /// - Parameter history: most decisions of each, newest first.
  /// - Throws: `DataRefusal`, as all of these do.
  func mappings(history: Int) async throws -> [DataMappingStatus]

  /// Does it, or says what is missing for it.
  func carryOut(_ order: DataOrder) async throws -> DataOutcome

  /// What would be copied of a mapping, and by which SQL.
  func plan(_ mapping: String) async throws -> DataMappingPlan

  /// Holds a mapping against both stores.
  func check(_ mapping: String) async throws -> DataMappingCheck

  /// Compares both sides of a mapping while they are written.
  ///
  /// - Parameter progress: hears how many more rows were read.
  func verify(
    _ mapping: String, progress: @escaping @Sendable (_ rows: Int) -> Void
  ) async throws -> DataComparison
}

/// Why something about data was not done.
package enum DataRefusal: Error, Sendable, Equatable {
  case unknownMapping(String, known: [String])
  /// It cannot be done where the mapping is, a sentence.
  case unfit(String)
  /// An order to the mapping, or a comparison, is under way.
  case busy(String)
  /// The configuration or a store cannot be used now.
  case unusable(String)
}

/// Somebody wants something done about a mapping.
package struct DataOrder: Sendable, Equatable {
  package enum Action: String, Sendable, Equatable, CaseIterable, Codable {
    /// One step, or back.
    case advance, retreat
    /// The steps to where the new side takes the writes, and the last one.
    case cutover, retire
    /// Copies what legacy has, and carries over again what differs.
    case backfill, repair
  }

  package let action: Action
  package let mapping: String
  package let actor: String
  package let reason: String

  package init(_ action: Action, _ mapping: String, actor: String, reason: String) {
    (self.action, self.mapping) = (action, mapping)
    (self.actor, self.reason) = (actor, reason)
  }
}

/// What an order came to.
package struct DataOutcome: Sendable, Equatable {
  /// Why it was refused, a sentence each; empty when it was not.
  package let missing: [String]
  /// Why it was turned back; nil when it was not.
  package let turnedBack: String?
  /// How long neither side took writes.
  package let pauseMilliseconds: Double

  package init(missing: [String], turnedBack: String?, pauseMilliseconds: Double) {
    self.missing = missing
    self.turnedBack = turnedBack
    self.pauseMilliseconds = pauseMilliseconds
  }
}

/// Where a mapping is, as `GET /data` answers it; absent members are left out.
package struct DataMappingStatus: Sendable, Equatable, Codable {
  package struct Gate: Sendable, Equatable, Codable {
    package let name: String
    /// `holds`, `missing`, or `open` where it takes the step itself to find out.
    package let outcome: String
    package let missing: [String]

    package init(name: String, outcome: String, missing: [String]) {
      (self.name, self.outcome, self.missing) = (name, outcome, missing)
    }
  }

  package struct Backfill: Sendable, Equatable, Codable {
    /// `missing`, `unfinished`, `finished` or `other-mapping`.
    package let state: String
    /// Legacy rows that were read; absent where it is not under way.
    package let rows: Int?

    package init(state: String, rows: Int?) { (self.state, self.rows) = (state, rows) }
  }

  package struct Decision: Sendable, Equatable, Codable {
    package let at: String
    package let actor: String
    package let reason: String
    package let action: String
    package let from: String
    package let to: String
    package let epoch: Int
    /// What the gates saw, or why it was turned back.
    package let evidence: String

    package init(
      at: String, actor: String, reason: String, action: String, from: String, to: String,
      epoch: Int, evidence: String
    ) {
      (self.at, self.actor, self.reason, self.action) = (at, actor, reason, action)
      (self.from, self.to, self.epoch, self.evidence) = (from, to, epoch, evidence)
    }
  }

  /// The state that is reached, and all there are.
  package struct Way: Sendable, Equatable, Codable {
    package let state: String
    package let target: String
    package let isSettled: Bool
    package let states: [String]
    /// For people.
    package let summary: String
    /// Who takes the writes and who answers reads, `legacy` or `new`.
    package let writes: String
    package let reads: String
    /// The states that orders lead to; absent where there is none.
    package let next: String?
    package let back: String?

    package init(
      state: String, target: String, isSettled: Bool, states: [String], summary: String,
      writes: String, reads: String, next: String?, back: String?
    ) {
      (self.state, self.target, self.isSettled) = (state, target, isSettled)
      (self.states, self.summary) = (states, summary)
      (self.writes, self.reads, self.next, self.back) = (writes, reads, next, back)
    }
  }

  package let name: String
  package let from: String
  package let to: String
  package let way: Way
  package let epoch: Int
  /// What each store lets happen: `free`, `primary`, `follower` or `closed`.
  package let legacyFence: String
  package let newFence: String
  /// The lag: changes that were noted and not carried over.
  package let waiting: Int
  /// Why some of them could not be; the first five, and how many more.
  package let refused: [String]
  package let backfill: Backfill
  /// What the next step needs.
  package let gates: [Gate]
  /// The last decisions, newest first.
  package let history: [Decision]
  /// The last order that this process got for it.
  package internal(set) var order: DataOrderStatus?
  /// The last comparison that this process made of it.
  package internal(set) var verification: DataVerification?

  package init(
    name: String, from: String, to: String, way: Way, epoch: Int, legacyFence: String,
    newFence: String, waiting: Int, refused: [String], backfill: Backfill, gates: [Gate],
    history: [Decision]
  ) {
    (self.name, self.from, self.to, self.way) = (name, from, to, way)
    (self.epoch, self.legacyFence, self.newFence) = (epoch, legacyFence, newFence)
    (self.waiting, self.refused, self.backfill) = (waiting, refused, backfill)
    (self.gates, self.history) = (gates, history)
  }
}

/// What a comparison found.
package struct DataComparison: Sendable, Equatable, Codable {
  package struct Counts: Sendable, Equatable, Codable {
    package let missing: Int
    package let extra: Int
    package let differs: Int
    package let encoding: Int
    package let stale: Int

    package init(missing: Int, extra: Int, differs: Int, encoding: Int, stale: Int) {
      (self.missing, self.extra, self.differs) = (missing, extra, differs)
      (self.encoding, self.stale) = (encoding, stale)
    }
  }

  /// Values of a column; absent where a side has none.
  package struct Column: Sendable, Equatable, Codable {
    package let name: String
    package let legacy: String?
    package let new: String?

    package init(name: String, legacy: String?, new: String?) {
      (self.name, self.legacy, self.new) = (name, legacy, new)
    }
  }

  package struct Row: Sendable, Equatable, Codable {
    package let kind: String
    /// Such as `id = 17`.
    package let key: String
    package let columns: [Column]

    package init(kind: String, key: String, columns: [Column]) {
      (self.kind, self.key, self.columns) = (kind, key, columns)
    }
  }

  package let isEqual: Bool
  package let legacyRows: Int
  package let newRows: Int
  package let counts: Counts
  /// Some of the rows that differ.
  package let rows: [Row]
  /// Ranges whose digests were compared, each at a position of the stream of changes.
  package let checks: Int
  /// Rows that were on their way each time they were looked at.
  package let unsettled: Int

  package init(
    isEqual: Bool, legacyRows: Int, newRows: Int, counts: Counts, rows: [Row], checks: Int,
    unsettled: Int
  ) {
    (self.isEqual, self.legacyRows, self.newRows) = (isEqual, legacyRows, newRows)
    (self.counts, self.rows) = (counts, rows)
    (self.checks, self.unsettled) = (checks, unsettled)
  }
}

/// An order to a mapping that this process got, under way or ended.
package struct DataOrderStatus: Sendable, Equatable, Codable {
  package enum State: String, Sendable, Equatable, Codable, CaseIterable {
    case running, done, refused
    case turnedBack = "turned-back"
    case failed
  }

  package let order: DataOrder.Action
  package let actor: String
  package let reason: String
  package let startedAt: String
  package internal(set) var state = State.running
  /// What is missing, or what went wrong, a sentence each.
  package internal(set) var details: [String] = []
  /// How long neither side took writes; absent while it is under way.
  package internal(set) var pauseMilliseconds: Double?
}

/// A comparison that this process made, under way or ended.
package struct DataVerification: Sendable, Equatable, Codable {
  package enum State: String, Sendable, Equatable, Codable, CaseIterable {
    case running, equal, different, failed
  }

  package let mapping: String
  package let actor: String
  package let reason: String
  package let startedAt: String
  package internal(set) var state = State.running
  /// Rows of both sides that were read.
  package internal(set) var rowsRead = 0
  /// Absent while it is under way.
  package internal(set) var endedAt: String?
  /// Why it failed; absent where it did not.
  package internal(set) var failure: String?
  package internal(set) var found: DataComparison?
}

/// Every mapping, as `GET /data` answers it.
package struct DataOverview: Sendable, Equatable, Codable {
  /// In the order in which tables are filled.
  package let mappings: [DataMappingStatus]
}
