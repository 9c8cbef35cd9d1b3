// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
package import Logging
package import ProxyDataPlane
internal import RoutingDecisions

/// Carries out the plans of cutovers: asks their gates each second, writes down what is decided,
/// and only then moves the routes.
///
/// The decisions are `CutoverMachine`'s. What this adds is an order of events: each is taken in,
/// its record made durable in the journal, and its moves made in one swap of the routing table,
/// before the next one is looked at. So the routes never stand where the journal does not say, and
/// a process that is killed goes on where the journal ends.
///
/// One exception is made for the users' sake. What takes traffic away from the extracted side is
/// done before it is written, however slow the disk is, and even when the journal cannot be
/// written; the records are kept and written as soon as it can. Nothing else is done until then.
package actor CutoverRunner {
  let journal: any CutoverJournal
  let routing: LiveRouting
  let traffic: any CutoverTraffic
  let comparisons: (any CutoverComparisons)?
  let logger: Logger
  let unixMilliseconds: @Sendable () -> Int64
  /// Events are taken in one after the other, while each one waits for the disk.
  let line = ChangeLine()

  /// The end of the journal; nil before it was read.
  private(set) var chain: JournalChain?
  private(set) var replay = JournalReplay()
  var machines: [String: CutoverMachine] = [:]
  /// Why each cutover does not go on.
  var holds: [String: HoldReason] = [:]
  /// Cutovers under way that the journal has and that cannot be gone on with.
  var unreadable: Set<String> = []
  /// Orders to throw the kill switch that have had their effect and wait for their turn.
  var killsWaiting = 0
  /// Done and not written yet, oldest first.
  private(set) var overdue: [JournalRecord] = []
  /// Why the journal could not be written the last time; nil when it could.
  private(set) var journalFailure: String?
  /// Cutovers that are not promoted since the journal cannot be written.
  var heldForJournal: Set<String> = []
  /// This process carries the plans out, and no other one.
  private(set) var isLeading = false
  /// Since the start, by cutover.
  var rollbacks: [String: Rollbacks] = [:]

  /// How often a cutover was taken back.
  struct Rollbacks: Sendable {
    var automatic = 0
    var ordered = 0
  }

  /// Creates a runner; nothing is read before `restore`.
  ///
  /// - Parameters:
  ///   - journal: where decisions are written down, and where the state comes from.
  ///   - routing: the routes that are moved.
  ///   - traffic: what the routes' two sides did.
  ///   - comparisons: what comparing both sides' answers found; nil when nobody compares.
  ///   - unixMilliseconds: the time, milliseconds since 1970-01-01T00:00:00Z.
  package init(
    journal: any CutoverJournal, routing: LiveRouting, traffic: any CutoverTraffic,
    comparisons: (any CutoverComparisons)? = nil, logger: Logger,
    unixMilliseconds: @escaping @Sendable () -> Int64
  ) {
    self.journal = journal
    self.routing = routing
    self.traffic = traffic
    self.comparisons = comparisons
    self.logger = logger
    self.unixMilliseconds = unixMilliseconds
  }

  var configurationHash: String {
    JournalHash(of: Array(routing.loaded.settingText.utf8)).description
  }

  /// What the journal adds up to once everything that was done is in it.
  var standing: JournalReplay {
    var standing = replay
    for record in overdue {
      // Each was made here, so each can be read.
      try? standing.apply(record, sequence: standing.sequence + 1)
    }
    return standing
  }

  var installation: InstallationState { standing.installation ?? InstallationState() }

  /// Where the routes stand by the records: the kill switch has its effect before it has its own.
  var shares: [String: Percentage] {
    killsWaiting > 0 && !installation.isKilled
      ? standing.shares(file: routing.filePercentages) : routing.percentages
  }
}

