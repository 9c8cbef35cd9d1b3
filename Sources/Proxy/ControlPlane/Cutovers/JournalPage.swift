// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
internal import RoutingDecisions

/// A journal entry as the admin API and the command line show it; what a restart goes on with is
/// left out.
package struct JournalEntryReport: Sendable, Equatable, Codable {
  package struct Move: Sendable, Equatable, Codable {
    package let route: String
    /// Percent from 0 to 100.
    package let from: Double
    package let to: Double
  }

  package let sequence: UInt64
  package let hash: String
  /// Such as `2026-11-23T12:00:00.250Z`.
  package let at: String
  /// `moved`, `cutover` or `reverted`.
  package let kind: String
  /// Of a revert, the entry whose shares were taken.
  package let revertedTo: UInt64?
  package let actor: String
  package let reason: String
  package let isAutomatic: Bool
  package let cutover: String?
  package let moves: [Move]
  package let configurationHash: String
  package let evidence: String?
  /// It only wrote the state of a cutover down.
  package let isState: Bool
}

extension JournalEntryReport {
  package init(_ entry: JournalEntry) {
    let record = entry.record
    sequence = entry.sequence
    hash = entry.hash.description
    at = Timestamp.text(record.time)
    (kind, revertedTo) =
      switch record.kind {
      case .moved: ("moved", nil)
      case .cutover: ("cutover", nil)
      case .reverted(let target): ("reverted", target)
      }
    actor = record.actor
    reason = record.reason
    isAutomatic = record.isAutomatic
    cutover = record.cutover
    moves = record.moves.map { Move(route: $0.route, from: $0.from.number, to: $0.to.number) }
    configurationHash = record.configurationHash
    evidence = record.evidence
    isState = record.kind == .cutover && record.reason == JournalRecord.stateReason
  }
}

/// Entries of the journal, oldest first.
package struct JournalPage: Sendable, Equatable, Codable {
  /// Most entries of a page.
  package static let limit = 1_000

  package let entries: [JournalEntryReport]
  /// What to ask for next: the entries after this one; nil at the end.
  package let next: UInt64?

  package init(entries: [JournalEntryReport], next: UInt64?) {
    self.entries = entries
    self.next = next
  }
}

/// What checking a whole journal came to.
package struct JournalVerdict: Sendable, Equatable, Codable {
  package let installation: String
  /// Entries that are what was written, from the first on.
  package let sound: UInt64
  /// Hash of the last of them; to be kept elsewhere, since entries that were cut off at the end
  /// show only beside it.
  package let head: String?
  /// What is wrong with the next one; nil when there is none.
  package let fault: String?
}

extension CutoverJournal {
  /// Entries behind a sequence.
  package func page(after sequence: UInt64, limit: Int) async throws -> JournalPage {
    let limit = min(max(1, limit), JournalPage.limit)
    let found = try await entries(after: sequence, limit: limit + 1)
    let shown = found.prefix(limit)
    // Long entries make a store give fewer than there are.
    var isMore = found.count > limit
    if let last = shown.last, !isMore {
      isMore = try await !entries(after: last.sequence, limit: 1).isEmpty
    }
    return JournalPage(
      entries: shown.map { JournalEntryReport($0) }, next: isMore ? shown.last?.sequence : nil)
  }

  /// Checks every entry from the first to the last.
  package func verdict() async throws -> JournalVerdict {
    var last: JournalEntry?
    do {
      try await forEachSound { last = $0 }
    } catch let error as CutoverJournalError where error.code == .broken {
      let fault = error.cause.map { "\($0)" } ?? error.message
      return verdict(last, fault: fault)
    }
    return verdict(last, fault: try await storeFault())
  }

  private func verdict(_ last: JournalEntry?, fault: String?) -> JournalVerdict {
    JournalVerdict(
      installation: installation, sound: last?.sequence ?? 0, head: last?.hash.description,
      fault: fault)
  }
}
