// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// Moves the routes of a plan from stage to stage, and back as soon as a gate says so.
///
///     ready -start-> under way -all conditions of the last stage-> completed
///                        '------ a gate, an order, the kill switch -------'-> rolled back
///
/// Under way it may be paused, frozen or waiting for approval; the gates are asked in each of
/// these, since a service that fails does not wait either. Each route has gates and a proof of its
/// own, and all of them are needed. The gates of a completed cutover stay awake too, until an order
/// moves or confirms a route by hand: what breaks a week later is taken back as well. Whatever was
/// rolled back starts anew, with new stakes, as another cutover.
///
/// It reads no clock: a tick stands for a second, and the wall-clock time that comes with each
/// event is looked at for freeze windows only. The runner executes the one action that comes back,
/// and writes `state` into the journal with each action other than a hold, and whenever
/// `isStateDue`.
package struct CutoverMachine: Sendable, Equatable {
  /// Seconds between two writings of the state while nothing else is written.
  package static let journalInterval = 60
  /// The same of a completed cutover. What a restart forgets of it is at most an hour's evidence.
  package static let completedInterval = 3_600

  package let plan: CutoverPlan
  private var core: CutoverState
  private var monitors: [String: RouteMonitor]
  private var ticksSinceWritten = 0
  private var rulingsAreKnown = true

  /// A cutover before its start. The plan must be one that passed validation.
  ///
  /// - Parameters:
  ///   - run: number of the journal entry that its start becomes.
  ///   - services: how its routes are served.
  ///   - rulings: version of what people ruled to be noise, by route.
  package init(
    _ plan: CutoverPlan, run: UInt64? = nil, services: [String: String]? = nil,
    rulings: [String: String]? = nil
  ) {
    self.plan = plan
    core = CutoverState()
    core.run = run
    core.services = services
    core.rulings = rulings
    monitors = Dictionary(
      plan.routes.map { ($0, RouteMonitor(plan)) }, uniquingKeysWith: { first, _ in first })
  }

  /// Goes on with a journaled state after a restart, with the plan it was written under.
  ///
  /// What the gates saw since then is lost; the stakes of that time are too, so that no restart
  /// adds to the probability of a false rollback. Nor does one help to a promotion: what was lost
  /// may have spoken against it, so as much time is watched again first.
  ///
  /// - Parameter age: seconds since the state was written.
  package init(
    _ plan: CutoverPlan, restoring state: CutoverState, age: Int
  ) throws(UnusableState) {
    self.init(plan)
    // A state from the future was written by another clock: nobody knows how old it is. That of a
    // completed cutover is written seldom, so that all since then may have been judged.
    let lost = age < 0 ? Self.journalInterval : min(age, Self.journalInterval)
    let lostBlocks = state.phase == .completed ? max(age, lost) : lost
    guard plan.stages.indices.contains(state.stage), Set(state.routes.keys) == Set(plan.routes)
    else { throw .otherPlan }
    // What several routes proved together a version before is a proof of none of them.
    let proof: RouteMonitor.Proof? =
      plan.routes.count > 1
      ? nil
      : RouteMonitor.Proof(
        worth: state.promotionWorth, judged: state.judged, silence: state.extractedSilence)
    for (name, route) in state.routes {
      guard
        let monitor = RouteMonitor(
          restoring: route, plan, in: plan.stages[state.stage], proof: proof, lostBlocks: lostBlocks
        )
      else { throw .otherPlan }
      monitors[name] = monitor
    }
    core = state
    let unseen = min((core.unseen ?? 0) + lost, Self.journalInterval)
    core.unseen = unseen > 0 ? unseen : nil
  }

  /// Everything that a restart needs.
  package var state: CutoverState {
    var state = core
    let tests = monitors.values.map(\.promotion)
    state.promotionWorth = tests.min { $0.evidence < $1.evidence }?.worth ?? []
    state.judged = tests.map(\.judged).min() ?? 0
    state.routes = monitors.mapValues(\.state)
    return state
  }

  /// The state has not been written for a minute, or for an hour once it is completed.
  package var isStateDue: Bool {
    switch core.phase {
    case .underWay: ticksSinceWritten >= Self.journalInterval
    case .completed: isWatched && ticksSinceWritten >= Self.completedInterval
    case .ready, .rolledBack: false
    }
  }

  /// The runner wrote the state.
  package mutating func stateWasWritten() { ticksSinceWritten = 0 }

  package var stage: CutoverStage { plan.stages[core.stage] }
  package var phase: CutoverState.Phase { core.phase }
  /// Its gates are asked.
  package var isWatched: Bool {
    core.phase == .underWay || core.phase == .completed && core.watchesOn == true
  }
  /// Its routes can be taken back.
  package var isReversible: Bool { core.phase == .underWay || core.phase == .completed }
  package var run: UInt64? { core.run }
  package var services: [String: String]? { core.services }

  /// Takes down how its routes are served, where the journal does not say: a version before did not
  /// write it. Written with the next state.
  package mutating func learn(services: [String: String]) {
    if core.services == nil { core.services = services }
  }

  package var rulings: [String: String]? { core.rulings }

  /// Takes down by which rulings its comparisons are judged, where they prove nothing, or where the
  /// journal does not say. Written with the next state.
  package mutating func learn(rulings: [String: String]) { core.rulings = rulings }

  /// Takes note of whether anybody knows what people rule.
  package mutating func takeNote(rulingsAreKnown: Bool) { self.rulingsAreKnown = rulingsAreKnown }

  /// The share that the routes have by this cutover.
  package var percent: Percentage {
    switch core.phase {
    case .ready, .rolledBack: .zero
    case .underWay: stage.percent
    case .completed: plan.stages.last?.percent ?? .zero
    }
  }

  /// What every gate of every route says now.
  package var findings: [GateFinding] {
    plan.routes.flatMap { monitors[$0]?.findings(route: $0, in: stage) ?? [] }
  }

  /// Routes on whose extracted side nothing succeeds at the moment, or whose breaker refused any
  /// request within a minute.
  package var outages: [OutageFinding] {
    plan.routes.flatMap { route -> [OutageFinding] in
      guard let monitor = monitors[route] else { return [] }
      return monitor.outages.map { outage in
        OutageFinding(route, outage, usersAwaited: monitor.usersAwaited(outage, in: stage))
      }
    }
  }

  /// From which age on, in milliseconds, requests of a route count as slow in the coming second:
  /// one pair for each latency gate.
  package func slowness(of route: String) -> [SlownessThresholds] {
    monitors[route]?.latency.map {
      SlownessThresholds(legacy: $0.threshold.legacy, extracted: $0.threshold.extracted)
    } ?? []
  }

  /// Takes an event in.
  ///
  /// - Parameter time: seconds since 1970, for freeze windows.
  package mutating func handle(_ event: CutoverEvent, at time: Int64) -> CutoverAction {
    switch event {
    case .tick(let counts, let strangers): return tick(counts, strangers, at: time)
    case .compared(let route, let counts):
      guard monitors[route] != nil else { return .refuse(.unknownRoute(route)) }
      core.compares[route, default: CompareCounts()] += counts
      return proceed(at: time)
    case .serviceChanged(let services, let run): return change(to: services, run, at: time)
    case .ruled(let rulings): return rule(rulings, at: time)
    case .start: return start(at: time)
    case .approve(let approval): return approve(approval, at: time)
    case .pause:
      if core.isPaused { return .refuse(.alreadyPaused) }
      guard core.phase == .underWay else { return .refuse(.notUnderWay) }
      core.isPaused = true
      return .hold(.paused)
    case .resume:
      guard core.isPaused else { return .refuse(.notPaused) }
      core.isPaused = false
      return proceed(at: time)
    case .freeze:
      core.isFrozen = true
      return proceed(at: time)
    case .unfreeze:
      core.isFrozen = false
      return proceed(at: time)
    case .rollBack(let reason):
      // After completion too: whoever orders it knows whether legacy is still there.
      guard isReversible else { return .refuse(.notUnderWay) }
      return rollBack(.ordered(reason: reason))
    case .killSwitch(let isOn):
      core.isKilled = isOn
      return isOn && isReversible ? rollBack(.killSwitch) : proceed(at: time)
    }
  }
}

