// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

/// Proxies that serve a route otherwise, such as by the upstreams of an older file.
@Suite("Traffic of proxies that serve a route otherwise")
struct StrangerTests {
  /// A second in which such a proxy has most of the traffic.
  private static func strangers(failures: Int = 0) -> [String: RouteCounts] {
    [
      "orders": RouteCounts(
        legacy: SideCounts(finished: 90_000),
        extracted: SideCounts(finished: 10_000, failed: failures))
    ]
  }

  private static func second(extracted: SideCounts) -> [String: RouteCounts] {
    ["orders": RouteCounts(legacy: SideCounts(finished: 90), extracted: extracted)]
  }

  private static func started() -> CutoverDriver {
    var driver = CutoverDriver(CutoverDriver.plan())
    driver.handle(.start)
    return driver
  }

  @Test("Their success hides no outage of the side that is judged")
  func outage() {
    var driver = Self.started()
    let failing = Self.second(extracted: SideCounts(finished: 1, failed: 1))
    var seconds = 0
    while driver.percent > .zero, seconds < 60 {
      seconds += 1
      driver.handle(.tick(failing, strangers: Self.strangers()))
    }
    #expect(seconds <= 10)
    guard case .rollBack(.outage)? = driver.actions.last else {
      Issue.record("expected an outage: \(driver.actions)")
      return
    }
  }

  @Test("Where nothing succeeds there any more it is an outage, whatever succeeds here")
  func outageElsewhere() {
    var driver = Self.started()
    let well = [
      "orders": RouteCounts(
        legacy: SideCounts(finished: 9_000), extracted: SideCounts(finished: 1_000))
    ]
    // One user a second, too few for the gate to tell from the others.
    let failing = [
      "orders": RouteCounts(
        legacy: SideCounts(finished: 90), extracted: SideCounts(finished: 1, failed: 1))
    ]
    var seconds = 0
    while driver.percent > .zero, seconds < 60 {
      seconds += 1
      driver.handle(.tick(well, strangers: failing))
    }
    #expect(seconds == 10)
    guard case .rollBack(.outage)? = driver.actions.last else {
      Issue.record("expected an outage: \(driver.actions)")
      return
    }
  }

  @Test("Failures there among successes are in no row, however seldom anything is asked here")
  func noOutageElsewhere() {
    var driver = Self.started()
    for second in 0..<300 {
      // Half of them fail on both sides there, so that no gate has anything to say.
      let elsewhere = [
        "orders": RouteCounts(
          legacy: SideCounts(finished: 90, failed: 45),
          extracted: SideCounts(finished: 1, failed: second.isMultiple(of: 2) ? 1 : 0))
      ]
      driver.handle(.tick([:], strangers: elsewhere))
    }
    #expect(driver.percent == .hundredths(1_000) && driver.machine.outages.isEmpty)
  }

  @Test("Their success promotes nothing, however much of it there is")
  func promotion() {
    var driver = Self.started()
    let idle = Self.second(extracted: SideCounts(finished: 1))
    for _ in 0..<200 { driver.handle(.tick(idle, strangers: Self.strangers())) }
    #expect(driver.machine.state.judged == 200)
    #expect(driver.actions.count == 1)
    // The same from proxies that serve it alike is a proof.
    var other = Self.started()
    for _ in 0..<200 {
      var all = idle
      all["orders"]? += Self.strangers()["orders"] ?? RouteCounts()
      other.handle(.tick(all))
    }
    #expect(other.actions.last == .awaitApproval(stage: 1))
  }

  @Test("Without any other traffic the side that is judged is silent")
  func silence() {
    var driver = Self.started()
    let none = ["orders": RouteCounts(legacy: SideCounts(finished: 90))]
    for _ in 0..<70 { driver.handle(.tick(none, strangers: Self.strangers())) }
    let action = driver.handle(.tick(none, strangers: Self.strangers()))
    #expect(action == .hold(.extractedSilent(route: "orders")))
  }

  @Test("Their failures fail users all the same: the gate fires")
  func failures() {
    var driver = Self.started()
    let well = Self.second(extracted: SideCounts(finished: 10))
    var seconds = 0
    while driver.percent > .zero, seconds < 100 {
      seconds += 1
      driver.handle(.tick(well, strangers: Self.strangers(failures: 2_000)))
    }
    guard case .rollBack(.gate)? = driver.actions.last else {
      Issue.record("expected a gate: \(driver.actions)")
      return
    }
  }

