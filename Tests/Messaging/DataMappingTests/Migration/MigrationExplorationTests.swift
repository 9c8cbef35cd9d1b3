// SPDX-License-Identifier: Apache-2.0

import DataMapping
import Testing

/// All that can happen while people decide, processes act on what was decided, and any of them is
/// stopped or killed between any two steps: every world that can come of it is looked at.
@Suite struct MigrationExplorationTests {
  /// What a process saw, and is about to do for the decision that it acts on.
  private struct Actor: Hashable {
    var decision: Migration
    var seen: MigrationFacts
    var action: MigrationAction
  }

  /// Both stores, the row that says what was decided, and processes that may or may not go on.
  private struct World: Hashable {
    var migration = Migration(of: "orders")
    var legacy = Fence()
    var new = Fence()
    /// Whether a side noted a change that the other one does not have.
    var legacyWaits = false
    var newWaits = false
    var actors: [Actor] = []

    var facts: MigrationFacts {
      MigrationFacts(
        legacy: legacy, new: new, legacyWaiting: legacyWaits ? 1 : 0, newWaiting: newWaits ? 1 : 0)
    }

    subscript(side: Doubt.Side) -> Fence {
      get { side == .legacy ? legacy : new }
      set { if side == .legacy { legacy = newValue } else { new = newValue } }
    }
  }

  private static let mostEpochs: Int64 = 4
  private static let mostActors = 2

  private static var whole: MigrationEvidence {
    var evidence = MigrationEvidence(fingerprint: "f")
    evidence.backfill = .finished
    evidence.comparison = .equal(rows: 3, digest: "a")
    return evidence
  }

  /// Every world that one event makes of this one.
  private static func after(_ world: World) -> [World] {
    var worlds: [World] = []
    // Somebody writes the side that takes writes; what a free side takes is not noted.
    for side in [Doubt.Side.legacy, .new] where world[side].role == .primary {
      var written = world
      if side == .legacy { written.legacyWaits = true } else { written.newWaits = true }
      worlds.append(written)
    }
    // Somebody decides, or a process begins to act on what was decided before.
    if world.actors.count < mostActors {
      for order in Migration.Order.allCases {
        var decided = world
        switch world.migration.decide(order, whole) {
        case .begin(let begun) where begun.epoch <= mostEpochs: decided.migration = begun
        case .goOn: break
        case .begin, .refuse: continue
        }
        decided.actors.append(actor(decided))
        worlds.append(decided)
      }
    }
    for index in world.actors.indices {
      // It is killed: nothing else happens. Or it goes on.
      var killed = world
      killed.actors.remove(at: index)
      worlds.append(killed)
      worlds += acted(world, index)
    }
    return worlds.map { world in
      var world = world
      world.actors.sort { $0.decision.epoch < $1.decision.epoch }
      return world
    }
  }

  private static func actor(_ world: World, _ decision: Migration? = nil) -> Actor {
    let decision = decision ?? world.migration
    return Actor(decision: decision, seen: world.facts, action: decision.next(world.facts))
  }

  /// What a process does that looked before, perhaps long ago.
  private static func acted(_ world: World, _ index: Int) -> [World] {
    let actor = world.actors[index]
    var next = world
    switch actor.action {
    case .overtaken:
      next.actors.remove(at: index)
      return [next]
    case .fence(let side, let fence):
      // The transaction has no effect where it finds another fence than the one that was seen.
      if world[side] == actor.seen[side] {
        if fence.role == .free {
          // What was noted goes with the triggers.
          if side == .legacy { next.legacyWaits = false } else { next.newWaits = false }
        }
        next[side] = fence
      }
    case .carry(let side):
      // The transaction has no effect where the other side does not follow.
      let other = world[side.other]
      if other == actor.seen[side.other], other.role == .follower || other.role == .closed {
        // What was written meanwhile still waits.
        var rest = next
        rest.actors[index] = Self.actor(rest, actor.decision)
        if side == .legacy { next.legacyWaits = false } else { next.newWaits = false }
        next.actors[index] = Self.actor(next, actor.decision)
        return [next, rest]
      }
    case .settle:
      if world.migration == actor.decision { next.migration = actor.decision.settled }
      next.actors.remove(at: index)
      return [next]
    }
    next.actors[index] = Self.actor(next, actor.decision)
    return [next]
  }

  private static let worlds: Set<World> = {
    var seen: Set<World> = [World()]
    var line = [World()]
    while let world = line.popLast() {
      for next in after(world) where seen.insert(next).inserted { line.append(next) }
    }
    return seen
  }()

  @Test(.timeLimit(.minutes(5)))
  func `no two sides take writes, and none is opened that lacks one`() {
    var states: Set<MigrationState> = []
    for world in Self.worlds {
      let (legacy, new) = (world.legacy.role, world.new.role)
      var faults: [String] = []
      if legacy == .primary, new == .primary { faults.append("both sides take writes") }
      if legacy == .free, new == .primary { faults.append("legacy takes writes unnoted") }
      if world.legacyWaits, world.newWaits { faults.append("each side lacks a change") }
      if new == .primary, world.legacyWaits { faults.append("the new side was opened too early") }
      if legacy == .primary, world.newWaits { faults.append("legacy was opened too early") }
      let migration = world.migration
      if migration.isSettled {
        states.insert(migration.state)
        if legacy != migration.state.role(of: .legacy) || new != migration.state.role(of: .new) {
          faults.append("the stores are not what was settled")
        }
      }
      if !faults.isEmpty { Issue.record("\(faults): \(world)") }
    }
    #expect(states == [.legacyPrimary, .legacyReads, .newReads, .newPrimary])
    #expect(Self.worlds.count > 500)
  }

  /// Whatever was left behind by processes that were killed, one that is not gets there.
  @Test(.timeLimit(.minutes(5)))
  func `every world settles once nobody interferes`() {
    for world in Self.worlds {
      var calm = world
      var steps = 0
      while !calm.migration.isSettled, steps < 20 {
        steps += 1
        calm.actors = [Self.actor(calm)]
        calm = Self.acted(calm, 0)[0]
      }
      if !calm.migration.isSettled || calm.migration.state != world.migration.target {
        Issue.record("it does not settle: \(world)")
      }
    }
  }
}