// MARK: - Moving

extension CutoverMachine {
  private mutating func start(at time: Int64) -> CutoverAction {
    guard core.phase == .ready else { return .refuse(.alreadyStarted) }
    if core.isKilled { return .refuse(.killSwitchIsOn) }
    if isFrozen(at: time) { return .refuse(.frozen) }
    core.phase = .underWay
    return enter(stage: 0)
  }

  private mutating func approve(_ approval: StageApproval, at time: Int64) -> CutoverAction {
    guard core.phase == .underWay else { return .refuse(.nothingAwaitsApproval) }
    let (version, next) = (version, core.stage + 1)
    if approval.plan != version {
      return .refuse(.otherPlan(approved: approval.plan, underWay: version))
    }
    if !plan.stages.indices.contains(approval.stage) {
      return .refuse(.noSuchStage(approved: approval.stage, of: plan.stages.count))
    }
    if approval.stage != next {
      return .refuse(.otherStage(approved: approval.stage, next: next))
    }
    guard core.isAwaitingApproval, !core.isApproved else {
      return .refuse(.nothingAwaitsApproval)
    }
    core.isApproved = true
    return proceed(at: time)
  }

  private mutating func enter(stage index: Int) -> CutoverAction {
    core.stage = index
    core.soaked = 0
    core.isAwaitingApproval = false
    core.isApproved = false
    core.extractedSilence = Silence()
    core.legacySilence = Silence()
    let stage = stage
    for name in monitors.keys { monitors[name]?.enterStage(stage) }
    return .setPercent(stage.percent, stage: index)
  }

