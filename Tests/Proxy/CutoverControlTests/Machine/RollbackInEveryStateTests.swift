// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

/// A gate that sleeps while somebody is waited for is none.
@Suite("Automatic rollback in every state")
struct RollbackInEveryStateTests {
  private static let states = [
    "soaking", "awaiting approval", "approved but frozen", "paused", "frozen",
    "in a freeze window", "proved and waiting for its sample",
  ]

  private static func driver(in state: String) -> CutoverDriver {
    let window = FreezeWindow.once(1_000..<1_000_000)
    let minimum = state == "proved and waiting for its sample" ? 1_000_000 : 0
    var driver = CutoverDriver(
      CutoverDriver.plan(
        [
          CutoverDriver.stage(10, minimum: minimum),
          CutoverDriver.stage(50, needsApproval: state != "in a freeze window"),
        ], freezes: [window]))
    driver.handle(.start)
    let soaks = ["soaking", "paused", "frozen"].contains(state)
    if state == "in a freeze window" { driver.time = 1_000 }
    for _ in 0..<(soaks ? 20 : 100) { driver.second() }
    switch state {
    case "paused": driver.handle(.pause)
    case "frozen": driver.handle(.freeze)
    case "approved but frozen":
      driver.handle(.freeze)
      driver.approve()
    default: break
    }
    return driver
  }

  @Test("Failures take it back within seconds", arguments: states)
  func failures(state: String) {
    var driver = Self.driver(in: state)
    let before = driver.second()
    switch (state, before) {
    case ("soaking", .hold(.soaking)), ("paused", .hold(.paused)), ("frozen", .hold(.frozen)),
      ("approved but frozen", .hold(.frozen)), ("in a freeze window", .hold(.inFreezeWindow)),
      ("proved and waiting for its sample", .hold(.sampleTooSmall)),
      ("awaiting approval", .hold(.awaitingApproval(stage: 1))):
      break
    default: Issue.record("\(state) is \(before)")
    }
    driver.extractedFailures = 20
    var seconds = 0
    while driver.machine.percent > .zero, seconds < 60 {
      driver.second()
      seconds += 1
    }
    #expect(driver.machine.percent == .zero)
    #expect(seconds <= 15, "\(seconds) s")
    guard case .rollBack(.gate(let finding)) = driver.actions.last else {
      Issue.record("no rollback but \(String(describing: driver.actions.last))")
      return
    }
    #expect(finding.subject == .errors)
    #expect(finding.evidence >= finding.threshold)
  }

  @Test("An incident that both sides share takes nothing back", arguments: states)
  func sharedIncident(state: String) {
    var driver = Self.driver(in: state)
    driver.extractedFailures = 30
    driver.legacyFailures = 30
    for _ in 0..<300 { driver.second() }
    #expect(driver.machine.percent == .hundredths(1_000))
    #expect(driver.actions.allSatisfy { if case .rollBack = $0 { false } else { true } })
  }

  @Test("In the last stage against a ceiling too")
  func absolute() {
    var driver = CutoverDriver(
      CutoverDriver.plan([CutoverDriver.stage(100, soak: 3_600, evidence: .absolute)]))
    driver.handle(.start)
    for _ in 0..<100 { driver.second() }
    driver.extractedFailures = 1
    for _ in 0..<100 { driver.second() }
    #expect(driver.machine.percent == .full)
    driver.extractedFailures = 10
    #expect((1...30).contains(driver.seconds(limit: 60) ?? 0))
    guard case .rollBack(.gate(let finding)) = driver.actions.last else {
      Issue.record("expected a rollback")
      return
    }
    #expect(finding.baseline == .ceiling(0.02))
    #expect(finding.description.contains("absolute gate only, cannot tell a shared incident"))
  }

  @Test(
    "A completed cutover is watched on, by what its last stage is measured by",
    arguments: [(99, CutoverStage.Evidence.holdBack), (100, .absolute)])
  func completed(percent: Int, evidence: CutoverStage.Evidence) throws {
    var driver = CutoverDriver(
      CutoverDriver.plan([CutoverDriver.stage(percent, evidence: evidence)]))
    driver.requestsPerSecond = 1_000
    driver.handle(.start)
    #expect(driver.seconds(limit: 600) != nil)
    #expect(driver.actions.last == .complete)
    for _ in 0..<600 { driver.second() }
    #expect(driver.second() == .hold(.completed))
    // A restart goes on watching, and gives up all stakes since its state was written.
    let state = try JournaledCutover(json: driver.machine.journaled.json).state
    let blocks = try #require(state.routes["orders"]).errors.blocks
    driver.machine = try CutoverMachine(driver.machine.plan, restoring: state, age: 86_400)
    #expect(driver.machine.state.routes["orders"]?.errors.blocks == blocks + 86_400)
    #expect(!driver.machine.isStateDue)
    for _ in 0..<3_600 { driver.second() }
    #expect(driver.machine.isStateDue)
    driver.extractedFailures = 20
    #expect((1...60).contains(driver.seconds(limit: 200) ?? 0))
    guard case .rollBack(.gate(let finding)) = driver.actions.last else {
      Issue.record("no rollback but \(String(describing: driver.actions.last))")
      return
    }
    #expect(finding.subject == .errors)
    #expect(driver.percent == .zero && driver.machine.phase == .rolledBack)
  }

