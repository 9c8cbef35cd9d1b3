// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("No data holds")
struct NoDataTests {
  @Test("Without any traffic it holds, for ever")
  func noTraffic() {
    var driver = CutoverDriver(CutoverDriver.plan())
    driver.handle(.start)
    driver.requestsPerSecond = 0
    #expect(driver.seconds(limit: 2_000) == nil)
    #expect(driver.second() == .hold(.noTraffic))
    #expect(driver.machine.percent == .hundredths(1_000))
  }

  @Test("Without requests on the extracted side it holds, though everything was proved before")
  func extractedSilent() {
    var driver = CutoverDriver(
      CutoverDriver.plan([CutoverDriver.stage(10, soak: 200), CutoverDriver.stage(50)]))
    driver.handle(.start)
    for _ in 0..<190 { driver.second() }
    #expect(driver.seconds(limit: 9, extractedIsSilent: true) == nil)
    // The soak time is over within the minute in which silence is none yet: proved is proved.
    var late = CutoverDriver(
      CutoverDriver.plan([CutoverDriver.stage(10, soak: 300), CutoverDriver.stage(50)]))
    late.handle(.start)
    for _ in 0..<190 { late.second() }
    #expect(late.seconds(limit: 500, extractedIsSilent: true) == nil)
    #expect(late.second(extractedIsSilent: true) == .hold(.extractedSilent(route: "orders")))
    #expect(late.second() == .setPercent(.hundredths(5_000), stage: 1))
  }

  @Test("Without comparisons nothing is promoted from 0 %, with them it is")
  func shadow() {
    let gates = CutoverGates(latency: [], mismatches: MismatchGateRules())
    let plan = CutoverDriver.plan(
      [CutoverDriver.stage(0, minimum: 1_000), CutoverDriver.stage(10)], gates: gates)
    var driver = CutoverDriver(plan)
    driver.handle(.start)
    #expect(driver.seconds(limit: 500) == nil)
    #expect(driver.second() == .hold(.extractedSilent(route: "orders")))
    driver.compared = 20
    #expect(driver.seconds(limit: 500) == 50)
    #expect(driver.actions.last == .setPercent(.hundredths(1_000), stage: 1))
  }

  @Test("When legacy falls silent it holds, says so, and a ceiling stands in")
  func legacySilent() {
    var driver = CutoverDriver(CutoverDriver.plan())
    driver.handle(.start)
    for _ in 0..<30 { driver.second() }
    #expect(driver.seconds(limit: 300, legacyIsSilent: true) == nil)
    #expect(driver.second(legacyIsSilent: true) == .hold(.legacySilent(route: "orders")))
    #expect(driver.machine.findings.first?.baseline == .ceiling(0.02))
    driver.extractedFailures = 20
    #expect((1...30).contains(driver.seconds(limit: 60, legacyIsSilent: true) ?? 0))
    guard case .rollBack(.gate(let finding)) = driver.actions.last else {
      Issue.record("expected a rollback")
      return
    }
    #expect(finding.baseline == .ceiling(0.02))
  }

  @Test("A ceiling is three times what legacy had, if that is more than 2 %")
  func ceilingFollowsLegacy() {
    var driver = CutoverDriver(CutoverDriver.plan())
    driver.handle(.start)
    driver.legacyFailures = 10
    driver.extractedFailures = 10
    for _ in 0..<30 { driver.second() }
    for _ in 0..<100 { driver.second(legacyIsSilent: true) }
    guard case .ceiling(let ceiling) = driver.machine.findings.first?.baseline else {
      Issue.record("expected a ceiling")
      return
    }
    #expect(abs(ceiling - 0.3) < 1e-6)
  }

  @Test("A route without a request is not promoted with its group, nor one without a proof")
  func quietRoute() {
    var driver = CutoverDriver(
      CutoverDriver.plan(
        [CutoverDriver.stage(10), CutoverDriver.stage(50)], routes: ["busy", "quiet"]))
    driver.handle(.start)
    let busy = RouteCounts(
      legacy: SideCounts(finished: 90), extracted: SideCounts(finished: 10))
    for _ in 0..<500 { driver.handle(.tick(["busy": busy])) }
    #expect(driver.handle(.tick(["busy": busy])) == .hold(.extractedSilent(route: "quiet")))
    let quiet = RouteCounts(legacy: SideCounts(finished: 9), extracted: SideCounts(finished: 1))
    guard
      case .hold(.notProved(route: "quiet", evidence: _, of: _)) = driver.handle(
        .tick(["busy": busy, "quiet": quiet]))
    else {
      Issue.record("expected to wait for a proof: \(driver.actions)")
      return
    }
    var seconds = 1
    while driver.actions.last != .setPercent(.hundredths(5_000), stage: 1), seconds < 2_000 {
      seconds += 1
      driver.handle(.tick(["busy": busy, "quiet": quiet]))
    }
    // One request a second, none of them an error.
    #expect(seconds == 844)
  }

  @Test("What routes proved together a version before is a proof of none, what one did is its own")
  func formerProof() throws {
    for (routes, judged) in [(["orders"], 600), (["orders", "cart"], 0)] {
      var driver = CutoverDriver(CutoverDriver.plan(routes: routes))
      driver.handle(.start)
      for _ in 0..<60 { driver.second() }
      let json = driver.machine.journaled.json
      let former = json.replacing(#/"proof":\{[^}]*\}[^}]*\},/#, with: "")
      #expect(former != json)
      let machine = try CutoverMachine(
        driver.machine.plan, restoring: JournaledCutover(json: former).state, age: 0)
      #expect(machine.state.judged == judged)
    }
  }
}