  /// The stage begins anew, at the share that it has. What speaks against the former service is
  /// kept: the gates' stakes are given out once.
  private mutating func change(
    to services: [String: String], _ run: UInt64?, at time: Int64
  ) -> CutoverAction {
    core.services = services
    // Another one in any case, also where that entry could not be written.
    core.run = max(run ?? 0, (core.run ?? 0) + 1)
    core.compares = [:]
    for name in monitors.keys { monitors[name]?.forgetComparisons() }
    guard core.phase == .underWay else { return proceed(at: time) }
    core.soaked = 0
    core.isAwaitingApproval = false
    core.isApproved = false
    let stage = stage
    for name in monitors.keys { monitors[name]?.forgetProof(in: stage) }
    return proceed(at: time)
  }

  /// At 0 % comparisons are the proof: what could not be decided before may be decided now, and
  /// what was proved, or approved because of it, may not be. The traffic has passed all the same.
  private mutating func rule(_ rulings: [String: String], at time: Int64) -> CutoverAction {
    let ruled = plan.routes.filter { core.rulings?[$0] != rulings[$0] }
    core.rulings = rulings
    guard core.phase == .underWay, stage.percent == .zero else { return proceed(at: time) }
    core.isAwaitingApproval = false
    core.isApproved = false
    let stage = stage
    for name in ruled {
      core.compares[name] = nil
      monitors[name]?.forgetProof(in: stage)
      monitors[name]?.forgetComparisons()
    }
    return proceed(at: time)
  }

  private mutating func rollBack(_ reason: RollBackReason) -> CutoverAction {
    core.phase = .rolledBack
    core.isPaused = false
    core.isAwaitingApproval = false
    core.isApproved = false
    return .rollBack(reason)
  }

  private mutating func tick(
    _ counts: [String: RouteCounts], _ strangers: [String: RouteCounts], at time: Int64
  ) -> CutoverAction {
    guard isWatched else { return proceed(at: time) }
    ticksSinceWritten += 1
    observe(counts, strangers)
    if let worst = findings.filter(\.hasFired).max(by: { $0.weight < $1.weight }) {
      return rollBack(.gate(worst))
    }
    let stage = stage
    if let outage = outages.first(where: {
      monitors[$0.route]?.isOut($0.outage, in: stage) ?? false
    }) {
      return rollBack(.outage(outage))
    }
    if let unseen = core.unseen { core.unseen = unseen > 1 ? unseen - 1 : nil }
    if core.phase == .underWay, !core.isPaused { core.soaked += 1 }
    return proceed(at: time)
  }

