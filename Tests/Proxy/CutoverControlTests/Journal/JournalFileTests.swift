// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("Journal and configuration file")
struct JournalFileTests {
  private struct Journal {
    var chain = JournalChain(installation: "shop")
    var replay = JournalReplay()

    mutating func append(_ record: JournalRecord) throws {
      try replay.apply(try chain.append(record))
    }

    /// Reads a configuration file.
    mutating func read(_ file: [String: Percentage]) throws -> JournalRecord? {
      let record = replay.reading(file: file, time: 1, configurationHash: "c0ffee")
      if let record { try append(record) }
      return record
    }
  }

  private static func shares(_ orders: Int, _ cart: Int = 0) -> [String: Percentage] {
    ["orders": .hundredths(orders), "cart": .hundredths(cart)]
  }

  @Test("The first file is written down, and once")
  func first() throws {
    var journal = Journal()
    let record = try #require(try journal.read(Self.shares(500)))
    #expect(record.actor == "configuration file")
    #expect(record.moves == [])
    #expect(try journal.read(Self.shares(500)) == nil)
    #expect(journal.replay.shares(file: Self.shares(500)) == Self.shares(500))
    #expect(journal.replay.percentages == [:])
  }

  @Test("A live share stays until the file's own number is another one")
  func edited() throws {
    var journal = Journal()
    _ = try journal.read(Self.shares(500))
    try journal.append(JournalTests.moved([JournalTests.move("orders", 500, 2_500)]))
    #expect(journal.replay.shares(file: Self.shares(500)) == Self.shares(2_500))
    #expect(try journal.read(Self.shares(500)) == nil)
    let edit = try #require(try journal.read(Self.shares(1_000)))
    #expect(edit.moves == [JournalTests.move("orders", 2_500, 1_000)])
    #expect(journal.replay.shares(file: Self.shares(1_000)) == Self.shares(1_000))
    #expect(journal.replay.contradictions == [])
  }

