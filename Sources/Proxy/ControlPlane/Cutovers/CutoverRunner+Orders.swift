// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
internal import Logging
internal import ProxyDataPlane
package import RoutingDecisions

/// What people order. Each order is written into the journal with who gave it and why before it has
/// an effect; all throw `CutoverRefusal` when nothing was changed.
extension CutoverRunner {
  /// Begins the first stage of a plan as the configuration in force has it.
  ///
  /// - Parameter skipsGates: a plan that skips its gates is meant so.
  package func start(
    _ name: String, skipsGates: Bool = false, by order: CutoverOrder
  ) async throws {
    try await inLine { runner in
      let plans = runner.routing.loaded.cutovers
      guard let plan = plans.first(where: { $0.name == name }) else {
        throw CutoverRefusal.unknownCutover(name, known: plans.map(\.name))
      }
      if runner.isKilled { throw CutoverRefusal.killSwitchIsOn }
      if plan.skipsGates, !skipsGates { throw CutoverRefusal.planSkipsGates(cutover: name) }
      let former = runner.machines[name]
      switch former?.phase {
      case .underWay: throw CutoverRefusal.order(.alreadyStarted, cutover: name)
      case .completed: throw CutoverRefusal.completed(cutover: name)
      case .ready, .rolledBack, nil: break
      }
      var machine = CutoverMachine(
        plan, run: runner.tail.nextEntry, services: runner.services(of: plan),
        rulings: runner.comparisons?.rulings == nil ? nil : runner.rulings(of: plan))
      if runner.installation.isFrozen {
        _ = machine.handle(.freeze, at: runner.unixMilliseconds() / 1_000)
      }
      runner.machines[name] = machine
      do {
        try await runner.perform(.start, on: name, by: order)
      } catch {
        // What others wrote about it is read by now, and stays.
        if runner.machines[name] == machine { runner.machines[name] = former }
        throw error
      }
      runner.watchTraffic()
    }
  }

  /// Approves the stage that waits for it, if that is the one.
  package func approve(
    _ approval: StageApproval, of name: String, by order: CutoverOrder
  ) async throws {
    try await give(.approve(approval), to: name, by: order)
  }

  /// Promotes nothing until `resume`; the gates stay awake.
  package func pause(_ name: String, by order: CutoverOrder) async throws {
    try await give(.pause, to: name, by: order)
  }

  package func resume(_ name: String, by order: CutoverOrder) async throws {
    try await give(.resume, to: name, by: order)
  }

  /// Takes all routes of the cutover back to legacy.
  package func rollBack(_ name: String, by order: CutoverOrder) async throws {
    let machine = machines[name]
    try check(record(order, order.reason, nil))
    try await takingBack(
      machine?.isWatched == true ? machine?.plan.routes ?? [] : [], by: order
    ) {
      try await give(.rollBack(reason: order.reason), to: name, by: order, isUrgent: true)
    }
  }

  private func give(
    _ event: CutoverEvent, to name: String, by order: CutoverOrder, isUrgent: Bool = false
  ) async throws {
    try await inLine(isUrgent: isUrgent) { runner in
      let known = Set(runner.routing.loaded.cutovers.map(\.name)).union(runner.machines.keys)
      guard known.contains(name) else {
        throw CutoverRefusal.unknownCutover(name, known: known.sorted())
      }
      try await runner.perform(event, on: name, by: order)
      runner.watchTraffic()
    }
  }

  /// Promotes nothing anywhere until it is taken off.
  ///
  /// - Returns: the moves that the file asked for while everything was frozen, made by its end.
  @discardableResult
  package func freeze(
    _ isOn: Bool, by order: CutoverOrder
  ) async throws -> [JournalRecord.Move] {
    try await inLine { runner in
      var state = runner.installation
      if state.isFrozen == isOn {
        throw CutoverRefusal.unchanged(isOn ? "Everything is frozen" : "Nothing is frozen")
      }
      state.isFrozen = isOn
      try await runner.commit(
        runner.record(order, "\(isOn ? "frozen" : "no longer frozen"): \(order.reason)", state))
      // From here on nothing is promoted, whatever becomes of the cutovers' own entries.
      runner.routing.holdFileRaises(isOn)
      if isOn { runner.freezeMachines() }
      for (name, machine) in runner.machines.sorted(by: { $0.key < $1.key })
      where machine.phase == .underWay {
        do {
          try await runner.perform(isOn ? .freeze : .unfreeze, on: name, by: order)
        } catch {
          // The order is carried out and written; the next second sees to what is left.
          runner.logger.error(
            "state of a cutover is not written", metadata: ["cutover": "\(name)"])
        }
      }
      let moves = isOn ? [] : await runner.takeUpHeld(by: order)
      runner.watchTraffic()
      return moves
    }
  }