  /// Lets every gate see the second, in whatever state the cutover is.
  private mutating func observe(
    _ counts: [String: RouteCounts], _ strangers: [String: RouteCounts]
  ) {
    let stage = stage
    var (legacy, extracted) = (0, 0)
    for route in plan.routes {
      guard var monitor = monitors[route] else { continue }
      let second = counts[route] ?? RouteCounts()
      legacy += second.legacy.finished
      extracted += second.extracted.finished
      monitor.tick(second, strangers: strangers[route] ?? RouteCounts(), in: stage)
      let compares = core.compares.removeValue(forKey: route) ?? CompareCounts()
      if stage.percent == .zero { extracted += compares.compared + compares.undecided }
      monitor.compare(compares, in: stage)
      monitors[route] = monitor
    }
    core.legacySilence.tick(finished: legacy)
    core.extractedSilence.tick(finished: extracted)
  }

  /// Goes on if nothing speaks against it.
  private mutating func proceed(at time: Int64) -> CutoverAction {
    if let reason = holdReason(at: time) { return .hold(reason) }
    let next = core.stage + 1
    guard plan.stages.indices.contains(next) else {
      core.phase = .completed
      core.watchesOn = true
      return .complete
    }
    if plan.stages[next].needsApproval, !core.isApproved {
      if core.isAwaitingApproval { return .hold(.awaitingApproval(stage: next)) }
      core.isAwaitingApproval = true
      return .awaitApproval(stage: next)
    }
    return enter(stage: next)
  }
}

// MARK: - Holding

extension CutoverMachine {
  private func isFrozen(at time: Int64) -> Bool {
    core.isFrozen || plan.freezes.contains { $0.contains(time) }
  }

  /// Why it may not go on; the reasons that people can do something about come first.
  private func holdReason(at time: Int64) -> HoldReason? {
    switch core.phase {
    case .ready: return .notStarted
    case .rolledBack: return .rolledBack
    case .completed: return .completed
    case .underWay: break
    }
    if core.isPaused { return .paused }
    if core.isFrozen { return .frozen }
    if isFrozen(at: time) { return .inFreezeWindow }
    if !rulingsAreKnown, stage.percent == .zero { return .rulingsUnknown }
    if let silent = silence { return silent }
    if let outage = outages.first(where: { $0.outage.exclusion.isUnderWay }) {
      return .keptAway(outage)
    }
    let soak = Int(stage.soak.components.seconds)
    if core.soaked < soak { return .soaking(seconds: soak - core.soaked) }
    // One that is proved of nine routes is no proof of the tenth.
    let tests = plan.routes.compactMap { route in monitors[route].map { (route, $0.promotion) } }
    if let (route, least) = tests.min(by: { $0.1.judged < $1.1.judged }),
      least.judged < stage.minimum
    {
      return .sampleTooSmall(route: route, least.judged, of: stage.minimum)
    }
    if let unseen = core.unseen { return .catchingUp(seconds: unseen) }
    let worst = findings.max { $0.evidence < $1.evidence }
    if let worst, worst.evidence >= 1 { return .evidenceAgainst(worst) }
    if let (route, least) = tests.min(by: { $0.1.evidence < $1.1.evidence }), !least.isProved {
      if let undecided = monitors[route]?.undecided, undecided > 0 {
        return .undecided(route: route, comparisons: undecided)
      }
      return .notProved(route: route, evidence: least.evidence, of: PromotionTest.threshold)
    }
    return nil
  }

  private var silence: HoldReason? {
    if core.extractedSilence.isSilent, core.legacySilence.isSilent { return .noTraffic }
    if let silent = plan.routes.first(where: { monitors[$0]?.silence.isSilent ?? false }) {
      return .extractedSilent(route: silent)
    }
    let route = plan.routes.first { monitors[$0]?.lacksLegacy(in: stage) ?? false }
    return route.map { .legacySilent(route: $0) }
  }
}
