// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import Logging
internal import ProxyDataPlane
internal import RoutingDecisions
internal import ServiceLifecycle

extension CutoverRunner: Service {
  /// Time between two looks at the gates, which count in it.
  package static let interval = Duration.seconds(1)
  /// How long a move that an older process wrote down may wait for its effect here.
  static let patience = Duration.milliseconds(250)
  /// Such times that a journal is locked by nobody known before that is said, and said again.
  private static let quietTurns = 8
  private static let turnsToRepeat = 240

  /// Asks the gates each second, and shares the journal where others do, until shutdown.
  package func run() async throws {
    async let shared: Void = share()
    await tickEachSecond()
    await writeLast()
    if (try? await line.run { await self.letGo() }) == nil { letGo() }
    await shared
  }

  /// What was done and not written yet is lost with the process, unless it can be written now.
  private func writeLast() async {
    _ = try? await line.run { try await self.writeOverdue() }
    for record in overdue {
      logger.critical(
        "routes were taken back, and the journal does not say so",
        metadata: ["reason": "\(record.reason)", "actor": "\(record.actor)"])
    }
  }

  /// From here on another process of this machine may carry out what is in the journal: orders that
  /// still come to this one are refused.
  private func letGo() {
    guard let alone = journal as? any ExclusiveCutoverJournal else { return }
    isLeading = false
    alone.unlock()
  }

  private func tickEachSecond() async {
    let clock = ContinuousClock()
    // Throws at shutdown, which ends the loop.
    try? await cancelWhenGracefulShutdown {
      var next = clock.now
      while !Task.isCancelled {
        // A second that was missed is not made up for: a stage gets longer by that.
        next = max(next + Self.interval, clock.now)
        try await clock.sleep(until: next, tolerance: nil)
        await self.tick()
      }
    }
  }