  /// On: everybody goes to legacy in one swap and stays there; cutovers end. Off moves nobody.
  package func setKillSwitch(_ isOn: Bool, by order: CutoverOrder) async throws {
    if isOn, mayTakeBack, !installation.isKilled {
      try check(record(order, "kill switch on: \(order.reason)", installation))
      // Whatever stands in the line may wait for the disk; the users do not.
      killsWaiting += 1
      routing.keepAllWithLegacy(
        true, actor: order.actor, reason: order.reason, unixMilliseconds: unixMilliseconds())
      do {
        try await writeKillSwitch(true, by: order)
        killsWaiting -= 1
      } catch {
        killsWaiting -= 1
        // It was refused after all: the routes stand where the journal says.
        moveToJournaledShares()
        throw error
      }
      return
    }
    try await writeKillSwitch(isOn, by: order)
  }

  private func writeKillSwitch(_ isOn: Bool, by order: CutoverOrder) async throws {
    try await inLine(isUrgent: isOn) { runner in
      var state = runner.installation
      if state.isKilled == isOn {
        throw CutoverRefusal.unchanged("The kill switch is \(isOn ? "on" : "off")")
      }
      state.isKilled = isOn
      let position = isOn ? "on" : "off"
      var record = runner.record(order, "kill switch \(position): \(order.reason)", state)
      if isOn {
        record.moves = runner.shares.sorted { $0.key < $1.key }
          .filter { $0.value > .zero }
          .map { JournalRecord.Move(route: $0.key, from: $0.value, to: .zero) }
      }
      let (routing, time) = (runner.routing, record.time)
      try await runner.commit(record, isUrgent: isOn) {
        routing.keepAllWithLegacy(
          isOn, actor: order.actor, reason: order.reason, unixMilliseconds: time)
      }
      if isOn {
        for (name, machine) in runner.machines where machine.phase != .rolledBack {
          runner.forget(name)
        }
      }
      runner.watchTraffic()
    }
  }

  /// Moves one route by hand. To 0 it is always allowed, takes the routes of its group along, and
  /// takes the route's cutover back with all of its routes, also one that is through.
  ///
  /// - Parameters:
  ///   - skipsGates: the gates of the route's plan are not asked, which ends a cutover under way;
  ///     to the share it has, one that is through.
  ///   - version: that of the routing table which the caller saw; nil for any.
  package func setShare(
    ofRoute route: String, to percent: Percentage, skipsGates: Bool = false,
    expecting version: UInt64? = nil, by order: CutoverOrder
  ) async throws {
    guard percent == .zero else {
      return try await moveShare(
        ofRoute: route, to: percent, skipsGates: skipsGates, expecting: version, by: order)
    }
    try check(record(order, order.reason, nil))
    if let version, version != routing.version {
      throw CutoverRefusal.outdated(version: routing.version)
    }
    let routes = together(with: route)
    // The version changes with the move, which is made before the order has its turn.
    try await takingBack(routes, by: order) {
      try await moveShare(ofRoute: route, to: .zero, by: order)
    }
  }

