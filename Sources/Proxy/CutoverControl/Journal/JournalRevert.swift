// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// Finds out where all routes stood after an entry, from the entries behind it alone: where the
/// first of them that moves a route moves it from. So a long journal is read from there on only,
/// page by page, and nothing of it is kept but one share for each route.
package struct JournalRevert: Sendable, Equatable {
  /// The entry that is gone back to.
  package let target: UInt64
  /// The end of what was looked at.
  package private(set) var end: JournalChain
  /// Routes that moved since, with where they stood.
  private var stood: [String: Percentage] = [:]

  /// - Parameter entry: the one to go back to.
  package init(to entry: JournalEntry) {
    target = entry.sequence
    end = JournalChain(after: entry)
  }

  /// Takes the entries that follow, from `JournalVerifier` on: a journal that was changed since is
  /// none to go by.
  package mutating func take(_ page: some Sequence<JournalEntry>) throws(JournalFault) {
    var verifier = JournalVerifier(after: end)
    defer { end = verifier.end }
    for entry in page {
      try verifier.check(entry)
      for move in entry.record.moves where stood[move.route] == nil {
        stood[move.route] = entry.record.isFirst(move) ? .zero : move.from
      }
    }
  }

  /// The record that takes all routes back there; nil when they stand there.
  ///
  /// It is an entry like any other: nothing is taken out of a journal. Cutovers whose routes it
  /// moves have ended, since a gate that goes on would judge shares it has not seen.
  ///
  /// - Parameter shares: where they stand now, by the journal.
  package func record(
    from shares: [String: Percentage], time: Int64, actor: String, reason: String,
    configurationHash: String
  ) -> JournalRecord? {
    let moves = stood.sorted { $0.key < $1.key }.compactMap { route, before in
      shares[route].flatMap { now in
        before == now ? nil : JournalRecord.Move(route: route, from: now, to: before)
      }
    }
    if moves.isEmpty { return nil }
    return JournalRecord(
      .reverted(to: target), time: time, actor: actor, reason: reason, moves: moves,
      configurationHash: configurationHash)
  }
}

extension JournalRecord {
  /// Whether the move only says that a route which came with a file stays with legacy, since
  /// everything was frozen or killed: it names the file's number, at which nobody ever stood.
  fileprivate func isFirst(_ move: Move) -> Bool {
    guard actor == JournalReplay.fileActor, move.to == .zero, let state,
      let installation = try? InstallationState(json: state)
    else { return false }
    return installation.heldShares?[move.route] == move.from
      || installation.isKilled && installation.fileShares[move.route] == move.from
  }
}
