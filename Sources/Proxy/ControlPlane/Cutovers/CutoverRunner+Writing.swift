// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import Logging
internal import ProxyDataPlane
internal import RoutingDecisions

/// In which order records are written and moves are made; what is known of the journal meanwhile is
/// `JournalTail`'s.
extension CutoverRunner {
  /// Writes a record down, then makes its moves; urgent ones the other way round.
  ///
  /// - Parameters:
  ///   - isUrgent: the moves wait for no disk, and are made even if the record cannot be written.
  ///   - move: makes the moves; nil sets the shares that the record names.
  /// - Throws: `CutoverRefusal`; nothing was changed then.
  func commit(
    _ record: JournalRecord, isUrgent: Bool = false, move: (() -> Void)? = nil
  ) async throws(CutoverRefusal) {
    if isUrgent { return try await commitUrgently(record, move) }
    guard isLeading else { throw notLeading }
    let (end, lease) = (chain?.sequence, sharing.lease)
    try await writeOverdue()
    // What was written meanwhile may be what this was decided without.
    guard isLeading, sharing.lease == lease else { throw notLeading }
    if replica != nil, chain?.sequence != end { throw .journal("others wrote meanwhile") }
    try await append(record, holding: lease)
    if let move { move() } else { makeMoves(of: record) }
    log(record)
  }

  private func commitUrgently(
    _ record: JournalRecord, _ move: (() -> Void)?
  ) async throws(CutoverRefusal) {
    try check(record)
    // Orders that move nothing any more can come without end.
    if record.moves.isEmpty, overdue.count >= Self.mostOverdue {
      throw .journal("\(overdue.count) records wait for it")
    }
    // Nothing is awaited before the routes have moved.
    tail.wasDone(record)
    if let move { move() } else { makeMoves(of: record) }
    do {
      try await writeOverdue()
    } catch {
      // Taking up what another process wrote may have moved them elsewhere.
      if record.moves.contains(where: { routing.percentages[$0.route] != $0.to }) {
        if let move { move() } else { makeMoves(of: record) }
      }
      for name in standing.ends.keys { forget(name) }
      await keepOverdue()
      logger.critical(
        "routes go back to legacy though the journal cannot be written",
        metadata: ["reason": "\(tail.failure ?? "\(error)")", "record": "\(record.reason)"])
    }
    log(record)
  }

  /// What the journal would never take is refused before it has an effect.
  func check(_ record: JournalRecord) throws(CutoverRefusal) {
    _ = try prepared(record)
  }

  private func prepared(
    _ record: JournalRecord
  ) throws(CutoverRefusal) -> (entry: JournalEntry, end: JournalChain)? {
    do throws(JournalChain.Refusal) {
      return try tail.entry(for: record)
    } catch {
      throw .record(error)
    }
  }

  /// Writes what was done and is not written yet.
  func writeOverdue() async throws(CutoverRefusal) {
    var attempts = 0
    while true {
      if tail.isUncertain { try await lookAgain() }
      guard let due = tail.due else { return await keepOverdue() }
      let isBehind = tail.failure != nil
      let end = chain?.sequence
      do throws(CutoverRefusal) {
        try await append(due.fitted, holding: isLeading ? sharing.lease : nil)
      } catch {
        // Others write too: what takes users back is put behind what they wrote.
        attempts += 1
        if replica != nil, chain?.sequence != end, attempts < Self.mostAttempts { continue }
        throw error
      }
      tail.wasWritten(due.made)
      // It may move routes that others raised meanwhile.
      if due.fitted != due.made { moveToJournaledShares() }
      if isBehind {
        logger.notice("journal caught up", metadata: ["entry": "\(replay.sequence)"])
      }
    }
  }

  /// Takes up what an earlier process did and could not write. Some of it may be in the journal:
  /// what was written is told to be so a moment later.
  func recallOverdue() async throws {
    guard let journal = journal as? any OverdueKeepingJournal else { return }
    kept = try journal.openOverdue()
    if kept.isEmpty { return }
    var waiting = kept
    try await journal.forEachSound { entry in
      waiting.removeAll { $0.isTold(by: entry.record) }
    }
    for record in waiting {
      tail.wasDone(record)
      logger.warning(
        "goes on with what an earlier process did and could not write",
        metadata: ["actor": "\(record.actor)", "reason": "\(record.reason)"])
    }
  }