  @Test("A raise of the file says which plans it passes by; what takes users back asks no plan")
  func pastGates() throws {
    var journal = Journal()
    _ = try journal.read(Self.shares(500))
    let plans = ["orders": "slowly", "cart": "at once"]
    let raise = try #require(
      journal.replay.reading(
        file: Self.shares(700, 100), cause: "SIGHUP", plans: plans, time: 1,
        configurationHash: "c0ffee"))
    #expect(
      raise.reason == "configuration read: SIGHUP: past the gates of \"at once\", \"slowly\"")
    let back = try #require(
      journal.replay.reading(
        file: Self.shares(100), plans: plans, time: 1, configurationHash: "c0ffee"))
    #expect(back.reason == "configuration read")
  }

  @Test("An edit of the share at which the file stood all the time is a move too")
  func neverMoved() throws {
    var journal = Journal()
    _ = try journal.read(Self.shares(500))
    let edit = try #require(try journal.read(Self.shares(700, 100)))
    #expect(
      edit.moves == [JournalTests.move("cart", 0, 100), JournalTests.move("orders", 500, 700)])
  }

  @Test("A route that was away comes back with what the file says")
  func cameBack() throws {
    var journal = Journal()
    _ = try journal.read(Self.shares(500))
    try journal.append(JournalTests.moved([JournalTests.move("orders", 500, 2_500)]))
    _ = try journal.read(["cart": .zero])
    let back = try #require(try journal.read(Self.shares(500)))
    #expect(back.moves == [JournalTests.move("orders", 2_500, 500)])
  }

  @Test("Under the kill switch no file moves anybody, and off moves nobody")
  func killed() throws {
    var journal = Journal()
    _ = try journal.read(Self.shares(500))
    var state = try #require(journal.replay.installation)
    state.isKilled = true
    var kill = JournalTests.moved([JournalTests.move("orders", 500, 0)])
    kill.state = state.json
    try journal.append(kill)
    let edit = try #require(try journal.read(Self.shares(900, 300)))
    #expect(edit.moves == [])
    #expect(journal.replay.shares(file: Self.shares(900, 300)) == Self.shares(0))
    let added = try #require(
      try journal.read(["orders": .hundredths(900), "new": .hundredths(200)]))
    #expect(added.moves == [JournalTests.move("new", 200, 0)])
    var off = JournalTests.moved([])
    state = try #require(journal.replay.installation)
    state.isKilled = false
    off.state = state.json
    try journal.append(off)
    #expect(
      journal.replay.shares(file: ["orders": .hundredths(900), "new": .hundredths(200)])
        == ["orders": .zero, "new": .zero])
  }

  @Test("While everything is frozen a file lowers shares and raises none; then it is taken up")
  func frozen() throws {
    var journal = Journal()
    _ = try journal.read(Self.shares(500, 500))
    func setFrozen(_ isOn: Bool) throws {
      var state = try #require(journal.replay.installation)
      state.isFrozen = isOn
      var record = JournalTests.moved([])
      record.state = state.json
      try journal.append(record)
    }
    try setFrozen(true)
    let file = Self.shares(900, 100).merging(["new": .hundredths(200)]) { $1 }
    let edit = try #require(try journal.read(file))
    #expect(
      edit.moves == [JournalTests.move("cart", 500, 100), JournalTests.move("new", 200, 0)])
    #expect(
      edit.reason
        == "configuration read: frozen, so new to 2 %, orders to 9 % is taken up when it no longer is"
    )
    let stands = Self.shares(500, 100).merging(["new": .zero]) { $1 }
    #expect(journal.replay.shares(file: file) == stands)
    #expect(try journal.read(file) == nil)
    #expect(journal.replay.sharedFile(Self.shares(500), former: Self.shares(500)) == file)
    try setFrozen(false)
    let late = try #require(try journal.read(file))
    #expect(
      late.moves == [JournalTests.move("new", 0, 200), JournalTests.move("orders", 500, 900)])
    #expect(journal.replay.installation?.heldShares == nil)
    #expect(journal.replay.shares(file: file) == file)
  }

  @Test(
    "Who was taken back after a raise that waits stays there when the freeze ends",
    arguments: [false, true])
  func takenBackMeanwhile(byKillSwitch: Bool) throws {
    var journal = Journal()
    _ = try journal.read(Self.shares(500))
    func append(
      _ moves: [JournalRecord.Move] = [], _ change: (inout InstallationState) -> Void
    ) throws {
      var state = try #require(journal.replay.installation)
      change(&state)
      var record = JournalTests.moved(moves)
      record.state = state.json
      try journal.append(record)
    }
    try append { $0.isFrozen = true }
    let file = Self.shares(5_000, 100)
    _ = try journal.read(file)
    #expect(journal.replay.installation?.heldShares == file)
    let back = [JournalTests.move("orders", 500, 0)]
    if byKillSwitch {
      try append(back) { $0.isKilled = true }
      #expect(journal.replay.installation?.heldShares == nil)
      try append { $0.isKilled = false }
    } else {
      try journal.append(JournalTests.moved(back))
      #expect(journal.replay.installation?.heldShares == ["cart": .hundredths(100)])
    }
    try append { $0.isFrozen = false }
    _ = try journal.read(file)
    #expect(journal.replay.percentages["orders"] == .zero)
    #expect(journal.replay.shares(file: file) == Self.shares(0, byKillSwitch ? 0 : 100))
    // Whoever edits the number again means it.
    #expect(journal.replay.shares(file: Self.shares(5_001))["orders"] == .hundredths(5_001))
  }

  @Test(
    "A route that came while everything was frozen or killed is not reverted to its number",
    arguments: [false, true])
  func revertedNewcomer(byKillSwitch: Bool) throws {
    var journal = Journal()
    _ = try journal.read(Self.shares(500))
    var state = try #require(journal.replay.installation)
    (state.isFrozen, state.isKilled) = (!byKillSwitch, byKillSwitch)
    var record = JournalTests.moved([])
    record.state = state.json
    let target = try journal.chain.append(record)
    try journal.replay.apply(target)
    let file = ["orders": Percentage.hundredths(100), "new": .hundredths(3_300)]
    let newcomer = try #require(
      journal.replay.reading(file: file, time: 2, configurationHash: "c0ffee"))
    #expect(newcomer.moves.contains(JournalTests.move("new", 3_300, 0)))
    let entry = try journal.chain.append(newcomer)
    try journal.replay.apply(entry)
    var revert = JournalRevert(to: target)
    try revert.take([entry])
    let back = revert.record(
      from: journal.replay.percentages, time: 3, actor: "ann", reason: "before it",
      configurationHash: "c0ffee")
    #expect(back?.moves.contains { $0.route == "new" } != true)
    // Who stood there is taken back there, whoever moved them.
    if !byKillSwitch { #expect(back?.moves == [JournalTests.move("orders", 100, 500)]) }
  }

  @Test("No proxy's file raises a route that nobody knows while everything is frozen")
  func unknownOfShared() throws {
    var journal = Journal()
    _ = try journal.read(Self.shares(500))
    let file = Self.shares(500).merging(["new": .hundredths(5_000)]) { $1 }
    #expect(journal.replay.sharedShares(file: file) == file)
    var state = try #require(journal.replay.installation)
    state.isFrozen = true
    var record = JournalTests.moved([])
    record.state = state.json
    try journal.append(record)
    #expect(journal.replay.sharedShares(file: file)["new"] == .zero)
  }
}