  @Test("Of another service nothing is proved: the stage begins anew, and keeps its share")
  func otherService() throws {
    var driver = Self.started()
    let second = Self.second(extracted: SideCounts(finished: 10))
    for _ in 0..<59 { driver.handle(.tick(second)) }
    #expect(driver.machine.state.judged > 500 && driver.machine.state.soaked == 59)
    #expect(driver.handle(.serviceChanged(["orders": "v2"])) == .hold(.soaking(seconds: 60)))
    #expect(driver.machine.state.judged == 0 && driver.percent == .hundredths(1_000))
    var seconds = 0
    while driver.actions.count == 1, seconds < 200 {
      seconds += 1
      driver.handle(.tick(second))
    }
    #expect(driver.actions.last == .awaitApproval(stage: 1) && seconds >= 80)
    // What waits for approval was proved of that service, and is no longer.
    driver.handle(.serviceChanged(["orders": "v3"]))
    #expect(driver.approve() == .refuse(.nothingAwaitsApproval))
    #expect(driver.machine.services == ["orders": "v3"])
  }

  @Test("Comparisons with the former service that were not judged yet prove nothing")
  func comparisonsOfAnotherService() {
    let gates = CutoverGates(latency: [], mismatches: MismatchGateRules())
    var driver = CutoverDriver(CutoverDriver.plan([CutoverDriver.stage(0)], gates: gates))
    driver.handle(.start)
    // Too few for a block, then some that wait for the next second.
    driver.handle(.compared(route: "orders", CompareCounts(compared: 5)))
    driver.handle(.tick([:]))
    driver.handle(.compared(route: "orders", CompareCounts(compared: 5)))
    driver.handle(.serviceChanged(["orders": "v2"]))
    driver.handle(.tick([:]))
    driver.handle(.compared(route: "orders", CompareCounts(compared: 5)))
    driver.handle(.tick([:]))
    let state = driver.machine.state
    #expect(state.judged == 0 && state.compares.isEmpty)
    #expect(state.routes["orders"]?.mismatches?.pending == BlockCounts(legacy: 5, extracted: 5))
  }

  @Test("What was approved of one service counts for no other one, with or without an entry")
  func approvalOfAnotherService() {
    var driver = CutoverDriver(CutoverDriver.plan(), run: 7)
    driver.handle(.start)
    let second = Self.second(extracted: SideCounts(finished: 10))
    func wait() {
      let count = driver.actions.count
      for _ in 0..<300 where driver.actions.count == count { driver.handle(.tick(second)) }
      #expect(driver.actions.last == .awaitApproval(stage: 1))
    }
    wait()
    let approval = StageApproval(stage: 1, plan: driver.machine.version)
    var versions = [driver.machine.version]
    // The last one could not be written.
    for (service, run) in [("b", UInt64(12)), ("c", 12)] {
      driver.handle(.serviceChanged(["orders": service], run: run))
      versions.append(driver.machine.version)
      wait()
      #expect(
        driver.handle(.approve(approval))
          == .refuse(.otherPlan(approved: approval.plan, underWay: driver.machine.version)))
    }
    #expect(Set(versions).count == 3 && versions[1].hasSuffix("-12"))
    #expect(driver.approve() == .setPercent(.hundredths(5_000), stage: 1))
  }

  @Test("What is not judged yet outlives a restart, and a journal of the version before is read")
  func restart() throws {
    var driver = Self.started()
    let few = [
      "orders": RouteCounts(
        legacy: SideCounts(finished: 9), extracted: SideCounts(finished: 1))
    ]
    driver.handle(.tick(few, strangers: Self.strangers()))
    let state = try #require(driver.machine.state.routes["orders"])
    #expect(state.unproved == BlockCounts(legacy: 9, extracted: 1))
    let json = driver.machine.journaled.json
    var restored = driver
    restored.machine = try CutoverMachine(
      driver.machine.plan, restoring: JournaledCutover(json: json).state, age: 0)
    #expect(restored.machine.state.routes["orders"]?.unproved == state.unproved)
    let former = json.replacing(#/,"unproved":\{[^}]*\}/#, with: "")
    #expect(former != json)
    let journaled = try JournaledCutover(json: former).state
    #expect(journaled.routes["orders"]?.unproved == nil)
    #expect(throws: Never.self) {
      try CutoverMachine(driver.machine.plan, restoring: journaled, age: 0)
    }
  }
}
