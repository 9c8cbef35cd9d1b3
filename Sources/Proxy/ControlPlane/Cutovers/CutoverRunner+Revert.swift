// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import ProxyDataPlane
internal import RoutingDecisions

extension CutoverRunner {
  /// Takes every route back to where it stood after an entry.
  ///
  /// What followed that entry is read before the order has its turn: seconds must not wait for a
  /// journal of years, nor the lease of the proxy that leads. In its turn it reads what came since.
  ///
  /// - Parameter skipsGates: shares are raised that a plan would reach by its gates only, such as
  ///   that of a service which a gate has taken back since.
  package func revert(
    to sequence: UInt64, skipsGates: Bool = false, by order: CutoverOrder
  ) async throws {
    let known = try await revertBeforeItsTurn(to: sequence)
    try await inLine { runner in
      var revert = known
      try await runner.readOn(&revert)
      guard revert.end == runner.chain else {
        throw CutoverRefusal.journal("others wrote meanwhile")
      }
      let split = runner.routing.percentages
      guard
        var record = revert.record(
          from: runner.replay.percentages, time: runner.unixMilliseconds(), actor: order.actor,
          reason: order.reason, configurationHash: runner.configurationHash)
      else { throw CutoverRefusal.nothingToRevert(sequence) }
      // A route that is no longer there, or no longer split, cannot be moved.
      record.moves.removeAll { split[$0.route] == nil }
      if record.moves.isEmpty { throw CutoverRefusal.nothingToRevert(sequence) }
      if runner.isKilled, record.moves.contains(where: { $0.to > .zero }) {
        throw CutoverRefusal.killSwitchIsOn
      }
      if runner.installation.isFrozen, record.moves.contains(where: { $0.to > $0.from }) {
        throw CutoverRefusal.frozen
      }
      if !skipsGates { try runner.refuseToSkipGates(record.moves) }
      try await runner.commit(record)
      runner.watchTraffic()
    }
  }

  private func refuseToSkipGates(_ moves: [JournalRecord.Move]) throws(CutoverRefusal) {
    for move in moves where move.to > .zero {
      guard let name = cutoverUnderWay(with: move.route) else { continue }
      throw .underWay(route: move.route, cutover: name)
    }
    for move in moves where move.to > move.from {
      guard let plan = routing.loaded.cutovers.first(where: { $0.routes.contains(move.route) })
      else { continue }
      throw .skipsGates(route: move.route, cutover: plan.name, to: move.to)
    }
  }

  private func revertBeforeItsTurn(to sequence: UInt64) async throws -> JournalRevert {
    guard isLeading || olderHasEnded?() == true else { throw notLeading }
    guard sequence > 0, sequence <= chain?.sequence ?? 0,
      let entry = try await journal.entries(after: sequence - 1, limit: 1).first,
      entry.sequence == sequence
    else { throw CutoverRefusal.unknownEntry(sequence) }
    var revert = JournalRevert(to: entry)
    try await readOn(&revert)
    return revert
  }

  /// Reads page by page up to the end that is known here.
  private func readOn(_ revert: inout JournalRevert) async throws {
    while let end = chain?.sequence, revert.end.sequence < end {
      let page = try await journal.entries(
        after: revert.end.sequence, limit: Self.revertPage)
      let due = page.prefix { $0.sequence <= end }
      if due.isEmpty { throw CutoverRefusal.journal("it ends before entry \(end)") }
      do throws(JournalFault) {
        try revert.take(due)
      } catch {
        throw CutoverJournalError(
          .broken, "the journal is not what was written; nothing in it is relied on", cause: error)
      }
    }
  }

  /// Entries that are read at once; other questions to the journal have their turn between.
  private static let revertPage = 200
}
