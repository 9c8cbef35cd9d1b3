// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("Restart of a cutover")
struct RestartTests {
  private static func running() -> CutoverDriver {
    let gates = CutoverGates(mismatches: MismatchGateRules())
    var driver = CutoverDriver(CutoverDriver.plan(gates: gates))
    driver.compared = 3
    driver.handle(.start)
    driver.legacyFailures = 2
    for _ in 0..<70 { driver.second() }
    driver.handle(.compared(route: "orders", CompareCounts(compared: 1)))
    return driver
  }

  @Test("Its state survives as text, bit for bit")
  func text() throws {
    let journaled = Self.running().machine.journaled
    #expect(try JournaledCutover(json: journaled.json) == journaled)
    #expect(try JournaledCutover(json: journaled.json).json == journaled.json)
    #expect(!journaled.json.contains("\n"))
  }

  @Test("It goes on where it was, without a fresh stake")
  func goesOn() throws {
    let driver = Self.running()
    let state = driver.machine.state
    let restored = try CutoverMachine(driver.machine.plan, restoring: state, age: 0)
    #expect(restored.state == state)
    #expect(restored.percent == .hundredths(1_000))
    let later = try CutoverMachine(driver.machine.plan, restoring: state, age: 1_000)
    let before = try #require(state.routes["orders"])
    let after = try #require(later.state.routes["orders"])
    #expect(after.errors.blocks == before.errors.blocks + CutoverMachine.journalInterval)
    #expect(after.errors.worth == before.errors.worth)
  }

  @Test("A hundred restarts of an equal service at its weakest moment roll nothing back")
  func manyRestarts() throws {
    var driver = CutoverDriver(CutoverDriver.plan([CutoverDriver.stage(10, soak: 36_000)]))
    driver.handle(.start)
    driver.legacyFailures = 2
    driver.extractedFailures = 2
    for _ in 0..<100 {
      for _ in 0..<30 { driver.second() }
      driver.machine = try CutoverMachine(
        driver.machine.plan, restoring: JournaledCutover(json: driver.machine.journaled.json).state,
        age: 5)
    }
    #expect(driver.machine.percent == .hundredths(1_000))
    let state = try #require(driver.machine.state.routes["orders"])
    #expect(state.errors.blocks == 100 * 30 + 100 * 5)
  }

  @Test("Another plan's state is not taken")
  func otherPlan() {
    let driver = Self.running()
    let state = driver.machine.state
    let others = [
      CutoverDriver.plan(routes: ["other"]), CutoverDriver.plan(gates: CutoverGates()),
      CutoverDriver.plan(gates: CutoverGates(latency: [], mismatches: MismatchGateRules())),
    ]
    for plan in others {
      #expect(throws: UnusableState.otherPlan) {
        try CutoverMachine(plan, restoring: state, age: 0)
      }
    }
    #expect(throws: UnusableState.unreadable) { try JournaledCutover(json: "{}") }
  }

  @Test("The state is due each minute, and after it was written a minute later")
  func due() {
    var driver = CutoverDriver(CutoverDriver.plan([CutoverDriver.stage(10, soak: 3_600)]))
    #expect(!driver.machine.isStateDue)
    driver.handle(.start)
    driver.machine.stateWasWritten()
    for _ in 0..<59 { driver.second() }
    #expect(!driver.machine.isStateDue)
    driver.second()
    #expect(driver.machine.isStateDue)
    driver.machine.stateWasWritten()
    #expect(!driver.machine.isStateDue)
  }
}