  /// Makes the moves that an older process writes down, until that has ended and lets go of the
  /// journal; then carries the plans out from where it stopped.
  package func follow(until other: @escaping @Sendable () -> Bool) async {
    let alone = journal as? any ExclusiveCutoverJournal
    let hasEnded: @Sendable () -> Bool = {
      // What cannot be locked is told when this process is to lead.
      other() && (try? alone?.lock()) ?? true
    }
    olderHasEnded = hasEnded
    var turns = 0
    while !hasEnded() {
      if other() {
        if turns % Self.turnsToRepeat == Self.quietTurns {
          logger.warning(
            "another process of this machine has the journal; orders are refused until it ends")
        }
        turns += 1
      }
      do {
        try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.patience) }
      } catch {
        return
      }
      _ = await logged { try await $0.restore(leads: false) }
    }
    // The older process has ended: until this one leads nobody does.
    while await !logged({ try await $0.takeOver() }) {
      do {
        try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.patience) }
      } catch {
        return
      }
    }
  }

  private func takeOver() async throws { try await line.run { try await self.takeOverIfDue() } }

  /// False when the journal could not be read.
  private func logged(_ read: (CutoverRunner) async throws -> Void) async -> Bool {
    do {
      try await read(self)
      return true
    } catch {
      logger.critical("journal cannot be read", metadata: ["error": "\(error)"])
      return false
    }
  }

  /// A second has passed.
  package func tick() async {
    // Nothing in it throws; the line does when its task is cancelled.
    _ = try? await line.run { await self.tickInLine() }
  }

  private func tickInLine() async {
    guard isLeading || replica != nil else { return }
    do {
      try await writeOverdue()
    } catch {
      // Why was said at error when the append failed.
      logger.debug("journal is behind", metadata: ["records": "\(overdue.count)"])
    }
    var (counts, compared) = takeCounts()
    // What others did while this one followed was judged by who led.
    let others = sharing.counts.take()
    guard isJudging else { return watchTraffic() }
    if isLeading {
      for (route, more) in others.counts { counts[route, default: RouteCounts()] += more }
      for (route, more) in others.compared { compared[route, default: CompareCounts()] += more }
    }
    // Only what the journal would never take is thrown, which nothing here is.
    try? await takeBackUnreadable()
    // Before anything that may promote.
    await settleServices()
    await settleRulings()
    await settleFreeze()
    // In the second of the change most of it was the former service's.
    var strangers = isLeading ? others.strangers : [:]
    for route in changedRoutes {
      if let former = counts.removeValue(forKey: route) {
        strangers[route, default: RouteCounts()] += former
      }
      compared[route] = nil
    }
    // Most of it was compared before the ruling, or under none that is known.
    for route in ruledRoutes { compared[route] = nil }
    (changedRoutes, ruledRoutes) = ([], [])
    for (name, machine) in machines.sorted(by: { $0.key < $1.key })
    where machine.isWatched {
      await tick(name, machine, counts, strangers, compared)
    }
    watchTraffic()
  }

  /// What this proxy did since the last second.
  private func takeCounts() -> ([String: RouteCounts], [String: CompareCounts]) {
    let (counts, compared) = (traffic.take(), comparisons?.take() ?? [:])
    if replica != nil { sharing.counts.add(counts, compared: compared) }
    return (counts, compared)
  }

  private func tick(
    _ name: String, _ machine: CutoverMachine, _ counts: [String: RouteCounts],
    _ strangers: [String: RouteCounts], _ compared: [String: CompareCounts]
  ) async {
    let second =
      machine.plan.routes.compactMap { route in
        compared[route].map { CutoverEvent.compared(route: route, $0) }
      } + [.tick(counts, strangers: strangers)]
    for (index, event) in second.enumerated() {
      do {
        try await perform(event, on: name, by: nil)
      } catch {
        return await hold(name, second[index...])
      }
    }
    guard isLeading else { return }
    do {
      try await writeState(of: name)
    } catch {
      logger.error("state of a cutover is not written", metadata: ["cutover": "\(name)"])
    }
  }

  /// No cutover is promoted from now on; their own entries follow.
  func freezeMachines() {
    for (name, machine) in machines where machine.phase == .underWay {
      var machine = machine
      if case .hold(let reason) = machine.handle(.freeze, at: unixMilliseconds() / 1_000) {
        holds[name] = reason
      }
      machines[name] = machine
    }
  }

  /// Holds the cutovers to what was ordered for all of them, where an entry that failed left one
  /// behind.
  private func settleFreeze() async {
    if installation.isFrozen || !isLeading { return freezeMachines() }
    for (name, machine) in machines.sorted(by: { $0.key < $1.key })
    where machine.phase == .underWay && machine.state.isFrozen && !heldForJournal.contains(name) {
      // One that fails is tried again in the next second.
      try? await perform(.unfreeze, on: name, by: nil)
    }
  }

  /// What was proved of a service says nothing of the one that a reload, a restart with another
  /// file, or another leader has put in its place; nor what was compared by other rules.
  func settleServices() async {
    guard isLeading else { return }
    for (name, machine) in machines.sorted(by: { $0.key < $1.key })
    where machine.phase == .underWay {
      let services = services(of: machine.plan)
      guard let known = machine.services else {
        machines[name]?.learn(services: services)
        continue
      }
      if known == services { continue }
      changedRoutes.formUnion(machine.plan.routes)
      await settle(.serviceChanged(services, run: tail.nextEntry), on: name)
    }
  }

  /// Takes in what holds whether or not it can be written; then it is with the next state.
  private func settle(_ event: CutoverEvent, on name: String) async {
    do {
      try await perform(event, on: name, by: nil)
    } catch {
      // What others wrote is read by now, and may have taken it back.
      guard var machine = machines[name], machine.phase == .underWay else { return }
      _ = machine.handle(event, at: unixMilliseconds() / 1_000)
      machines[name] = machine
    }
  }

  /// What was proved while something else counted as noise is no proof, whether people ruled while
  /// this process looked, while none did, or where another proxy leads.
  func settleRulings() async {
    guard isLeading, let comparisons else { return }
    let isKnown = comparisons.rulings != nil
    for (name, machine) in machines.sorted(by: { $0.key < $1.key })
    where machine.phase == .underWay && machine.plan.judgesComparisons {
      machines[name]?.takeNote(rulingsAreKnown: isKnown)
      guard isKnown else {
        // Approved noise would count as undecided, and go on to once the rulings are known again.
        if machine.stage.percent == .zero { ruledRoutes.formUnion(machine.plan.routes) }
        continue
      }
      let rulings = rulings(of: machine.plan)
      guard let known = machine.rulings, machine.stage.percent == .zero else {
        machines[name]?.learn(rulings: rulings)
        continue
      }
      if known == rulings { continue }
      ruledRoutes.formUnion(machine.plan.routes.filter { known[$0] != rulings[$0] })
      await settle(.ruled(rulings), on: name)
    }
  }

  /// Versions of what is noise on the routes of a plan; none where nobody knows.
  func rulings(of plan: CutoverPlan) -> [String: String] { rulings(of: Set(plan.routes)) }

  /// The same of any routes.
  func rulings(of routes: Set<String>) -> [String: String] {
    guard let rulings = comparisons?.rulings else { return [:] }
    let known = routing.loaded.routes.filter { routes.contains($0.name) }
    return Dictionary(
      known.map { ($0.name, rulings.version(of: $0.match)) }, uniquingKeysWith: { $1 })
  }

  /// A restart goes on with evidence that is at most a minute old.
  private func writeState(of name: String) async throws(CutoverRefusal) {
    guard let machine = machines[name] else { return }
    let isHeld = heldForJournal.contains(name)
    guard machine.isStateDue || isHeld else { return }
    try await commit(
      JournalRecord(
        stateOf: machine, time: unixMilliseconds(), configurationHash: configurationHash))
    machines[name]?.stateWasWritten()
    if isHeld {
      heldForJournal.remove(name)
      if !installation.isFrozen { try await perform(.unfreeze, on: name, by: nil) }
    }
  }

  /// The journal could not be written, so nothing was decided. The gates go on seeing what happens,
  /// and may take the routes back; promoted is nothing until the journal can be written.
  ///
  /// - Parameter rest: what was not taken in of the second, from the event that failed on.
  private func hold(_ name: String, _ rest: ArraySlice<CutoverEvent>) async {
    guard var machine = machines[name], machine.phase == .underWay else { return }
    if heldForJournal.insert(name).inserted {
      _ = machine.handle(.freeze, at: unixMilliseconds() / 1_000)
      machines[name] = machine
      // It is given up with the decision and would be lost: comparisons are told once.
      for event in rest { try? await perform(event, on: name, by: nil) }
    }
  }

  /// Counts the requests of what is under way or through, by the thresholds of now.
  func watchTraffic() {
    traffic.follow(
      machines.sorted { $0.key < $1.key }.filter { $0.value.isWatched }
        .flatMap { _, machine in
          machine.plan.routes.map {
            RouteWatch.Target(route: $0, slowness: machine.slowness(of: $0))
          }
        })
  }

  /// Lets a cutover take an event in, writes down what comes of it, and does it.
  ///
  /// - Parameter order: who wants it; nil when time passed.
  /// - Throws: `CutoverRefusal`; the cutover is as it was then.
  func perform(
    _ event: CutoverEvent, on name: String, by order: CutoverOrder?
  ) async throws(CutoverRefusal) {
    guard var machine = machines[name] else { throw .order(.notUnderWay, cutover: name) }
    let time = unixMilliseconds()
    let action = machine.handle(event, at: time / 1_000)
    if case .refuse(let refusal) = action { throw .order(refusal, cutover: name) }
    var (isUrgent, evidence): (Bool, String?) = (false, nil)
    if case .rollBack = action { (isUrgent, evidence) = (true, machine.evidence) }
    // The reason of an ordered rollback is what the machine says already.
    var note = order?.reason
    if case .rollBack = event { note = nil }
    var record = JournalRecord(
      event, action, from: shares, machine, time: time, actor: order?.actor,
      note: note, configurationHash: configurationHash, evidence: evidence)
    if case .rollBack = action { record = record?.endingCutover(of: machine, from: shares) }
    if let record {
      try await commit(record, isUrgent: isUrgent)
      machine.stateWasWritten()
    }
    if case .rollBack(let cause) = action {
      rollbacks[name, default: Rollbacks()].count(isAutomatic: cause.isAutomatic)
    }
    machines[name] = machine
    holds[name] = if case .hold(let reason) = action { reason } else { nil }
  }
}

extension CutoverRunner.Rollbacks {
  fileprivate mutating func count(isAutomatic: Bool) {
    if isAutomatic { automatic += 1 } else { ordered += 1 }
  }
}

extension CutoverMachine {
  /// What every gate says, for the journal.
  fileprivate var evidence: String {
    let lines = (outages.map(\.description) + findings.map(\.description))
      .joined(separator: "\n")
    return String(decoding: lines.utf8.prefix(JournalChain.longestEvidence), as: UTF8.self)
  }
}
