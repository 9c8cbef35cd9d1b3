// SPDX-License-Identifier: Apache-2.0

import DataMapping
import Testing

/// Every order in every state, settled or under way, with and without what its gates need.
@Suite struct MigrationDecisionTests {
  private static func migration(
    _ state: MigrationState, to target: MigrationState? = nil, fingerprint: String = "f"
  ) -> Migration {
    Migration(
      mapping: "orders", state: state, target: target ?? state, isSettled: target == nil, epoch: 7,
      fingerprint: fingerprint)
  }

  private static var whole: MigrationEvidence {
    var evidence = MigrationEvidence(fingerprint: "f")
    evidence.backfill = .finished
    evidence.comparison = .equal(rows: 3, digest: "a")
    evidence.acceptsNoReturn = true
    return evidence
  }

  @Test(arguments: MigrationState.allCases, Migration.Order.allCases)
  func `a settled state goes on by one, with everything that is needed`(
    state: MigrationState, order: Migration.Order
  ) throws {
    let seen = Self.migration(state)
    let to = order == .advance ? state.next : state.previous
    switch seen.decide(order, Self.whole) {
    case .begin(let begun):
      #expect(begun.target == to && begun.state == state)
      #expect(begun.epoch == 8 && !begun.isSettled)
      // What turns back from there finds its mapping again.
      #expect(begun.fingerprint == "f")
      #expect(begun.settled.fingerprint == (to == .legacyPrimary ? "" : "f"))
      #expect(begun.settled.state == to && begun.settled.isSettled && begun.settled.epoch == 8)
    case .refuse(let reasons):
      #expect(to == nil && reasons.count == 1)
    case .goOn: Issue.record("nothing is under way")
    }
  }

  @Test func `the way, and the ways back`() {
    #expect(
      MigrationState.allCases.map(\.next) == Array(MigrationState.allCases.dropFirst()) + [nil])
    #expect(
      MigrationState.allCases.map(\.previous)
        == [nil, .legacyPrimary, .legacyReads, .newReads, nil])
    #expect(MigrationState.allCases.map(\.owner) == [.legacy, .legacy, .legacy, .new, .new])
    #expect(MigrationState.allCases.map(\.reads) == [.legacy, .legacy, .new, .new, .new])
  }

  /// Each way of each gate to be missing, in each step that has it, refuses that step; the reasons
  /// name what is missing and nothing else.
  @Test func `a gate that does not hold refuses the step, whatever else holds`() throws {
    let spoilt: [(MigrationGate, (inout MigrationEvidence) -> Void)] = [
      (.mappingHolds, { $0.objections = ["lossy: a value"] }),
      (.sameMapping, { $0.fingerprint = "g" }),
      (.reversed, { $0.isReversed = false }),
      (.backfillFinished, { $0.backfill = .missing }),
      (.backfillFinished, { $0.backfill = .unfinished(rows: 9) }),
      (.backfillFinished, { $0.backfill = .otherMapping }),
      (.changesNoted, { $0.unguarded = ["shop.orders"] }),
      (.fewWaiting, { $0.waiting = MigrationEvidence.mostWaiting + 1 }),
      (.noneRefused, { $0.refused = ["id = 17"] }),
      (.sidesEqual, { $0.comparison = .notMade }),
      (.sidesEqual, { $0.comparison = .differs(rows: 1) }),
      (.noReturnAccepted, { $0.acceptsNoReturn = false }),
    ]
    #expect(Set(spoilt.map(\.0)) == Set(MigrationGate.allCases))
    for state in MigrationState.allCases {
      for order in Migration.Order.allCases {
        let seen = Self.migration(state)
        guard let step = seen.step(order) else { continue }
        for (gate, spoil) in spoilt {
          var evidence = Self.whole
          spoil(&evidence)
          let decision = seen.decide(order, evidence)
          guard step.gates.contains(gate) else {
            guard case .begin = decision else {
              Issue.record("\(state) \(order): \(gate) is no gate of it")
              continue
            }
            continue
          }
          guard case .refuse(let reasons) = decision else {
            Issue.record("\(state) \(order): \(gate) was passed over")
            continue
          }
          #expect(reasons == gate.objections(to: evidence, fingerprint: "f"))
          #expect(reasons.count == 1 && reasons[0].count > 5)
        }
      }
    }
  }

  /// What was given up already is never in doubt: an order in the direction goes on, one against it
  /// turns back, and neither asks for evidence.
  @Test(arguments: MigrationState.allCases, MigrationState.allCases)
  func `an order while something is under way`(state: MigrationState, target: MigrationState) {
    let isStep = state == target || state.next == target || state.previous == target
    guard isStep else { return }
    let seen = Self.migration(state, to: target)
    let nothing = MigrationEvidence(fingerprint: "f")
    for order in Migration.Order.allCases {
      #expect(seen.step(order) == nil)
      let isAlong = target == state || (target == state.next) == (order == .advance)
      switch seen.decide(order, nothing) {
      case .goOn(let same): #expect(isAlong && same == seen)
      case .begin(let back):
        #expect(!isAlong && back.target == state && back.epoch == 8 && target != .retired)
      case .refuse: #expect(!isAlong && target == .retired)
      }
      let other = seen.decide(order, MigrationEvidence(fingerprint: "g"))
      if isAlong, target == .legacyPrimary {
        #expect(other == .goOn(seen))
        continue
      }
      guard case .refuse(let reasons) = other else {
        Issue.record("another mapping may carry over what this one noted")
        continue
      }
      #expect(reasons.first?.contains("the mapping changed") == true)
    }
    let isClosing = state.owner != target.owner
    if target != state { #expect((seen.turnedBack == nil) == (target == .retired)) }
    if isClosing, target != .retired { #expect(seen.turnedBack?.target == state) }
  }

  @Test func `turned back from the way to where it began, it is the same mapping`() {
    guard case .begin(let begun) = Self.migration(.legacyReads).decide(.retreat, Self.whole),
      case .begin(let back) = begun.decide(.advance, Self.whole)
    else {
      Issue.record("refused")
      return
    }
    guard case .begin(let onwards) = back.settled.decide(.advance, Self.whole) else {
      Issue.record("the mapping was forgotten")
      return
    }
    #expect(onwards.target == .newReads && onwards.fingerprint == "f")
  }

  /// Several take the step that the last of them, or the first, has before it.
  @Test func `those that have the farthest to go move`() {
    let states: [(MigrationState, to: MigrationState?)] = [
      (.newReads, nil), (.legacyReads, nil), (.legacyReads, .newReads), (.newPrimary, .newReads),
    ]
    let seen = states.map { Self.migration($0.0, to: $0.to) }
    #expect(Migration.behind(seen, .advance) == [1, 2])
    #expect(Migration.behind(seen, .retreat) == [3])
    #expect(Migration.behind([seen[0], seen[2]], .retreat) == [0, 1])
    #expect(Migration.behind([seen[0]], .advance) == [0])
    #expect(Migration.behind([], .advance) == [])
  }

  @Test func `who is stuck on the way back goes on beyond`() {
    let back = Self.migration(.newReads, to: .newReads)
    #expect(back.turnedBack?.target == .newPrimary)
    #expect(Self.migration(.newPrimary, to: .newPrimary).turnedBack?.target == .newReads)
    #expect(Self.migration(.legacyReads, to: .legacyReads).turnedBack == nil)
    #expect(Self.migration(.newReads).turnedBack == nil)
  }
}
