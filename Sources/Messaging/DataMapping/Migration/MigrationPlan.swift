// SPDX-License-Identifier: Apache-2.0

/// What was seen of both stores.
package struct MigrationFacts: Sendable, Hashable {
  package var legacy: Fence
  package var new: Fence
  /// Changes that legacy noted and that the new side does not have yet.
  package var legacyWaiting: Int
  /// Changes that the new side noted and that legacy does not have yet.
  package var newWaiting: Int

  package init(legacy: Fence, new: Fence, legacyWaiting: Int = 0, newWaiting: Int = 0) {
    (self.legacy, self.new) = (legacy, new)
    (self.legacyWaiting, self.newWaiting) = (legacyWaiting, newWaiting)
  }

  package subscript(side: Doubt.Side) -> Fence {
    get { side == .legacy ? legacy : new }
    set { if side == .legacy { legacy = newValue } else { new = newValue } }
  }

  /// Whether neither side takes writes.
  package var isPaused: Bool {
    ![legacy.role, new.role].contains { $0 == .primary || $0 == .free }
  }

  package func waiting(_ side: Doubt.Side) -> Int {
    side == .legacy ? legacyWaiting : newWaiting
  }
}

/// The one thing to do next on the way to what was decided.
package enum MigrationAction: Sendable, Hashable {
  /// Change the fence of a side, in one transaction that has no effect where another one is found
  /// than the one that was seen.
  case fence(Doubt.Side, Fence)
  /// Carry what a side noted over to the other, until nothing waits.
  case carry(from: Doubt.Side)
  /// Both stores are what was decided: note it.
  case settle
  /// Somebody decided something else meanwhile.
  case overtaken
}

extension Migration {
  /// What to do next, whatever was done before and by whom.
  ///
  /// First both fences take the decision's epoch, so that no earlier decision goes on, and the side
  /// that gives its writes away is closed. Then what waits is carried over. Only then the other
  /// side is opened: at no moment two sides take writes, and none is opened that lacks one.
  package func next(_ facts: MigrationFacts) -> MigrationAction {
    let (owner, follower) = (target.owner, target.owner.other)
    guard facts.legacy.epoch <= epoch, facts.new.epoch <= epoch else { return .overtaken }
    for side in [follower, owner] where facts[side].epoch < epoch {
      var fence = facts[side]
      fence.epoch = epoch
      if side == follower, fence.role == .primary { fence.role = .closed }
      return .fence(side, fence)
    }
    let isOpen = facts[owner].role == .primary || facts[owner].role == .free
    if !isOpen, facts.waiting(follower) > 0 { return .carry(from: follower) }
    for side in [follower, owner] where facts[side].role != target.role(of: side) {
      var fence = facts[side]
      fence.role = target.role(of: side)
      return .fence(side, fence)
    }
    return .settle
  }
}
