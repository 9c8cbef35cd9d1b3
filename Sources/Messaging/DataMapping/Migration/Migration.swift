// SPDX-License-Identifier: Apache-2.0

/// Where a mapping is on its way, and where it is going: one row in the new store.
///
/// A decision changes this row, together with an entry of the journal, and nothing else. What
/// follows from it is done afterwards, a step at a time, by whoever looks at both stores and finds
/// that they are not yet what the row says (`next`). So it does not matter where a process is
/// killed: the next one goes on, or turns back.
package struct Migration: Sendable, Hashable {
  package let mapping: String
  /// The last state that was reached.
  package internal(set) var state: MigrationState
  /// The state that both stores are brought to.
  package internal(set) var target: MigrationState
  /// Whether both stores are what `target` says.
  package internal(set) var isSettled: Bool
  /// Grows with each decision.
  package internal(set) var epoch: Int64
  /// What the mapping said when its data began to move; empty before.
  package internal(set) var fingerprint: String

  /// A mapping that nobody decided anything about.
  package init(of mapping: String) {
    self.init(
      mapping: mapping, state: .legacyPrimary, target: .legacyPrimary, isSettled: true, epoch: 0,
      fingerprint: "")
  }

  package init(
    mapping: String, state: MigrationState, target: MigrationState, isSettled: Bool, epoch: Int64,
    fingerprint: String
  ) {
    self.mapping = mapping
    self.state = state
    self.target = target
    self.isSettled = isSettled
    self.epoch = epoch
    self.fingerprint = fingerprint
  }

  /// The same once both stores are what it says.
  package var settled: Migration {
    var settled = self
    settled.state = target
    settled.isSettled = true
    // Until then the way back to where it was left is open.
    if target == .legacyPrimary { settled.fingerprint = "" }
    return settled
  }
}

// MARK: - Decisions

extension Migration {
  /// What a person asks for.
  package enum Order: String, Sendable, Hashable, CaseIterable {
    case advance, retreat
  }

  /// What becomes of an order.
  package enum Decision: Sendable, Hashable {
    /// Write it, then bring both stores there.
    case begin(Migration)
    /// That is under way already: bring both stores there.
    case goOn(Migration)
    /// Why not, a sentence each.
    case refuse([String])
  }

  /// Which of several mappings an order is for, by their places: those that have the farthest to
  /// go.
  package static func behind(_ migrations: [Migration], _ order: Order) -> [Int] {
    func isBehind(_ one: Migration, _ other: Migration) -> Bool {
      order == .advance
        ? other.bounds.first.isBehind(one.bounds.first)
        : one.bounds.last.isBehind(other.bounds.last)
    }
    return migrations.indices.filter { place in
      !migrations.contains { isBehind($0, migrations[place]) }
    }
  }

  /// The states between which it is; one state twice where it is settled.
  private var bounds: (first: MigrationState, last: MigrationState) {
    if isSettled { return (state, state) }
    return target.isBehind(state) ? (state, target) : (target, state)
  }

  /// The step that an order would begin; nil where there is none, or where one is under way that it
  /// only goes on with or turns back.
  package func step(_ order: Order) -> MigrationStep? {
    guard isSettled, let to = order == .advance ? state.next : state.previous else { return nil }
    return MigrationStep(from: state, to: to)
  }

  /// - Parameter evidence: what the gates of `step` need; where there is no step, what the mapping
  ///   says now.
  package func decide(_ order: Order, _ evidence: MigrationEvidence) -> Decision {
    guard isSettled else {
      let decision = decideUnderWay(order)
      // Nothing is carried over on the way to where it began.
      if case .goOn = decision, target == .legacyPrimary { return decision }
      let objections =
        fingerprint.isEmpty
        ? [] : MigrationGate.sameMapping.objections(to: evidence, fingerprint: fingerprint)
      return objections.isEmpty ? decision : .refuse(objections)
    }
    guard let step = step(order) else { return .refuse([endOfWay(order)]) }
    let objections = step.objections(to: evidence, fingerprint: fingerprint)
    guard objections.isEmpty else { return .refuse(objections) }
    var begun = toward(step.to)
    if step.to != .legacyPrimary { begun.fingerprint = evidence.fingerprint }
    return .begin(begun)
  }

  /// While stores are brought somewhere, an order in that direction goes on, and one against it
  /// turns back to the state that was left. Neither asks for more evidence: nothing was given up
  /// yet.
  private func decideUnderWay(_ order: Order) -> Decision {
    let isAdvance = target.isBehind(state)
    if target == state || isAdvance == (order == .advance) { return .goOn(self) }
    if target == .retired {
      return .refuse(["\(mapping) is being retired, and there is no way back from that"])
    }
    return .begin(toward(state))
  }

  /// The decision of who cannot go on: back to the state that was left or, on the way back there,
  /// to the one beyond a change of sides. Nil where neither side was closed, so that nobody waits.
  package var turnedBack: Migration? {
    if isSettled || target == .retired { return nil }
    if target != state { return toward(state) }
    let beyond = [state.next, state.previous].compactMap(\.self)
      .first { $0.owner != state.owner && $0 != .retired }
    return beyond.map { toward($0) }
  }

  private func toward(_ target: MigrationState) -> Migration {
    var moved = self
    moved.target = target
    moved.isSettled = false
    moved.epoch += 1
    return moved
  }

  private func endOfWay(_ order: Order) -> String {
    switch (order, state) {
    case (.retreat, .retired):
      "\(mapping) is retired: legacy's rows have to be restored from a backup"
    case (.retreat, _): "\(mapping) is at \(state.rawValue), which is where it began"
    case (.advance, _): "\(mapping) is at \(state.rawValue), which is the end"
    }
  }
}

/// Who decided what, when and why: a row of the journal, written in the transaction of the
/// decision.
package struct MigrationEntry: Sendable, Hashable {
  package enum Action: String, Sendable, Hashable {
    case advance, retreat
    /// By itself, since it could not go on.
    case turnBack = "turn-back"
    /// Both stores are what was decided.
    case settle
    /// Rows that differed were carried over again.
    case repair
  }

  package let mapping: String
  /// Milliseconds since 1970.
  package let at: Int64
  package let actor: String
  package let reason: String
  package let action: Action
  package let from: MigrationState
  package let to: MigrationState
  package let epoch: Int64
  /// What the gates saw.
  package let evidence: String

  package init(
    mapping: String, at: Int64, actor: String, reason: String, action: Action,
    from: MigrationState, to: MigrationState, epoch: Int64, evidence: String
  ) {
    self.mapping = mapping
    self.at = at
    self.actor = actor
    self.reason = reason
    self.action = action
    self.from = from
    self.to = to
    self.epoch = epoch
    self.evidence = evidence
  }
}
