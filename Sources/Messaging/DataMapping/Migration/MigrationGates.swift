// SPDX-License-Identifier: Apache-2.0

/// From one state to the next one, or back.
package struct MigrationStep: Sendable, Hashable {
  package let from: MigrationState
  package let to: MigrationState

  package init(from: MigrationState, to: MigrationState) { (self.from, self.to) = (from, to) }

  /// What has to hold before it begins.
  package var gates: [MigrationGate] {
    switch (from, to) {
    case (.legacyPrimary, .legacyReads): [.mappingHolds]
    case (.legacyReads, .newReads):
      [.sameMapping, .backfillFinished, .changesNoted, .fewWaiting, .noneRefused, .sidesEqual]
    case (.newReads, .newPrimary):
      [
        .sameMapping, .reversed, .backfillFinished, .changesNoted, .fewWaiting, .noneRefused,
        .sidesEqual,
      ]
    case (.newPrimary, .retired):
      [.sameMapping, .changesNoted, .fewWaiting, .noneRefused, .sidesEqual, .noReturnAccepted]
    case (.newPrimary, .newReads): [.sameMapping, .changesNoted, .fewWaiting, .noneRefused]
    default: []
    }
  }

  /// What is missing, a sentence each; empty when it may begin. Both sides are compared once
  /// nothing else is missing.
  package func objections(to evidence: MigrationEvidence, fingerprint: String) -> [String] {
    let objections = gates.map { ($0, $0.objections(to: evidence, fingerprint: fingerprint)) }
    let others = objections.filter { !$0.0.needsComparison }.flatMap(\.1)
    return evidence.comparison == .notMade && !others.isEmpty ? others : objections.flatMap(\.1)
  }
}

/// A condition that a step waits for.
package enum MigrationGate: String, Sendable, Hashable, CaseIterable {
  /// The mapping loses nothing, and changes can be followed.
  case mappingHolds = "mapping-holds"
  /// It is the mapping with which the data began to move.
  case sameMapping = "same-mapping"
  /// There is a way back for what the new side writes.
  case reversed
  case backfillFinished = "backfill-finished"
  /// The triggers are there that note changes and keep the side that follows from being written.
  case changesNoted = "changes-noted"
  /// Changes are carried over about as fast as they come: a change of sides waits for the rest.
  case fewWaiting = "few-waiting"
  /// No change could not be carried over.
  case noneRefused = "none-refused"
  /// Both sides were compared and are equal.
  case sidesEqual = "sides-equal"
  case noReturnAccepted = "no-return-accepted"
}

/// What is known when somebody wants to move on.
package struct MigrationEvidence: Sendable, Hashable {
  package enum Backfill: Sendable, Hashable {
    case missing, otherMapping, finished
    /// Legacy rows that were read.
    case unfinished(rows: Int64)
  }

  package enum Comparison: Sendable, Hashable {
    case notMade
    /// Rows of the new side, and the digest of all of them.
    case equal(rows: Int, digest: String)
    case differs(rows: Int)
  }

  /// Most changes that may wait.
  package static let mostWaiting = 10_000

  /// What the mapping says now.
  package var fingerprint: String
  /// What the mapping's check and its rows show.
  package var objections: [String] = []
  package var isReversed = true
  package var backfill = Backfill.missing
  /// Tables whose triggers are gone, or switched off.
  package var unguarded: [String] = []
  /// Changes that the primary side noted and that wait to be carried over.
  package var waiting = 0
  /// Changes that could not be carried over, such as `orders id = 17: ...`.
  package var refused: [String] = []
  package var comparison = Comparison.notMade
  package var acceptsNoReturn = false

  package init(fingerprint: String) { self.fingerprint = fingerprint }

  /// For the journal.
  package var summary: String {
    let compared: String? =
      switch comparison {
      case .notMade: nil
      case .equal(let rows, let digest): "\(rows) rows equal, digest \(digest)"
      case .differs(let rows): "\(rows) rows differ"
      }
    return (["\(waiting) changes waiting"] + [compared].compactMap(\.self))
      .joined(separator: "; ")
  }
}

extension MigrationGate {
  /// Why another mapping than the one with which the data began to move does nothing.
  package static let changed =
    "the mapping changed since its data began to move; take the change back, or retreat to "
    + "\(MigrationState.legacyPrimary.rawValue) first"

  /// What tables without their triggers mean, and what to do.
  package static func unguarded(_ tables: [String]) -> String {
    "triggers of \(tables.joined(separator: " and ")) are gone or switched off, so changes may have "
      + "gone unnoticed; strangler data repair --apply puts them back and carries over what differs"
  }

  /// Whether it takes reading both tables to tell.
  package var needsComparison: Bool { self == .sidesEqual }

  /// What is missing, and what to do; empty when it holds.
  package func objections(to evidence: MigrationEvidence, fingerprint: String) -> [String] {
    switch self {
    case .mappingHolds: return evidence.objections
    case .sameMapping:
      return evidence.fingerprint == fingerprint
        ? []
        : [Self.changed]
    case .reversed:
      return evidence.isReversed
        ? []
        : [
          "the mapping says reverse: false, so legacy could not be kept current and there would be "
            + "no way back"
        ]
    case .backfillFinished: return objection(to: evidence.backfill)
    case .changesNoted:
      return evidence.unguarded.isEmpty ? [] : [Self.unguarded(evidence.unguarded)]
    case .fewWaiting:
      return evidence.waiting <= MigrationEvidence.mostWaiting
        ? []
        : [
          "\(evidence.waiting) changes wait to be carried over, and at most "
            + "\(MigrationEvidence.mostWaiting) may; run strangler data follow"
        ]
    case .noneRefused:
      return evidence.refused.isEmpty
        ? []
        : ["changes could not be carried over: \(evidence.refused.joined(separator: "; "))"]
    case .sidesEqual: return objection(to: evidence.comparison)
    case .noReturnAccepted:
      return evidence.acceptsNoReturn
        ? []
        : [
          "there is no way back from \(MigrationState.retired.rawValue); use strangler data retire"
        ]
    }
  }

  private func objection(to backfill: MigrationEvidence.Backfill) -> [String] {
    switch backfill {
    case .finished: []
    case .missing: ["legacy's rows were not copied; run strangler data backfill"]
    case .unfinished(let rows):
      ["the backfill has read \(rows) rows and is not at its end; run strangler data backfill"]
    case .otherMapping:
      [
        "the backfill was of another mapping than this one; run strangler data backfill "
          + "--from-start"
      ]
    }
  }

  private func objection(to comparison: MigrationEvidence.Comparison) -> [String] {
    switch comparison {
    case .equal: []
    case .notMade: ["both sides were not compared"]
    case .differs(let rows):
      ["\(rows) rows differ; mend them with strangler data repair"]
    }
  }
}