// MARK: - Writing

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
    try await writeOverdue()
    try await append(record)
    if let move { move() } else { makeMoves(of: record) }
    log(record)
  }

  private func commitUrgently(
    _ record: JournalRecord, _ move: (() -> Void)?
  ) async throws(CutoverRefusal) {
    try check(record)
    // Nothing is awaited before the routes have moved.
    overdue.append(record)
    if let move { move() } else { makeMoves(of: record) }
    do {
      try await writeOverdue()
    } catch {
      // Taking up what another process wrote may have moved them elsewhere.
      if record.moves.contains(where: { routing.percentages[$0.route] != $0.to }) {
        if let move { move() } else { makeMoves(of: record) }
      }
      for name in standing.ends.keys { forget(name) }
      logger.critical(
        "routes go back to legacy though the journal cannot be written",
        metadata: ["reason": "\(journalFailure ?? "\(error)")", "record": "\(record.reason)"])
    }
    log(record)
  }

  /// What the journal would never take is refused before it has an effect.
  func check(_ record: JournalRecord) throws(CutoverRefusal) {
    guard var end = chain else { return }
    do throws(JournalChain.Refusal) {
      _ = try end.append(record)
    } catch {
      throw .record(error)
    }
  }

  /// Writes what was done and is not written yet.
  func writeOverdue() async throws(CutoverRefusal) {
    while let record = overdue.first {
      let isBehind = journalFailure != nil
      try await append(record)
      overdue.removeFirst()
      if isBehind {
        logger.notice("journal caught up", metadata: ["entry": "\(replay.sequence)"])
      }
    }
  }

  private func append(_ record: JournalRecord) async throws(CutoverRefusal) {
    guard var chain else { throw .journal("it was not read yet") }
    let entry: JournalEntry
    do throws(JournalChain.Refusal) {
      entry = try chain.append(record)
    } catch {
      throw .record(error)
    }
    do {
      try await journal.append(entry)
      try replay.apply(entry)
    } catch {
      journalFailure = "\(error)"
      logger.error("journal is not written", metadata: ["error": "\(error)"])
      if (error as? CutoverJournalError)?.code == .conflict { await startOver() }
      throw .journal("\(error)")
    }
    self.chain = chain
    journalFailure = nil
    for name in replay.ends.keys { forget(name) }
  }

  /// Another process wrote: what it did is looked up, and goes on from there.
  private func startOver() async {
    do {
      try await read()
      moveToJournaledShares()
      restoreMachines()
    } catch {
      logger.critical("journal cannot be read", metadata: ["error": "\(error)"])
    }
  }

  func forget(_ cutover: String) {
    machines[cutover] = nil
    holds[cutover] = nil
    heldForJournal.remove(cutover)
  }

  private func makeMoves(of record: JournalRecord) {
    if record.moves.isEmpty { return }
    let shares = Dictionary(record.moves.map { ($0.route, $0.to) }, uniquingKeysWith: { $1 })
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

// MARK: - Reading

extension CutoverRunner {
  /// Reads the journal and puts the routes where it says. Called before the proxy takes its first
  /// connection.
  ///
  /// - Parameter leads: this process carries the plans out from now on. False while an older one
  ///   still does: then its moves are made here too, and nothing is written.
  /// - Throws: `CutoverJournalError` for a journal that cannot be relied on.
  package func restore(leads: Bool) async throws {
    try await line.run { try await self.restoreInLine(leads: leads) }
  }

  private func restoreInLine(leads: Bool) async throws {
    try await read()
    moveToJournaledShares()
    // A follower shows them, and asks them nothing: it has no entry to write.
    restoreMachines()
    guard leads else { return }
    isLeading = true
    do {
      try await noteFile()
      try await settleMachines()
    } catch {
      logger.error("journal is not written", metadata: ["error": "\(error)"])
    }
    watchTraffic()
  }

  private func read() async throws {
    var replay = replay
    let known = replay.contradictions.count
    chain = try await journal.forEachSound(after: chain) { try replay.apply($0) }
    self.replay = replay
    for contradiction in replay.contradictions.dropFirst(known) {
      logger.warning(
        "a route was moved without an entry",
        metadata: ["route": "\(contradiction.route)", "entry": "\(contradiction.sequence)"])
    }
  }

  private func moveToJournaledShares() {
    // What was done and is not written yet counts; the kill switch does as soon as it is ordered.
    let shares = standing.shares(file: routing.filePercentages)
    let isKilled = installation.isKilled || killsWaiting > 0
    if routing.isKeptWithLegacy != isKilled {
      routing.keepAllWithLegacy(
        isKilled, actor: "journal", reason: "kill switch", unixMilliseconds: unixMilliseconds())
    }
    let moved = shares.filter { routing.percentages[$0.key] != $0.value }
    if moved.isEmpty || isKilled { return }
    do {
      try routing.setPercentages(
        moved, actor: "journal", reason: "entry \(replay.sequence)",
        unixMilliseconds: unixMilliseconds())
    } catch {
      logger.critical(
        "routes do not stand where the journal says", metadata: ["error": "\(error)"])
    }
  }

  /// Writes down what the file says, and what that moves.
  private func noteFile() async throws(CutoverRefusal) {
    let record = standing.reading(
      file: routing.filePercentages, time: unixMilliseconds(),
      configurationHash: configurationHash)
    // The file's numbers are in force already, and would be after a restart too.
    if let record { try await commit(record, isUrgent: true, move: {}) }
  }

  /// Cutovers under way go on where they were, by what was done; that it is not written yet does
  /// not start one again.
  private func restoreMachines() {
    let now = unixMilliseconds()
    machines = [:]
    unreadable = []
    for (name, live) in standing.cutovers {
      var phase: CutoverState.Phase?
      do throws(UnusableState) {
        let journaled = try JournaledCutover(json: live.state)
        phase = journaled.state.phase
        machines[name] = try CutoverMachine(
          journaled.plan, restoring: journaled.state, age: Int(clamping: (now - live.time) / 1_000))
      } catch {
        logger.critical(
          "a cutover cannot be gone on with: its state cannot be read",
          metadata: ["cutover": "\(name)", "entry": "\(live.sequence)"])
        // One that is through, or was taken back, has no gates to ask.
        if phase == nil || phase == .underWay { unreadable.insert(name) }
      }
    }
  }

  /// Takes back what nobody watches over: cutovers whose state cannot be read have no gates.
  func takeBackUnreadable() async throws(CutoverRefusal) {
    for name in unreadable.sorted() {
      let shares = shares
      // Those at 0 % too: by a move that is not its own a cutover has ended.
      let moves = standing.routes(of: name).compactMap { route in
        shares[route].map { JournalRecord.Move(route: route, from: $0, to: .zero) }
      }
      unreadable.remove(name)
      if moves.isEmpty { continue }
      try await commit(
        JournalRecord(
          .moved, time: unixMilliseconds(), actor: JournalRecord.automaticActor,
          reason: "the cutover \(name) cannot be gone on with", isAutomatic: true, moves: moves,
          configurationHash: configurationHash, evidence: "its state cannot be read"),
        isUrgent: true)
    }
  }

  /// Takes back what cannot be gone on with or has no routes any more, and freezes what was frozen.
  private func settleMachines() async throws(CutoverRefusal) {
    if installation.isFrozen { freezeMachines() }
    try await takeBackUnreadable()
    let routes = routing.percentages
    for (name, machine) in machines.sorted(by: { $0.key < $1.key })
    where machine.phase == .underWay {
      if let lost = machine.plan.routes.first(where: { routes[$0] == nil }) {
        try await perform(
          .rollBack(reason: "the route \(lost) can no longer be moved"), on: name, by: nil)
      } else if machine.state.isFrozen != installation.isFrozen {
        try await perform(installation.isFrozen ? .freeze : .unfreeze, on: name, by: nil)
      }
    }
  }

  /// Puts another configuration in force, and writes down what it moves.
  ///
  /// - Parameter apply: puts it in force.
  package func reload<Change: Sendable>(
    _ apply: @escaping @Sendable () async throws -> Change
  ) async throws -> Change {
    try await line.run {
      let change = try await apply()
      await self.takeUp()
      return change
    }
  }

  private func takeUp() async {
    guard isLeading else { return }
    do {
      try await noteFile()
      try await settleMachines()
    } catch {
      logger.error("journal is not written", metadata: ["error": "\(error)"])
    }
    watchTraffic()
  }
}
