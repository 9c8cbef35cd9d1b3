// SPDX-License-Identifier: Apache-2.0

package import DataMapping

/// Decisions about one mapping or several that are carried out in one pause.
///
/// Each mapping has its own decision, its own fences and its own notes, and each is brought to what
/// was decided as if it were alone, with one difference: no side is opened before all mappings have
/// come as far. So rows that belong together change sides together, and where one mapping cannot,
/// none does. Killed anywhere, each of them goes on, or turns back, by itself.
extension MigrationRun {
  /// What is decided about a mapping.
  package struct Order: Sendable {
    let run: MigrationRun
    let decision: Migration
    /// Nil where it was decided, and written, before.
    let begun: (seen: Migration, action: MigrationEntry.Action, evidence: String)?

    /// A decision that is written now.
    package init(
      run: MigrationRun, decision: Migration, seen: Migration, action: MigrationEntry.Action,
      evidence: String
    ) {
      (self.run, self.decision, begun) = (run, decision, (seen, action, evidence))
    }

    /// One that was written before.
    package init(run: MigrationRun, decision: Migration) {
      (self.run, self.decision, begun) = (run, decision, nil)
    }
  }

  /// A decision on its way.
  fileprivate struct Way {
    let run: MigrationRun
    var decision: Migration
    let pause = PauseClock()
    var settled: Migration?
  }

  /// What is next on a way.
  private struct Next {
    let place: Int
    let facts: MigrationFacts
    let action: MigrationAction
    /// Whether it lets a side be written that is not.
    let opens: Bool

    init(_ place: Int, _ facts: MigrationFacts, _ decision: Migration) {
      (self.place, self.facts) = (place, facts)
      action = decision.next(facts)
      opens =
        if case .fence(let side, let fence) = action {
          facts[side].isClosed && !fence.isClosed
        } else {
          false
        }
    }
  }

  /// Times that changes are tried again which wait for rows of another mapping.
  private static let fruitlessRounds = 5

  /// Writes decisions and brings all stores there; where that takes too long, turns all of them
  /// back.
  ///
  /// - Returns: what each came to.
  /// - Throws: `StoreFailure`. What was begun by then goes on with the next order.
  package static func carryOut(
    _ orders: [Order], _ author: Author
  ) async throws -> [Outcome] {
    for order in orders {
      guard let begun = order.begun else { continue }
      _ = try await order.run.stores.new.writing.run(order.run.tables.install)
      try await order.run.write(
        order.decision, over: begun.seen, begun.action, begun.evidence, author)
    }
    var ways = orders.map { Way(run: $0.run, decision: $0.decision) }
    do {
      try await settle(&ways, author)
      return ways.map { $0.outcome(turnedBack: nil) }
    } catch let stuck as Stuck {
      // Only a change of sides is ever stuck for long, and its other side is as good to open.
      for place in ways.indices where ways[place].settled == nil {
        let way = ways[place]
        guard let back = way.decision.turnedBack else {
          throw StoreFailure(.unusable, "\(way.run.name): \(stuck.reason)")
        }
        try await way.run.write(back, over: way.decision, .turnBack, stuck.reason, author)
        ways[place].decision = back
      }
      let turned = ways.map { $0.settled == nil }
      do {
        try await settle(&ways, author, isTurning: true)
      } catch let again as Stuck {
        throw StoreFailure(
          .unusable,
          "\(orders.map(\.run.name).joined(separator: ", ")): \(stuck.reason); turned back, and "
            + "not through with that: \(again.reason)")
      }
      return zip(ways, turned).map { $0.outcome(turnedBack: $1 ? stuck.reason : nil) }
    }
  }

  /// Does what is next until nothing is.
  private static func settle(
    _ ways: inout [Way], _ author: Author, isTurning: Bool = false
  ) async throws {
    let longest = ways.map { $0.run.limits.pause + (isTurning ? $0.pause.current : .zero) }
    var fruitless = 0
    while ways.contains(where: { $0.settled == nil }) {
      var steps: [Next] = []
      for (place, way) in ways.enumerated() where way.settled == nil {
        let facts = try await way.run.facts()
        way.pause.saw(isPaused: facts.isPaused)
        steps.append(Next(place, facts, way.decision))
      }
      let isBarred = steps.contains { !$0.opens && $0.action != .settle }
      for step in steps where !step.opens || !isBarred {
        let (run, decision) = (ways[step.place].run, ways[step.place].decision)
        switch step.action {
        case .overtaken:
          throw StoreFailure(.moved, "\(run.name): somebody else decided something else meanwhile")
        case .fence(let side, let fence): try await run.set(fence, over: step.facts[side], side)
        case .carry(let side):
          if ways[step.place].pause.current > longest[step.place] {
            throw Stuck(
              reason: "\(step.facts.waiting(side)) changes were not carried over within "
                + "\(longest[step.place])")
          }
          switch try await run.carry(from: side) {
          case .some: fruitless = 0
          case .all, .othersInTheWay: break
          case .stuck(let left):
            fruitless += 1
            guard ways.count > 1, fruitless <= fruitlessRounds * ways.count else {
              throw Stuck(reason: "\(left) changes could not be carried over")
            }
            // They may have waited for rows of another mapping.
            try await run.retry(from: side)
          }
        case .settle: ways[step.place].settled = try await run.settle(decision, author)
        }
      }
    }
  }
}

extension MigrationRun.Way {
  /// - Parameter turnedBack: why it was; nil where it was not.
  fileprivate func outcome(turnedBack: String?) -> MigrationRun.Outcome {
    MigrationRun.Outcome(
      migration: settled ?? decision, turnedBack: turnedBack, pause: pause.longest)
  }
}

extension Fence {
  /// Whether nobody may write but who carries changes over.
  fileprivate var isClosed: Bool { role == .follower || role == .closed }
}
