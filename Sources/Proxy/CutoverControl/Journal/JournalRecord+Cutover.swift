// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

extension JournalRecord {
  /// The entry for what a cutover did, or was told; nil when time passed and nothing happened, and
  /// for refused orders.
  ///
  /// - Parameters:
  ///   - event: what the machine was given.
  ///   - action: what it answered with.
  ///   - shares: where its routes stood before that.
  ///   - machine: the machine after that.
  ///   - actor: who gave the order; nil when time or a gate did it.
  ///   - note: what the person had to say about it.
  ///   - evidence: where the evidence is kept.
  package init?(
    _ event: CutoverEvent, _ action: CutoverAction, from shares: [String: Percentage],
    _ machine: CutoverMachine, time: Int64, actor: String?, note: String? = nil,
    configurationHash: String, evidence: String? = nil
  ) {
    if case .refuse = action { return nil }
    let parts = [event.order, action.outcome(of: machine.plan), note].compactMap { $0 }
    guard !parts.isEmpty else { return nil }
    var isAutomatic = actor == nil
    if case .rollBack(let cause) = action { isAutomatic = cause.isAutomatic }
    self.init(
      machine, from: shares, claims: event == .start, time: time,
      actor: actor ?? Self.automaticActor,
      reason: parts.joined(separator: "; "), isAutomatic: isAutomatic,
      configurationHash: configurationHash, evidence: evidence)
  }

  /// The state of a cutover that is under way, to be written every minute.
  package init(
    stateOf machine: CutoverMachine, time: Int64, configurationHash: String
  ) {
    self.init(
      machine, from: [:], claims: false, time: time, actor: Self.automaticActor,
      reason: Self.stateReason,
      isAutomatic: true, configurationHash: configurationHash, evidence: nil)
  }

  /// The same for a rollback whose state is too long for an entry: its routes are with legacy, and
  /// the cutover has ended. Users do not stay with a failing service for the sake of what gates
  /// know.
  package func endingCutover(of machine: CutoverMachine, from shares: [String: Percentage])
    -> JournalRecord
  {
    guard let length = state?.utf8.count, length > JournalChain.longestState else { return self }
    var record = self
    (record.kind, record.cutover, record.state) = (.moved, nil, nil)
    record.reason = String(
      "the cutover \(machine.plan.name) has ended: \(reason)".prefix(JournalChain.longestReason))
    // One at 0 % too: by a move that is not its own a cutover has ended.
    record.moves = machine.plan.routes.compactMap { route in
      shares[route].map { Move(route: route, from: $0, to: .zero) }
    }
    return record
  }

  /// Why the state is written when nothing else happens.
  package static let stateReason = "state"
  /// Who acts when nobody gave an order.
  package static let automaticActor = "cutover"

  private init(
    _ machine: CutoverMachine, from shares: [String: Percentage], claims: Bool, time: Int64,
    actor: String,
    reason: String, isAutomatic: Bool, configurationHash: String, evidence: String?
  ) {
    let after = machine.percent
    // By its start a cutover takes hold of all its routes, those that stay where they are included.
    let moves = machine.plan.routes.compactMap { route in
      shares[route].flatMap { from in
        from == after && !claims ? nil : Move(route: route, from: from, to: after)
      }
    }
    self.init(
      .cutover, time: time, actor: actor, reason: reason, isAutomatic: isAutomatic,
      cutover: machine.plan.name, moves: moves, configurationHash: configurationHash,
      state: machine.journaled.json, evidence: evidence)
  }
}

extension CutoverEvent {
  /// An order in words; nil for what is none, and where what came of it says it all.
  fileprivate var order: String? {
    switch self {
    case .tick, .compared, .rollBack, .start: nil
    case .serviceChanged:
      "its routes are served or compared otherwise by the file: the stage begins anew"
    case .ruled: "people ruled otherwise what is noise: what was compared before proves nothing"
    case .approve: "approved"
    case .pause: "paused"
    case .resume: "resumed"
    case .freeze: "frozen"
    case .unfreeze: "no longer frozen"
    case .killSwitch(let isOn): isOn ? "kill switch on" : "kill switch off"
    }
  }
}

extension CutoverAction {
  /// What happened, in words; nil when nothing did.
  fileprivate func outcome(of plan: CutoverPlan) -> String? {
    switch self {
    case .hold, .refuse: nil
    case .setPercent(let percent, let stage):
      "stage \(stage + 1) of \(plan.stages.count): \(percent) %"
    case .awaitApproval(let stage):
      "stage \(stage + 1), \(plan.stages[stage].percent) %, waits for approval"
    case .rollBack(let cause): cause.description
    case .complete: "the plan is through"
    }
  }
}

extension RollBackReason: CustomStringConvertible {
  /// As the journal keeps it.
  package var description: String {
    switch self {
    case .gate(let finding): "a gate fired: \(finding)"
    case .outage(let finding): "\(finding)"
    case .ordered(let reason): reason
    case .killSwitch: "everything back to legacy"
    }
  }
}
