// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("Replay of a journal")
struct JournalReplayTests {
  @Test("The last move of each route says where it stands")
  func percentages() throws {
    let replay = try JournalReplay(try JournalTests.journal())
    #expect(
      replay.percentages == [
        "orders": .hundredths(2_500), "cart": .hundredths(1_000), "checkout": .hundredths(1_000),
      ])
    #expect(replay.sequence == 4)
    #expect(replay.contradictions == [])
  }

  @Test("A move that starts elsewhere than the route stood is reported")
  func contradiction() throws {
    var chain = JournalChain(installation: JournalTests.installation)
    let entries = [
      try chain.append(JournalTests.moved([JournalTests.move("orders", 0, 500)])),
      try chain.append(JournalTests.moved([JournalTests.move("orders", 700, 800)])),
    ]
    #expect(
      try JournalReplay(entries).contradictions == [
        .init(sequence: 2, route: "orders", stood: .hundredths(500), from: .hundredths(700))
      ])
  }

  @Test("To revert is an entry that takes every route back to where it stood, newer ones too")
  func revert() throws {
    var entries = try JournalTests.journal()
    let record = try #require(try Self.revert(to: 1, in: entries))
    #expect(record.kind == .reverted(to: 1))
    #expect(
      record.moves == [
        JournalTests.move("cart", 1_000, 0), JournalTests.move("checkout", 1_000, 0),
        JournalTests.move("orders", 2_500, 500),
      ])
    var chain = JournalChain(after: entries[3])
    entries.append(try chain.append(record))
    #expect(JournalTests.firstFault(in: entries) == nil)
    let replay = try JournalReplay(entries)
    #expect(replay.percentages["orders"] == .hundredths(500))
    #expect(replay.percentages["cart"] == .zero)
    #expect(try Self.revert(to: 5, in: entries) == nil)
    #expect(try Self.revert(to: 1, in: entries) == nil)
    #expect(try Self.revert(to: 4, in: entries)?.moves.count == 3)
  }

  /// Reads what follows the entry in pages of two.
  private static func revert(to target: Int, in entries: [JournalEntry]) throws -> JournalRecord? {
    var revert = JournalRevert(to: entries[target - 1])
    var rest = entries[target...]
    while !rest.isEmpty {
      try revert.take(rest.prefix(2))
      rest = rest.dropFirst(2)
    }
    #expect(revert.end == entries.last.map { JournalChain(after: $0) })
    return revert.record(
      from: try JournalReplay(entries).percentages, time: 5, actor: "ada", reason: "back",
      configurationHash: "c0ffee")
  }

  @Test("A journal that was changed behind the entry is none to go by")
  func revertInChangedJournal() throws {
    let entries = try JournalTests.journal()
    var revert = JournalRevert(to: entries[0])
    #expect(throws: JournalFault.self) { try revert.take(entries[2...]) }
    #expect(revert.end == JournalChain(after: entries[0]))
  }

  /// Runs a cutover and journals all it does, as a runner would.
  private struct Runner {
    var driver = CutoverDriver(
      CutoverDriver.plan(
        [CutoverDriver.stage(10, soak: 100), CutoverDriver.stage(50, needsApproval: true)],
        routes: ["cart", "checkout"]))
    var chain = JournalChain(installation: JournalTests.installation)
    var entries: [JournalEntry] = []

    mutating func handle(_ event: CutoverEvent?, actor: String? = nil) throws {
      let before = Dictionary(
        uniqueKeysWithValues: driver.machine.plan.routes.map { ($0, driver.machine.percent) })
      let action = event.map { driver.handle($0) } ?? driver.second()
      let record = JournalRecord(
        event ?? .tick([:]), action, from: before, driver.machine, time: driver.time * 1_000,
        actor: actor, configurationHash: "c0ffee", evidence: "evidence/1")
      if let record {
        entries.append(try chain.append(record))
        driver.machine.stateWasWritten()
      } else if driver.machine.isStateDue {
        entries.append(
          try chain.append(
            JournalRecord(
              stateOf: driver.machine, time: driver.time * 1_000, configurationHash: "c0ffee")))
        driver.machine.stateWasWritten()
      }
    }
  }

  @Test("A journaled cutover comes back after a restart and is rolled back from there")
  func cutover() throws {
    var runner = Runner()
    try runner.handle(.start, actor: "ada")
    for _ in 0..<61 { try runner.handle(nil) }
    #expect(runner.entries.map(\.record.reason) == ["stage 1 of 2: 10 %", "state"])
    #expect(runner.entries.map(\.record.isAutomatic) == [false, true])
    #expect(runner.entries[1].record.moves == [])
    let live = try #require(try JournalReplay(runner.entries).cutovers["orders"])
    #expect(live.sequence == 2)
    let journaled = try JournaledCutover(json: live.state)
    #expect(journaled.plan == runner.driver.machine.plan)
    runner.driver.machine = try CutoverMachine(
      journaled.plan, restoring: journaled.state, age: 3)
    runner.driver.extractedFailures = 30
    while runner.driver.machine.percent > .zero, runner.driver.time < 200 {
      try runner.handle(nil)
    }
    let last = try #require(runner.entries.last?.record)
    #expect(last.isAutomatic)
    #expect(last.actor == JournalRecord.automaticActor)
    #expect(last.reason.hasPrefix("a gate fired: "))
    #expect(last.moves.map(\.route) == ["cart", "checkout"])
    #expect(last.moves.allSatisfy { $0.from == .hundredths(1_000) && $0.to == .zero })
    let replay = try JournalReplay(runner.entries)
    #expect(replay.percentages == ["cart": .zero, "checkout": .zero])
    #expect(replay.contradictions == [])
    #expect(JournalTests.firstFault(in: runner.entries) == nil)
    let end = try #require(replay.cutovers["orders"])
    #expect(try JournaledCutover(json: end.state).state.phase == .rolledBack)
  }

  @Test("Whoever approves, pauses or freezes stands in the journal, once")
  func orders() throws {
    var runner = Runner()
    try runner.handle(.start, actor: "ada")
    for _ in 0..<120 { try runner.handle(nil) }
    try runner.handle(.freeze, actor: "grace")
    let approval = StageApproval(stage: 1, plan: runner.driver.machine.version)
    try runner.handle(.approve(approval), actor: "ada")
    try runner.handle(.approve(approval), actor: "eve")
    try runner.handle(.unfreeze, actor: "grace")
    let told = runner.entries.map(\.record).filter { $0.reason != "state" }
    #expect(
      told.map { "\($0.actor): \($0.reason)" } == [
        "ada: stage 1 of 2: 10 %", "cutover: stage 2, 50 %, waits for approval", "grace: frozen",
        "ada: approved", "grace: no longer frozen; stage 2 of 2: 50 %",
      ])
    #expect(told.map(\.isAutomatic) == [false, true, false, false, false])
  }

  @Test("A cutover whose routes somebody moved has ended")
  func movedByHand() throws {
    var runner = Runner()
    try runner.handle(.start, actor: "ada")
    let record = JournalTests.moved([JournalTests.move("cart", 1_000, 100)])
    runner.entries.append(try runner.chain.append(record))
    let replay = try JournalReplay(runner.entries)
    #expect(replay.cutovers == [:])
    #expect(replay.ends.mapValues(\.sequence) == ["orders": 2])
    #expect(replay.ends["orders"]?.actor == record.actor)
  }

  @Test("One that watches at 0 % has taken hold of its routes too")
  func movedByHandFromNothing() throws {
    var runner = Runner()
    runner.driver = CutoverDriver(
      CutoverDriver.plan(
        [CutoverDriver.stage(0)], gates: CutoverGates(mismatches: MismatchGateRules())))
    try runner.handle(.start, actor: "ada")
    #expect(runner.entries.map(\.record.moves) == [[JournalTests.move("orders", 0, 0)]])
    let record = JournalTests.moved([JournalTests.move("orders", 0, 100)])
    runner.entries.append(try runner.chain.append(record))
    #expect(try JournalReplay(runner.entries).ends.mapValues(\.sequence) == ["orders": 2])
  }

  private static func machine(routes: Int, compares: Bool = false) -> CutoverMachine {
    let names = (0..<routes).map { "a-route-with-a-name-of-its-own-\($0)" }
    let plan = CutoverPlan(
      name: "many", routes: names,
      stages: [CutoverStage(percent: .hundredths(1_000), soak: .seconds(60))],
      gates: CutoverGates(mismatches: MismatchGateRules()))
    var machine = CutoverMachine(plan, run: 1)
    _ = machine.handle(.start, at: 0)
    let counts = RouteCounts(
      legacy: SideCounts(finished: 899_999, failed: 777, ages: [.init(judged: 899_999, slow: 7)]),
      extracted: SideCounts(finished: 99_999, failed: 77, ages: [.init(judged: 99_999, slow: 9)]))
    for name in names where compares {
      _ = machine.handle(
        .compared(
          route: name, CompareCounts(compared: 9_999, odd: .init(extracted: 1, legacy: 1))), at: 0
      )
    }
    _ = machine.handle(
      .tick(Dictionary(uniqueKeysWithValues: names.map { ($0, counts) })), at: 0)
    return machine
  }

  @Test("What the gates know of as many routes as a plan may have fits into an entry")
  func manyRoutes() {
    let length = Self.machine(routes: 400, compares: true).journaled.json.utf8.count
    #expect(length < JournalChain.longestState, "\(length)")
  }

  @Test("A rollback whose state is too long is written without it, and ends the cutover")
  func tooLong() throws {
    var machine = Self.machine(routes: 1_000)
    var replay = JournalReplay()
    let zero = Dictionary(uniqueKeysWithValues: machine.plan.routes.map { ($0, Percentage.zero) })
    let start = try #require(
      JournalRecord(
        .start, .setPercent(.hundredths(1_000), stage: 0), from: zero, machine, time: 1,
        actor: "ann", configurationHash: "c"))
    try replay.apply(start, sequence: 1)
    #expect(replay.cutovers["many"] != nil)
    let shares = zero.mapValues { _ in Percentage.hundredths(1_000) }
    let event = CutoverEvent.rollBack(reason: "no")
    let action = machine.handle(event, at: 2)
    let whole = try #require(
      JournalRecord(
        event, action, from: shares, machine, time: 2, actor: "ann", configurationHash: "c"))
    var chain = JournalChain(installation: "shop")
    #expect(throws: JournalChain.Refusal.tooLong(field: "state")) { try chain.append(whole) }
    let record = whole.endingCutover(of: machine, from: shares)
    #expect(record.reason == "the cutover many has ended: no")
    _ = try chain.append(record)
    try replay.apply(record, sequence: 2)
    #expect(
      replay.percentages.values.allSatisfy { $0 == .zero } && replay.percentages.count == 1_000)
    #expect(replay.cutovers.isEmpty && replay.ends["many"]?.sequence == 2)
    let small = Self.machine(routes: 1)
    let state = JournalRecord(stateOf: small, time: 1, configurationHash: "c")
    #expect(state.endingCutover(of: small, from: [:]) == state)
  }
}
