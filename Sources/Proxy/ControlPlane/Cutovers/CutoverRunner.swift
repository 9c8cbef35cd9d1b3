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
  let writer = JournalWriter()
  /// Writes what is kept beside the journal, which may hang for itself.
  let keeper = JournalWriter()
  /// Events are taken in one after the other, while each one waits for the disk.
  let line = ChangeLine()

  /// What is known of the journal, and what waits to be written into it.
  var tail: JournalTail
  /// What a restart finds of that which waits.
  var kept: [JournalRecord] = []
  var machines: [String: CutoverMachine] = [:]
  /// Why each cutover does not go on.
  var holds: [String: HoldReason] = [:]
  /// Cutovers under way that the journal has and that cannot be gone on with.
  var unreadable: Set<String> = []
  /// Orders to throw the kill switch that have had their effect and wait for their turn.
  var killsWaiting = 0
  /// Routes that orders have taken back which wait for their turn, with the number of those.
  var takenBack: [String: Int] = [:]
  /// Cutovers that are not promoted since the journal cannot be written.
  var heldForJournal: Set<String> = []
  /// Routes that another service has answered since the last second.
  var changedRoutes: Set<String> = []
  /// Routes about whose answers people ruled since the last second.
  var ruledRoutes: Set<String> = []
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
    tail = JournalTail(isShared: replica != nil)
    self.logger = logger
    self.unixMilliseconds = unixMilliseconds
  }

  var configurationHash: String {
    JournalHash(of: Array(routing.loaded.settingText.utf8)).description
  }

  var chain: JournalChain? { tail.chain }
  var replay: JournalReplay { tail.replay }
  var overdue: [JournalRecord] { tail.overdue }
  var standing: JournalReplay { tail.standing }

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
    if leads { try await recallOverdue() }
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
    // Before the first connection, and before anything that may promote.
    await comparisons?.lookUpRulings()
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
  func read() async throws -> Set<String> {
    var entries: [JournalEntry] = []
    let last = try await journal.forEachSound(after: chain) { entries.append($0) }
    return try take(entries, last)
  }

  func take(_ entries: [JournalEntry], _ last: JournalChain) throws -> Set<String> {
    let news = try tail.take(entries, to: last)
    for contradiction in news.contradictions {
      logger.warning(
        "a route was moved without an entry",
        metadata: ["route": "\(contradiction.route)", "entry": "\(contradiction.sequence)"])
    }
    return news.cutovers
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
    if standing.installation?.isKilled == true {
      for name in Array(machines.keys) where standing.cutovers[name] == nil { forget(name) }
    }
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