  /// Keeps what waits where a restart finds it.
  func keepOverdue() async {
    guard let journal = journal as? any OverdueKeepingJournal, kept != overdue else { return }
    let records = overdue
    do {
      try await keeper.write { try journal.keepOverdue(records) }
      kept = records
    } catch {
      logger.critical(
        "what was done and is not written is kept nowhere: a restart would undo it",
        metadata: ["reason": "\(error)"])
    }
  }

  /// How often an entry is tried again at once when others wrote meanwhile.
  private static let mostAttempts = 10
  /// Records that may wait to be written; those that still take users back may always.
  private static let mostOverdue = 1_000

  /// - Parameter lease: what the journal takes it by; nil for what any proxy may write.
  private func append(
    _ record: JournalRecord, holding lease: Int64?
  ) async throws(CutoverRefusal) {
    guard let (entry, end) = try prepared(record) else { throw .journal("it was not read yet") }
    do {
      let journal = journal
      try await writer.write {
        if let lease, let shared = journal as? any SharedCutoverJournal {
          try await shared.append(entry, holding: lease)
        } else {
          try await journal.append(entry)
        }
      }
      try tail.wasAppended(entry, at: end)
    } catch {
      await appendFailed(error)
      throw .journal("\(error)")
    }
    for name in replay.ends.keys { forget(name) }
  }

  private func appendFailed(_ error: any Error) async {
    tail.appendFailed(error)
    logger.error("journal is not written", metadata: ["error": "\(error)"])
    let code = (error as? CutoverJournalError)?.code
    if code == .notLeading { standDown() }
    if code == .conflict || code == .notLeading { await startOver() }
  }

  /// Another process wrote: what it did is looked up, and goes on from there.
  private func startOver() async {
    do {
      try await catchUp()
    } catch {
      logger.critical("journal cannot be read", metadata: ["error": "\(error)"])
    }
  }

  /// Finds out what became of an append that was not answered.
  private func lookAgain() async throws(CutoverRefusal) {
    do {
      let (journal, end) = (journal, chain)
      let (last, entries) = try await writer.write {
        var entries: [JournalEntry] = []
        let last = try await journal.forEachSound(after: end) { entries.append($0) }
        return (last, entries)
      }
      let touched = try take(entries, last)
      if entries.isEmpty { return }
      moveToJournaledShares()
      restoreMachines(touched)
    } catch {
      throw .journal("\(error)")
    }
  }

  /// Takes up what others wrote.
  func catchUp() async throws {
    let touched = try await read()
    moveToJournaledShares()
    restoreMachines(touched)
  }

  func forget(_ cutover: String) {
    machines[cutover] = nil
    holds[cutover] = nil
    heldForJournal.remove(cutover)
  }

  private func makeMoves(of record: JournalRecord) {
    if record.moves.isEmpty { return }
    // What was taken back meanwhile stays there.
    let moves = record.moves.filter { $0.to == .zero || takenBack[$0.route] == nil }
    if moves.isEmpty { return }
    let shares = Dictionary(moves.map { ($0.route, $0.to) }, uniquingKeysWith: { $1 })
    do {
      try routing.setPercentages(
        shares, actor: record.actor, reason: record.reason, unixMilliseconds: record.time)
    } catch {
      logger.critical(
        "routes do not stand where the journal says", metadata: ["error": "\(error)"])
    }
  }

  private func log(_ record: JournalRecord) {
    if record.reason == JournalRecord.stateReason { return }
    var metadata: Logger.Metadata = [
      "actor": "\(record.actor)", "reason": "\(record.reason)", "entry": "\(replay.sequence)",
    ]
    if let cutover = record.cutover { metadata["cutover"] = "\(cutover)" }
    for move in record.moves { metadata[move.route] = "\(move.from) -> \(move.to) %" }
    logger.notice("journaled", metadata: metadata)
  }
}
