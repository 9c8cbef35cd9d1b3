// SPDX-License-Identifier: Apache-2.0

internal import CutoverControl
internal import Logging
internal import ProxyDataPlane
internal import RoutingDecisions

/// What a configuration file says, and what it moves.
extension CutoverRunner {
  /// Writes down what the file says, and what that moves.
  ///
  /// - Parameters:
  ///   - former: what the file said before it was read again; nil at a start.
  ///   - cause: who had it read, and how; nil at a start.
  func noteFile(
    former: [String: Percentage]? = nil, cause: String? = nil
  ) async throws(CutoverRefusal) {
    let file = routing.filePercentages
    let record = standing.reading(
      file: replica == nil ? file : standing.sharedFile(file, former: former), cause: cause,
      plans: routing.loaded.cutovers.nameByRoute, time: unixMilliseconds(),
      configurationHash: configurationHash)
    guard let record else { return }
    // The file's numbers are in force already, save those that waited for the end of a freeze, and
    // would be after a restart too.
    if replica == nil {
      return try await commit(record, isUrgent: true) { self.moveToJournaledShares() }
    }
    // Among several proxies they are taken back where they cannot be written.
    do throws(CutoverRefusal) {
      try await commit(record) { self.moveToJournaledShares() }
    } catch {
      moveToJournaledShares()
      throw error
    }
  }

  /// Nothing is frozen any more: what the file raised meanwhile is taken up.
  ///
  /// - Returns: the moves that this made.
  func takeUpHeld(by order: CutoverOrder) async -> [JournalRecord.Move] {
    guard let held = installation.heldShares else { return [] }
    let stood = routing.percentages
    do {
      try await noteFile(cause: "no longer frozen by \(order.actor)")
      try await settleMachines()
    } catch {
      logger.error("journal is not written", metadata: ["error": "\(error)"])
    }
    let stands = routing.percentages
    return held.keys.sorted().compactMap { route in
      guard let from = stood[route], let to = stands[route], from != to else { return nil }
      return JournalRecord.Move(route: route, from: from, to: to)
    }
  }

  /// Takes back what cannot be gone on with or has no routes any more, begins anew what another
  /// service was proved for, and freezes what was frozen.
  func settleMachines() async throws(CutoverRefusal) {
    if installation.isFrozen { freezeMachines() }
    try await takeBackUnreadable()
    let routes = routing.percentages
    for (name, machine) in machines.sorted(by: { $0.key < $1.key })
    where machine.phase == .underWay {
      if let lost = machine.plan.routes.first(where: { routes[$0] == nil }) {
        try await perform(
          .rollBack(reason: "the route \(lost) can no longer be moved"), on: name, by: nil)
      }
    }
    // Before anything that may promote.
    await settleServices()
    await settleRulings()
    for (name, machine) in machines.sorted(by: { $0.key < $1.key })
    where machine.phase == .underWay && machine.state.isFrozen != installation.isFrozen {
      try await perform(installation.isFrozen ? .freeze : .unfreeze, on: name, by: nil)
    }
  }

  /// Puts another configuration in force, and writes down what it moves.
  ///
  /// - Parameters:
  ///   - cause: who wants it, and how, such as `SIGHUP`.
  ///   - apply: puts it in force.
  package func reload<Change: Sendable>(
    cause: String? = nil, _ apply: @escaping @Sendable () async throws -> Change
  ) async throws -> Change {
    try await line.run {
      let former = self.routing.filePercentages
      let change = try await apply()
      await self.takeUp(former, cause)
      return change
    }
  }

  private func takeUp(_ former: [String: Percentage], _ cause: String?) async {
    guard isLeading, sharing.cutOff == nil else {
      // Among proxies that share a journal the one that leads takes a file's numbers up.
      if replica != nil { moveToJournaledShares() }
      return
    }
    do {
      try await noteFile(former: former, cause: cause)
      try await settleMachines()
    } catch {
      logger.error("journal is not written", metadata: ["error": "\(error)"])
    }
    watchTraffic()
  }
}
