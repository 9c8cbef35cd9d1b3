// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("Cutover machine")
struct CutoverMachineTests {
  @Test("A healthy service goes through all stages, with approval where the plan asks for it")
  func wholePlan() {
    var driver = CutoverDriver(
      CutoverDriver.plan([
        CutoverDriver.stage(10), CutoverDriver.stage(50, needsApproval: true),
        CutoverDriver.stage(100, evidence: .absolute),
      ]))
    #expect(driver.second() == .hold(.notStarted))
    #expect(driver.handle(.start) == .setPercent(.hundredths(1_000), stage: 0))
    #expect(driver.handle(.start) == .refuse(.alreadyStarted))
    // 845 requests without an error at 10 a second.
    #expect(driver.seconds(limit: 200) == 85)
    #expect(driver.actions.last == .awaitApproval(stage: 1))
    #expect(driver.percent == .hundredths(1_000))
    #expect(driver.approve() == .setPercent(.hundredths(5_000), stage: 1))
    #expect(driver.approve() == .refuse(.nothingAwaitsApproval))
    #expect(driver.seconds(limit: 200) == 60)
    #expect(driver.actions.last == .setPercent(.full, stage: 2))
    #expect(driver.seconds(limit: 200) == 60)
    #expect(driver.actions.last == .complete)
    #expect(driver.machine.percent == .full)
    #expect(driver.second() == .hold(.completed))
  }

  @Test("It tells what it waits for: soak time, then sample, then proof")
  func holds() {
    var driver = CutoverDriver(
      CutoverDriver.plan([CutoverDriver.stage(10, minimum: 700), CutoverDriver.stage(50)]))
    driver.handle(.start)
    #expect(driver.second() == .hold(.soaking(seconds: 59)))
    for _ in 0..<58 { driver.second() }
    #expect(driver.second() == .hold(.sampleTooSmall(route: "orders", 600, of: 700)))
    for _ in 0..<10 { driver.second() }
    guard case .hold(.notProved(route: "orders", evidence: let evidence, of: 20)) = driver.second()
    else {
      Issue.record("expected to wait for proof")
      return
    }
    #expect((10..<20).contains(evidence))
  }

  @Test(
    "An approval is of one stage of one plan",
    arguments: [
      (0, nil, .otherStage(approved: 0, next: 1)), (2, nil, .noSuchStage(approved: 2, of: 2)),
      (1, "0123456789abcdef", .otherPlan(approved: "0123456789abcdef", underWay: "")),
    ] as [(Int, String?, OrderRefusal)])
  func approvalOfSomethingElse(stage: Int, plan: String?, refusal: OrderRefusal) {
    var driver = CutoverDriver(CutoverDriver.plan())
    driver.handle(.start)
    _ = driver.seconds(limit: 200)
    #expect(driver.actions.last == .awaitApproval(stage: 1))
    let version = driver.machine.version
    let action = driver.handle(
      .approve(StageApproval(stage: stage, plan: plan ?? version)))
    if case .otherPlan(let approved, _) = refusal {
      #expect(action == .refuse(.otherPlan(approved: approved, underWay: version)))
    } else {
      #expect(action == .refuse(refusal))
    }
    #expect(driver.percent == .hundredths(1_000))
    #expect(driver.approve() == .setPercent(.hundredths(5_000), stage: 1))
  }

