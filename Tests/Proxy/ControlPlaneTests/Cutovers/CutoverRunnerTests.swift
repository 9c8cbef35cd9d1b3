// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import CutoverScenario
import RoutingDecisions
import Synchronization
import Testing

@Suite("Cutovers carried out", .timeLimit(.minutes(3)))
struct CutoverRunnerTests {
  private static let ann = CutoverScenario.ann

  @Test("An approval of a run that was taken back does not promote the next one")
  func approvalOfAnEarlierRun() async throws {
    let bench = try await CutoverBench()
    func waits(_ bench: CutoverBench) async -> Bool {
      await bench.runner.status(of: "orders")?.isAwaitingApproval == true
    }
    try await bench.runner.start("orders", by: Self.ann)
    #expect(await bench.seconds(until: waits, limit: 600) != nil)
    let early = await bench.nextStage()
    try await bench.runner.rollBack("orders", by: Self.ann)
    try await bench.runner.start("orders", by: Self.ann)
    #expect(await bench.seconds(until: waits, limit: 600) != nil)
    let late = await bench.nextStage()
    let starts = bench.journal.all.filter { $0.record.reason.hasPrefix("stage 1 of 3") }
    #expect(starts.map { String($0.sequence) } == [early, late].map { suffix(of: $0.plan) })
    await #expect(
      throws: CutoverRefusal.order(
        .otherPlan(approved: early.plan, underWay: late.plan), cutover: "orders")
    ) { try await bench.runner.approve(early, of: "orders", by: Self.ann) }
    #expect(bench.percent() == 10)
    try await bench.runner.approve(late, of: "orders", by: Self.ann)
    #expect(bench.percent() == 50)
  }

  private func suffix(of run: String) -> String { String(run.drop { $0 != "-" }.dropFirst()) }

  @Test("A plan goes from stage to stage, waits for approval, and every step is written down")
  func goesThrough() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    #expect(bench.percent() == 10)
    let asked = await bench.seconds(
      until: { await $0.runner.status(of: "orders")?.isAwaitingApproval == true }, limit: 600)
    #expect(try #require(asked) >= 60)
    #expect(bench.percent() == 10)
    try await bench.runner.approve(await bench.nextStage(), of: "orders", by: Self.ann)
    #expect(bench.percent() == 50)
    #expect(await bench.seconds(until: { $0.percent() == 99 }, limit: 2_000) != nil)
    let isThrough = await bench.seconds(
      until: { await $0.runner.status(of: "orders")?.phase == .completed }, limit: 20_000)
    #expect(isThrough != nil)
    #expect(bench.percent() == 99)
    #expect(
      bench.told == [
        "configuration file: configuration read", "ann: stage 1 of 3: 10 %; a test",
        "cutover: stage 2, 50 %, waits for approval", "ann: approved; stage 2 of 3: 50 %; a test",
        "cutover: stage 3 of 3: 99 %", "cutover: the plan is through",
      ])
    #expect(
      JournalVerifier.firstFault(in: bench.journal.all, installation: "shop") == nil)
  }

  @Test("What is through is watched until somebody confirms its share by hand", arguments: [0, 1])
  func watchedOn(confirmations: Int) async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("basket", by: Self.ann)
    let isThrough = await bench.seconds(
      until: { await $0.runner.status(of: "basket")?.phase == .completed }, limit: 600)
    #expect(isThrough != nil && Set(bench.traffic.followed) == ["cart", "checkout"])
    for _ in 0..<confirmations {
      try await bench.runner.setShare(
        ofRoute: "cart", to: .hundredths(2_000), skipsGates: true, by: Self.ann)
    }
    let count = bench.journal.all.count
    await bench.seconds(100)
    #expect(bench.journal.all.count == count)
    bench.traffic.rates.withLock { $0.extractedFailures = 50 }
    await bench.seconds(60)
    #expect(bench.percent("checkout") == (confirmations == 0 ? 0 : 20))
    let phase = await bench.runner.status(of: "basket")?.phase
    #expect(phase == (confirmations == 0 ? .rolledBack : .ended))
  }

  @Test("One route of a plan that is through goes back with all of them, and not up by itself")
  func togetherBack() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("basket", by: Self.ann)
    let isThrough = await bench.seconds(
      until: { await $0.runner.status(of: "basket")?.phase == .completed }, limit: 600)
    #expect(isThrough != nil)
    try await bench.runner.setShare(ofRoute: "cart", to: .zero, by: Self.ann)
    #expect(bench.percent("cart") == 0 && bench.percent("checkout") == 0)
    #expect(await bench.runner.status(of: "basket")?.phase == .rolledBack)
    for route in ["cart", "checkout"] {
      await #expect(throws: CutoverRefusal.self) {
        try await bench.runner.setShare(ofRoute: route, to: .hundredths(100), by: Self.ann)
      }
    }
    try await bench.runner.start("basket", by: Self.ann)
    #expect(bench.percent("cart") == bench.percent("checkout"))
  }

  @Test("Routes of a group go back together, also once nobody watches over their plan any more")
  func groupBack() async throws {
    var configuration = CutoverScenario.configuration()
    for index in configuration.routes.indices
    where ["cart", "checkout"].contains(configuration.routes[index].name) {
      configuration.routes[index].group = "basket"
    }
    let bench = try await CutoverBench(configuration)
    try await bench.runner.start("basket", by: Self.ann)
    let isThrough = await bench.seconds(
      until: { await $0.runner.status(of: "basket")?.phase == .completed }, limit: 600)
    #expect(isThrough != nil)
    try await bench.runner.setShare(
      ofRoute: "cart", to: .hundredths(2_000), skipsGates: true, by: Self.ann)
    #expect(await bench.runner.status(of: "basket")?.phase == .ended)
    try await bench.runner.setShare(ofRoute: "cart", to: .zero, by: Self.ann)
    #expect(bench.percent("cart") == 0 && bench.percent("checkout") == 0)
    #expect(bench.journal.all.last?.record.moves.map(\.route) == ["cart", "checkout"])
  }

  @Test("Errors of the extracted side take everything back, with the evidence in the journal")
  func rollsBack() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("basket", by: Self.ann)
    await bench.seconds(20)
    #expect(bench.percent("cart") == 20 && bench.percent("checkout") == 20)
    bench.traffic.rates.withLock { $0.extractedFailures = 50 }
    #expect(await bench.seconds(until: { $0.percent("cart") == 0 }, limit: 60) != nil)
    #expect(bench.percent("checkout") == 0)
    let record = try #require(bench.journal.all.last?.record)
    #expect(record.isAutomatic && record.actor == "cutover")
    #expect(record.reason.hasPrefix("a gate fired: "))
    #expect(record.evidence?.contains("checkout: errors: extracted") == true)
    #expect(record.moves.map(\.route) == ["cart", "checkout"])
    let status = try #require(await bench.runner.status(of: "basket"))
    #expect(status.phase == .rolledBack)
    #expect(status.rollbacks.automatic == 1 && status.rollbacks.ordered == 0)
    #expect(bench.traffic.followed == [])
  }

  @Test("An incident that both sides share takes nothing back")
  func sharedIncident() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    bench.traffic.rates.withLock { ($0.extractedFailures, $0.legacyFailures) = (30, 30) }
    await bench.seconds(300)
    #expect(bench.percent() == 10)
  }

  @Test("No traffic holds the stage for as long as it lasts")
  func silence() async throws {
    let bench = try await CutoverBench()
    bench.traffic.rates.withLock { $0.requestsPerSecond = 0 }
    try await bench.runner.start("orders", by: Self.ann)
    await bench.seconds(600)
    #expect(bench.percent() == 10)
    let status = try #require(await bench.runner.status(of: "orders"))
    #expect(status.hold == "no-traffic")
    #expect(status.holdText == "no request was finished for a minute")
    #expect(status.phase == .underWay && status.stage == 1)
  }

  @Test("Paused, frozen or in a window nothing is promoted, and a failing side still goes back")
  func holds() async throws {
    let window = FreezeWindow.weekly(days: [.mon], minutes: 721..<780)
    for (kind, hold) in [
      ("pause", "paused"), ("freeze", "frozen"), ("window", "in-freeze-window"),
    ] {
      let plan = CutoverScenario.orders(freezes: kind == "window" ? [window] : [])
      let bench = try await CutoverBench(CutoverScenario.configuration(plans: [plan]))
      try await bench.runner.start("orders", by: Self.ann)
      if kind == "pause" { try await bench.runner.pause("orders", by: Self.ann) }
      if kind == "freeze" { try await bench.runner.freeze(true, by: Self.ann) }
      await bench.seconds(200)
      let status = try #require(await bench.runner.status(of: "orders"))
      #expect(status.hold == hold && !status.isAwaitingApproval)
      bench.traffic.rates.withLock { $0.extractedFailures = 50 }
      #expect(await bench.seconds(until: { $0.percent() == 0 }, limit: 120) != nil)
    }
  }

  @Test("What is frozen refuses a start, and goes on once it is not")
  func unfreezes() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.freeze(true, by: Self.ann)
    await #expect(throws: CutoverRefusal.order(.frozen, cutover: "orders")) {
      try await bench.runner.start("orders", by: Self.ann)
    }
    await #expect(throws: CutoverRefusal.unchanged("Everything is frozen")) {
      try await bench.runner.freeze(true, by: Self.ann)
    }
    try await bench.runner.freeze(false, by: Self.ann)
    try await bench.runner.start("orders", by: Self.ann)
    #expect(bench.percent() == 10)
  }

  @Test("The kill switch takes all routes to legacy and keeps them there")
  func kill() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    try await bench.runner.setKillSwitch(true, by: Self.ann)
    #expect(bench.percent() == 0 && bench.percent("search") == 0)
    #expect(await bench.runner.status(of: "orders")?.phase == .ended)
    let last = try #require(bench.journal.all.last)
    #expect(last.record.moves.map(\.route) == ["orders", "search"])
    await #expect(throws: CutoverRefusal.killSwitchIsOn) {
      try await bench.runner.start("orders", by: Self.ann)
    }
    await #expect(throws: CutoverRefusal.killSwitchIsOn) {
      try await bench.runner.setShare(ofRoute: "search", to: .hundredths(1), by: Self.ann)
    }
    await #expect(throws: CutoverRefusal.killSwitchIsOn) {
      try await bench.runner.revert(to: last.sequence - 1, by: Self.ann)
    }
    let later = try await CutoverBench(journal: bench.journal)
    #expect(later.percent("search") == 0, "the file's 5 % came back")
    try await later.runner.setKillSwitch(false, by: Self.ann)
    #expect(later.percent("search") == 0, "off moves nobody")
    try await later.runner.start("orders", by: Self.ann)
    #expect(later.percent() == 10)
  }
}