  private func moveShare(
    ofRoute route: String, to percent: Percentage, skipsGates: Bool = false,
    expecting version: UInt64? = nil, by order: CutoverOrder
  ) async throws {
    try await inLine(isUrgent: percent == .zero) { runner in
      if let version, version != runner.routing.version {
        throw CutoverRefusal.outdated(version: runner.routing.version)
      }
      let now = try runner.share(ofRoute: route)
      if percent > .zero, runner.isKilled { throw CutoverRefusal.killSwitchIsOn }
      if percent > now, runner.installation.isFrozen { throw CutoverRefusal.frozen }
      if percent == .zero {
        return try await runner.takeBack(runner.together(with: route), by: order)
      }
      if let name = runner.cutoverUnderWay(with: route) {
        guard skipsGates else { throw CutoverRefusal.underWay(route: route, cutover: name) }
      } else if percent > now, !skipsGates,
        let plan = runner.routing.loaded.cutovers.first(where: { $0.routes.contains(route) })
      {
        throw CutoverRefusal.skipsGates(route: route, cutover: plan.name, to: percent)
      }
      var record = runner.record(order, order.reason, nil)
      // Who confirms the share of a plan that is through ends it: nobody watches over it any more.
      let confirms = skipsGates && runner.isThrough(route)
      if now != percent || confirms {
        record.moves = [JournalRecord.Move(route: route, from: now, to: percent)]
      }
      try await runner.commit(record)
      runner.watchTraffic()
    }
  }

  /// Takes routes back: by their cutovers, which end with that, and by hand those that have none.
  private func takeBack(_ routes: [String], by order: CutoverOrder) async throws {
    let cutovers = machines.filter { _, machine in
      machine.isReversible && !Set(machine.plan.routes).isDisjoint(with: routes)
    }
    for name in cutovers.keys.sorted() {
      try await perform(.rollBack(reason: order.reason), on: name, by: order)
    }
    let left = Set(routes).subtracting(cutovers.values.flatMap(\.plan.routes))
    var record = record(order, order.reason, nil)
    record.moves = left.sorted().compactMap { route in
      guard let now = shares[route] else { return nil }
      // Others may have raised what is at 0 % here.
      guard now > .zero || isShared else { return nil }
      return JournalRecord.Move(route: route, from: now, to: .zero)
    }
    // An order that finds nothing to do is told all the same.
    if cutovers.isEmpty || !record.moves.isEmpty { try await commit(record, isUrgent: true) }
    watchTraffic()
  }

  /// Routes that stay together: whoever is served by one of a plan or of a group is served by all.
  private func together(with route: String) -> [String] {
    let plans = machines.values.filter { $0.isReversible && $0.plan.routes.contains(route) }
    let routes = routing.loaded.routes
    let group = routes.first { $0.name == route }?.group
    let grouped = routes.filter { $0.group != nil && $0.group == group }.map(\.name)
    let all = Set(plans.flatMap(\.plan.routes) + grouped + [route])
    return all.filter { $0 == route || shares[$0] != nil }.sorted()
  }
}

extension CutoverRunner {
  /// Runs an order when those before it are through.
  ///
  /// - Parameter isUrgent: it is looked at even while what was done before is not written.
  func inLine<Outcome: Sendable>(
    isUrgent: Bool = false,
    _ order: @escaping @Sendable (isolated CutoverRunner) async throws -> Outcome
  ) async throws -> Outcome {
    try await line.run {
      do {
        try await self.takeOverIfDue()
      } catch {
        throw CutoverRefusal.journal("\(error)")
      }
      guard await isUrgent ? self.mayTakeBack : self.isLeading else {
        throw await self.notLeading
      }
      if !isUrgent {
        try await self.writeOverdue()
        // An order may promote, and not by what was proved of another service, nor by what was
        // noise until a moment ago.
        await self.comparisons?.lookUpRulings()
        await self.settleServices()
        await self.settleRulings()
      }
      return try await order(self)
    }
  }

  private func record(
    _ order: CutoverOrder, _ reason: String, _ state: InstallationState?
  ) -> JournalRecord {
    JournalRecord(
      .moved, time: unixMilliseconds(), actor: order.actor, reason: reason,
      configurationHash: configurationHash, state: state?.json)
  }

  private func share(ofRoute name: String) throws -> Percentage {
    if let share = shares[name] { return share }
    let known = routing.current.configuration.routes.map(\.name)
    throw known.contains(name)
      ? CutoverRefusal.notSplit(route: name) : .unknownRoute(name, known: known)
  }

  /// By the records, or by an order that waits to be recorded.
  var isKilled: Bool { installation.isKilled || killsWaiting > 0 }

  private func isThrough(_ route: String) -> Bool {
    machines.values.contains { $0.phase == .completed && $0.plan.routes.contains(route) }
  }

  func cutoverUnderWay(with route: String) -> String? {
    machines.first { $0.value.phase == .underWay && $0.value.plan.routes.contains(route) }?.key
  }
}
