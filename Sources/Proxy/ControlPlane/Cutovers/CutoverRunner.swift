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
///
/// Where several proxies share a journal each has a runner, and one of them leads: see
/// `CutoverRunner+Sharing.swift`.
package actor CutoverRunner {
  let journal: any CutoverJournal
  let routing: LiveRouting
  let traffic: any CutoverTraffic
  let comparisons: (any CutoverComparisons)?
  let logger: Logger
  let unixMilliseconds: @Sendable () -> Int64
  /// What this proxy is called among those that share the journal; nil when it has it to itself.
  let replica: ReplicaName?
  private let writer = JournalWriter()
  /// Events are taken in one after the other, while each one waits for the disk.
  let line = ChangeLine()

  /// The end of the journal; nil before it was read.
  private(set) var chain: JournalChain?
  /// An append failed: it may be in the journal all the same, which is read before the next one.
  private var isUncertain = false
  private(set) var replay = JournalReplay()
  var machines: [String: CutoverMachine] = [:]
  /// Why each cutover does not go on.
  var holds: [String: HoldReason] = [:]
  /// Cutovers under way that the journal has and that cannot be gone on with.
  var unreadable: Set<String> = []
  /// Orders to throw the kill switch that have had their effect and wait for their turn.
  var killsWaiting = 0
  /// Routes that orders have taken back which wait for their turn, with the number of those.
  var takenBack: [String: Int] = [:]
  /// Done and not written yet, oldest first.
  private(set) var overdue: [JournalRecord] = []
  /// Why the journal could not be written the last time; nil when it could.
  private(set) var journalFailure: String?
  /// Cutovers that are not promoted since the journal cannot be written.
  var heldForJournal: Set<String> = []
  /// Routes that another service has answered since the last second.
  var changedRoutes: Set<String> = []
  /// This process carries the plans out, and no other one.
  var isLeading = false
  /// Tells whether the older process has ended from which this one takes over; nil without one.
  var olderHasEnded: (@Sendable () -> Bool)?
  /// What is known of the proxies that share the journal.
  var sharing = SharingState()
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
  ///   - replica: what this proxy is called, for a journal that others share.
  ///   - unixMilliseconds: the time, milliseconds since 1970-01-01T00:00:00Z.
  package init(
    journal: any CutoverJournal, routing: LiveRouting, traffic: any CutoverTraffic,
    comparisons: (any CutoverComparisons)? = nil, replica: ReplicaName? = nil, logger: Logger,
    unixMilliseconds: @escaping @Sendable () -> Int64
  ) {
    self.journal = journal
    self.routing = routing
    self.traffic = traffic
    self.comparisons = comparisons
    self.replica = replica
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
      let record = replica == nil ? record : record.goingOn(from: standing)
      // Each was made here, so each can be read.
      try? standing.apply(record, sequence: standing.sequence + 1)
    }
    return standing
  }

  /// Number of the entry that is written behind what was done and is not written yet.
  var nextEntry: UInt64 { (chain?.sequence ?? 0) + UInt64(overdue.count) + 1 }

  var installation: InstallationState { standing.installation ?? InstallationState() }

  /// Where the routes stand by the records: the kill switch has its effect before it has its own.
  var shares: [String: Percentage] {
    if killsWaiting > 0 && !installation.isKilled { return journaledShares }
    if takenBack.isEmpty { return routing.percentages }
    let journaled = journaledShares
    return Dictionary(
      routing.percentages.map { route, share in
        (route, takenBack[route] == nil ? share : journaled[route] ?? share)
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Where the routes stand by what was written and what was done.
  private var journaledShares: [String: Percentage] {
    let file = routing.filePercentages
    return replica == nil ? standing.shares(file: file) : standing.sharedShares(file: file)
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
    var attempts = 0
    while true {
      if isUncertain { try await lookAgain() }
      guard let due = overdue.first else { return }
      let isBehind = journalFailure != nil
      let end = chain?.sequence
      let record = replica == nil ? due : due.goingOn(from: replay)
      do throws(CutoverRefusal) {
        try await append(record, holding: isLeading ? sharing.lease : nil)
      } catch {
        // Others write too: what takes users back is put behind what they wrote.
        attempts += 1
        if replica != nil, chain?.sequence != end, attempts < Self.mostAttempts { continue }
        throw error
      }
      // What was read meanwhile may have been this one.
      if overdue.first == due { overdue.removeFirst() }
      // It may move routes that others raised meanwhile.
      if record != due { moveToJournaledShares() }
      if isBehind {
        logger.notice("journal caught up", metadata: ["entry": "\(replay.sequence)"])
      }
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
    guard var chain else { throw .journal("it was not read yet") }
    let entry: JournalEntry
    do throws(JournalChain.Refusal) {
      entry = try chain.append(record)
    } catch {
      throw .record(error)
    }
    do {
      let journal = journal
      try await writer.write {
        if let lease, let shared = journal as? any SharedCutoverJournal {
          try await shared.append(entry, holding: lease)
        } else {
          try await journal.append(entry)
        }
      }
      try replay.apply(entry)
    } catch {
      await appendFailed(error)
      throw .journal("\(error)")
    }
    self.chain = chain
    journalFailure = nil
    for name in replay.ends.keys { forget(name) }
  }

  private func appendFailed(_ error: any Error) async {
    journalFailure = "\(error)"
    logger.error("journal is not written", metadata: ["error": "\(error)"])
    let code = (error as? CutoverJournalError)?.code
    isUncertain = code != .conflict
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
      isUncertain = false
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
    isUncertain = false
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

  /// Leads from where the older process stopped, if that has ended. Whoever finds that out first
  /// sees to it: an order that comes as soon as the admin address is this process' own must not be
  /// told that another one carries the plans out.
  func takeOverIfDue() async throws {
    guard !isLeading, olderHasEnded?() == true else { return }
    try await restoreInLine(leads: true)
    olderHasEnded = nil
  }

  private func restoreInLine(leads: Bool) async throws {
    // An order has taken over meanwhile: this process knows more than the journal by now.
    if !leads, isLeading { return }
    if leads, let alone = journal as? any ExclusiveCutoverJournal, try !alone.lock() {
      let (journal, process) = alone.holder
      throw CutoverJournalError(
        .inUse,
        (process.map { "process \($0)" } ?? "another process")
          + " of this machine carries out what is "
          + "in \(journal): stop that one, take over from it with --take-over, or name another file in "
          + "proxy.journal")
    }
    try await read()
    moveToJournaledShares()
    // A follower shows them, and asks them nothing: it has no entry to write.
    restoreMachines()
    guard leads else { return watchShared() }
    await lead()
  }

  /// Carries the plans out from now on.
  func lead() async {
    isLeading = true
    do {
      try await noteFile()
      try await settleMachines()
    } catch {
      logger.error("journal is not written", metadata: ["error": "\(error)"])
    }
    watchTraffic()
  }

  /// Reads on from the end that is known; returns the cutovers that were written about.
  @discardableResult
  private func read() async throws -> Set<String> {
    var entries: [JournalEntry] = []
    let last = try await journal.forEachSound(after: chain) { entries.append($0) }
    return try take(entries, last)
  }

  private func take(_ entries: [JournalEntry], _ last: JournalChain) throws -> Set<String> {
    var (replay, overdue, touched) = (replay, overdue, Set<String>())
    let known = replay.contradictions.count
    for entry in entries {
      try replay.apply(entry)
      // An append that was not answered had taken effect.
      if overdue.first?.isTold(by: entry.record) == true { overdue.removeFirst() }
      if let cutover = entry.record.cutover { touched.insert(cutover) }
    }
    chain = last
    self.replay = replay
    self.overdue = overdue
    for contradiction in replay.contradictions.dropFirst(known) {
      logger.warning(
        "a route was moved without an entry",
        metadata: ["route": "\(contradiction.route)", "entry": "\(contradiction.sequence)"])
    }
    return touched
  }

  func moveToJournaledShares() {
    // What was done and is not written yet counts; the kill switch, and what else takes users back,
    // does as soon as it is ordered.
    let shares = Dictionary(
      journaledShares.map { ($0.key, takenBack[$0.key] == nil ? $0.value : .zero) },
      uniquingKeysWith: { first, _ in first })
    routing.holdFileRaises(installation.isFrozen)
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

  /// Cutovers under way go on where they were, by what was done; that it is not written yet does
  /// not start one again.
  ///
  /// - Parameter names: those that others wrote about; nil for all.
  func restoreMachines(_ names: Set<String>? = nil) {
    let now = unixMilliseconds()
    let standing = standing
    if let names {
      for name in names.union(standing.ends.keys) { forget(name) }
      unreadable.subtract(names)
    } else {
      machines = [:]
      unreadable = []
    }
    if standing.installation?.isKilled == true { for name in machines.keys { forget(name) } }
    for (name, live) in standing.cutovers where names?.contains(name) ?? true {
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
        // One that was taken back has no gates to ask, and of one that is through legacy may be
        // gone.
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
}