  @Test("What a version before completed, and promised to leave alone, only an order takes back")
  func completedBefore() throws {
    var driver = CutoverDriver(CutoverDriver.plan([CutoverDriver.stage(99, evidence: .holdBack)]))
    driver.requestsPerSecond = 1_000
    driver.handle(.start)
    #expect(driver.seconds(limit: 600) != nil)
    let json = driver.machine.journaled.json.replacing(#","watchesOn":true"#, with: "")
    driver.machine = try CutoverMachine(
      driver.machine.plan, restoring: JournaledCutover(json: json).state, age: 60)
    #expect(!driver.machine.isWatched && driver.machine.isReversible)
    driver.extractedFailures = 20
    #expect(driver.seconds(limit: 200) == nil)
    #expect(driver.machine.phase == .completed)
    guard case .rollBack = driver.handle(.rollBack(reason: "legacy is still there")) else {
      Issue.record("an order takes back whatever is completed")
      return
    }
  }

  @Test("An outage after completion is taken back too, and an order always is")
  func afterCompletion() {
    func through() -> CutoverDriver {
      var driver = CutoverDriver(
        CutoverDriver.plan([CutoverDriver.stage(100, evidence: .absolute)]))
      driver.handle(.start)
      #expect(driver.seconds(limit: 200) == 60)
      return driver
    }
    var driver = through()
    let failing = RouteCounts(
      extracted: SideCounts(finished: 5, failed: 1, succeeded: 0, judged: (0, 0)))
    var seconds = 0
    while driver.percent > .zero, seconds < 100 {
      seconds += 1
      driver.handle(.tick(["orders": failing]))
    }
    guard case .rollBack(.outage)? = driver.actions.last else {
      Issue.record("expected an outage: \(driver.actions)")
      return
    }
    #expect(seconds == 10)
    var other = through()
    #expect(
      other.handle(.rollBack(reason: "legacy is still there"))
        == .rollBack(.ordered(reason: "legacy is still there")))
  }

  @Test("Slow answers take it back")
  func latency() {
    let gates = CutoverGates(latency: [LatencyGateRules(quantile: 0.95)])
    var driver = CutoverDriver(CutoverDriver.plan(gates: gates))
    driver.handle(.start)
    func second(slow: Int) -> CutoverAction {
      driver.handle(
        .tick([
          "orders": RouteCounts(
            legacy: SideCounts(finished: 90, ages: [.init(judged: 90, slow: 4)]),
            extracted: SideCounts(finished: 10, ages: [.init(judged: 10, slow: slow)]))
        ]))
    }
    for _ in 0..<40 { _ = second(slow: 0) }
    var last = CutoverAction.complete
    for _ in 0..<60 {
      last = second(slow: 4)
      if case .rollBack = last { break }
    }
    guard case .rollBack(.gate(let finding)) = last else {
      Issue.record("expected a rollback")
      return
    }
    #expect(finding.subject == .latency(quantile: 0.95))
    #expect(finding.description.hasPrefix("orders: slower than legacy's p95: extracted "))
    #expect(driver.machine.slowness(of: "orders").count == 1)
  }

  @Test("Mismatches of shadow comparisons take it back, at 0 % already", arguments: [0, 10])
  func mismatches(percent: Int) {
    let gates = CutoverGates(latency: [], mismatches: MismatchGateRules())
    var driver = CutoverDriver(CutoverDriver.plan([CutoverDriver.stage(percent)], gates: gates))
    driver.compared = 20
    driver.handle(.start)
    for _ in 0..<20 { driver.second() }
    driver.extractedOdd = 4
    #expect((1...10).contains(driver.seconds(limit: 60) ?? 0))
    guard case .rollBack(.gate(let finding)) = driver.actions.last else {
      Issue.record("expected a rollback")
      return
    }
    #expect(finding.subject == .mismatches)
  }
}
