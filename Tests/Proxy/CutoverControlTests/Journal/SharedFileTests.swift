// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

/// Files of proxies that share a journal.
@Suite struct SharedFileTests {
  private static func shares(_ numbers: [String: Int]) -> [String: Percentage] {
    numbers.compactMapValues { Percentage(hundredths: $0 * 100) }
  }

  /// The file said 10 for both when it was read; `orders` stands at 30 by hand.
  private static func replay() throws -> JournalReplay {
    var replay = JournalReplay()
    let file = shares(["orders": 10, "cart": 10])
    if let record = replay.reading(file: file, time: 1, configurationHash: "c") {
      try replay.apply(record, sequence: 1)
    }
    try replay.apply(
      JournalRecord(
        .moved, time: 2, actor: "ann", reason: "by hand",
        moves: [.init(route: "orders", from: .hundred(10), to: .hundred(30))],
        configurationHash: "c"), sequence: 2)
    return replay
  }

  @Test func whatTheJournalKnowsCountsWhateverAFileSays() throws {
    let replay = try Self.replay()
    let other = Self.shares(["orders": 50, "cart": 60, "search": 5])
    #expect(
      replay.sharedShares(file: other) == Self.shares(["orders": 30, "cart": 10, "search": 5]))
  }

  @Test func thatAnotherLeadsWithAnotherFileMovesNobodyAndTellsNewRoutes() throws {
    let replay = try Self.replay()
    let other = Self.shares(["orders": 50, "search": 5])
    let file = replay.sharedFile(other, former: nil)
    #expect(file == Self.shares(["orders": 10, "cart": 10, "search": 5]))
    let record = replay.reading(file: file, time: 3, configurationHash: "c")
    #expect(record?.moves == [])
  }

  @Test func aNumberThatWasEditedCountsWhenItIsReadAgain() throws {
    let replay = try Self.replay()
    let former = Self.shares(["orders": 50, "cart": 60])
    let file = replay.sharedFile(Self.shares(["orders": 50, "cart": 70]), former: former)
    let record = replay.reading(file: file, time: 3, configurationHash: "c")
    #expect(
      record?.moves == [.init(route: "cart", from: .hundred(10), to: .hundred(70))])
  }

  @Test func aRecordGoesOnFromWhereOthersLeftTheRoute() throws {
    let replay = try Self.replay()
    let record = JournalRecord(
      .moved, time: 3, actor: "ann", reason: "back",
      moves: [.init(route: "orders", from: .hundred(10), to: .zero)], configurationHash: "c")
    let next = record.goingOn(from: replay)
    #expect(next.moves == [.init(route: "orders", from: .hundred(30), to: .zero)])
    #expect(record.isTold(by: next))
    var another = next
    another.time = 4
    #expect(!record.isTold(by: another))
  }

  @Test func aKillTakesBackWhatOthersRaisedMeanwhile() throws {
    var replay = try Self.replay()
    try replay.apply(
      JournalRecord(
        .moved, time: 3, actor: "bob", reason: "raised elsewhere",
        moves: [.init(route: "search", from: .zero, to: .hundred(20))], configurationHash: "c"),
      sequence: 3)
    let record = JournalRecord(
      .moved, time: 4, actor: "ann", reason: "kill switch on",
      moves: [.init(route: "orders", from: .hundred(30), to: .zero)], configurationHash: "c",
      state: InstallationState(isKilled: true).json)
    let next = record.goingOn(from: replay)
    #expect(
      next.moves == [
        .init(route: "orders", from: .hundred(30), to: .zero),
        .init(route: "search", from: .hundred(20), to: .zero),
      ])
    #expect(record.isTold(by: next))
    try replay.apply(next, sequence: 4)
    #expect(replay.percentages.values.allSatisfy { $0 == .zero })
    #expect(replay.installation?.fileShares == Self.shares(["orders": 10, "cart": 10]))
  }

  @Test func aRecordThatIsWrittenLateTakesNoSwitchOff() throws {
    var replay = try Self.replay()
    let file = Self.shares(["orders": 10, "cart": 40])
    let late = try #require(replay.reading(file: file, time: 3, configurationHash: "c"))
    #expect(late.moves == [.init(route: "cart", from: .hundred(10), to: .hundred(40))])
    try replay.apply(
      JournalRecord(
        .moved, time: 4, actor: "ann", reason: "kill switch on, frozen", configurationHash: "c",
        state: InstallationState(
          fileShares: Self.shares(["orders": 10, "cart": 10]), isFrozen: true, isKilled: true
        ).json), sequence: 3)
    let next = late.goingOn(from: replay)
    #expect(late.isTold(by: next))
    try replay.apply(next, sequence: 4)
    #expect(replay.percentages["cart"] == .zero)
    #expect(replay.installation?.isKilled == true)
    #expect(replay.installation?.isFrozen == true)
    #expect(replay.installation?.fileShares == file)
  }
}

extension Percentage {
  fileprivate static func hundred(_ value: Int) -> Percentage {
    Percentage(hundredths: value * 100) ?? .zero
  }
}