  @Test("An approval of an earlier run of the same plan is none of the next one")
  func approvalOfAnEarlierRun() throws {
    func waiting(run: UInt64) -> CutoverDriver {
      var driver = CutoverDriver(CutoverDriver.plan(), run: run)
      driver.handle(.start)
      _ = driver.seconds(limit: 200)
      return driver
    }
    let (first, second) = (waiting(run: 3), waiting(run: 9))
    #expect(first.machine.plan.version == second.machine.plan.version)
    #expect(first.machine.version == first.machine.plan.version + "-3")
    var driver = second
    #expect(
      driver.handle(.approve(StageApproval(stage: 1, plan: first.machine.version)))
        == .refuse(
          .otherPlan(approved: first.machine.version, underWay: second.machine.version)))
    // Nor does the plan alone do.
    let planAlone = StageApproval(stage: 1, plan: second.machine.plan.version)
    #expect(driver.handle(.approve(planAlone)) != .setPercent(.hundredths(5_000), stage: 1))
    // A restart is no other run.
    driver.machine = try CutoverMachine(
      driver.machine.plan,
      restoring: JournaledCutover(json: driver.machine.journaled.json).state, age: 0)
    #expect(driver.approve() == .setPercent(.hundredths(5_000), stage: 1))
  }

  @Test("The version of a plan changes with everything in it")
  func planVersion() {
    let plan = CutoverDriver.plan()
    var others: [CutoverPlan] = []
    for change in [
      { $0.alpha = 0.02 }, { $0.routes = ["cart"] }, { $0.stages[1].tolerance = 0.01 },
      { $0.stages[0].soak = .seconds(61) }, { $0.gates.errors.ratio = 2 },
    ] as [(inout CutoverPlan) -> Void] {
      var other = plan
      change(&other)
      others.append(other)
    }
    #expect(Set((others + [plan]).map(\.version)).count == 6)
    #expect(CutoverDriver.plan().version == plan.version)
    #expect(plan.version.count == 16)
  }

  @Test("Approval is no promotion: the conditions have to hold at that moment too")
  func approvalAlone() {
    var driver = CutoverDriver(CutoverDriver.plan())
    driver.handle(.start)
    #expect(driver.approve() == .refuse(.nothingAwaitsApproval))
    _ = driver.seconds(limit: 200)
    driver.handle(.freeze)
    #expect(driver.approve() == .hold(.frozen))
    #expect(driver.second() == .hold(.frozen))
    #expect(driver.handle(.unfreeze) == .setPercent(.hundredths(5_000), stage: 1))
  }

  @Test("No soak time passes while it is paused")
  func pause() {
    var driver = CutoverDriver(CutoverDriver.plan())
    #expect(driver.handle(.pause) == .refuse(.notUnderWay))
    driver.handle(.start)
    for _ in 0..<30 { driver.second() }
    #expect(driver.handle(.resume) == .refuse(.notPaused))
    #expect(driver.handle(.pause) == .hold(.paused))
    #expect(driver.handle(.pause) == .refuse(.alreadyPaused))
    #expect(driver.seconds(limit: 500) == nil)
    #expect(driver.handle(.resume) == .hold(.soaking(seconds: 30)))
  }

  @Test("A freeze window holds promotions and starts, and lets time pass")
  func freezeWindow() {
    // 1970 began on a Thursday.
    let window = FreezeWindow.weekly(days: [.thu], minutes: 0..<10)
    var driver = CutoverDriver(
      CutoverDriver.plan(
        [CutoverDriver.stage(10), CutoverDriver.stage(50)], freezes: [window]))
    #expect(driver.handle(.start) == .refuse(.frozen))
    driver.time = 7 * 86_400 - 30
    #expect(driver.handle(.start) == .setPercent(.hundredths(1_000), stage: 0))
    #expect(driver.seconds(limit: 5_000) == 630)
    #expect(driver.actions.last == .setPercent(.hundredths(5_000), stage: 1))
  }

  @Test("Routes of one cutover move together, and one bad route takes all of them back")
  func group() {
    var driver = CutoverDriver(CutoverDriver.plan(routes: ["cart", "checkout"]))
    driver.handle(.start)
    for _ in 0..<30 { driver.second() }
    var action = CutoverAction.complete
    for _ in 0..<20 {
      let healthy = RouteCounts(
        legacy: SideCounts(finished: 90), extracted: SideCounts(finished: 10))
      let failing = RouteCounts(
        legacy: SideCounts(finished: 90), extracted: SideCounts(finished: 10, failed: 2))
      action = driver.handle(.tick(["cart": healthy, "checkout": failing]))
      if case .rollBack = action { break }
    }
    guard case .rollBack(.gate(let finding)) = action else {
      Issue.record("expected a rollback")
      return
    }
    #expect(finding.route == "checkout")
    #expect(finding.subject == .errors)
    #expect(driver.machine.percent == .zero)
    // 1 % over two routes with one gate each.
    #expect(abs(finding.threshold - 200) < 1e-9)
    #expect(finding.description.hasPrefix("checkout: errors: extracted "))
  }

  @Test("Comparisons of an unknown route are refused")
  func unknownRoute() {
    var driver = CutoverDriver(CutoverDriver.plan())
    #expect(
      driver.handle(.compared(route: "other", CompareCounts(compared: 1)))
        == .refuse(.unknownRoute("other")))
  }

  @Test("The kill switch takes back what is under way or complete, and lets nothing start")
  func killSwitch() {
    var driver = CutoverDriver(CutoverDriver.plan())
    driver.handle(.killSwitch(isOn: true))
    #expect(driver.handle(.start) == .refuse(.killSwitchIsOn))
    #expect(driver.handle(.killSwitch(isOn: false)) == .hold(.notStarted))
    driver.handle(.start)
    #expect(driver.handle(.killSwitch(isOn: true)) == .rollBack(.killSwitch))
    #expect(driver.machine.percent == .zero)
    #expect(driver.handle(.killSwitch(isOn: false)) == .hold(.rolledBack))
    #expect(driver.handle(.start) == .refuse(.alreadyStarted))
  }

  @Test("Somebody may take it back at any time")
  func order() {
    var driver = CutoverDriver(CutoverDriver.plan())
    #expect(driver.handle(.rollBack(reason: "no")) == .refuse(.notUnderWay))
    driver.handle(.start)
    #expect(
      driver.handle(.rollBack(reason: "support calls"))
        == .rollBack(.ordered(reason: "support calls")))
    #expect(driver.second() == .hold(.rolledBack))
  }
}
