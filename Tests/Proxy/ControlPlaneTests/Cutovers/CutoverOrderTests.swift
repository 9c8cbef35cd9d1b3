// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import CutoverScenario
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Orders to cutovers", .timeLimit(.minutes(3)))
struct CutoverOrderTests {
  private static let ann = CutoverScenario.ann

  @Test("Orders that make no sense are refused by name, and leave no entry")
  func refusals() async throws {
    let bench = try await CutoverBench()
    let runner = bench.runner
    func refusal(_ order: () async throws -> Void) async -> CutoverRefusal? {
      do {
        try await order()
        return nil
      } catch {
        return error as? CutoverRefusal
      }
    }
    let count = bench.journal.all.count
    #expect(
      await refusal { try await runner.start("odrers", by: Self.ann) }
        == .unknownCutover("odrers", known: ["orders", "basket"]))
    #expect(
      await refusal {
        try await runner.approve(await bench.nextStage(), of: "orders", by: Self.ann)
      }
        == .order(.notUnderWay, cutover: "orders"))
    #expect(
      await refusal {
        try await runner.setShare(ofRoute: "carts", to: .zero, by: Self.ann)
      } == .unknownRoute("carts", known: ["orders", "cart", "checkout", "search", "rest"]))
    #expect(
      await refusal {
        try await runner.setShare(ofRoute: "rest", to: .zero, by: Self.ann)
      } == .notSplit(route: "rest"))
    #expect(
      await refusal {
        try await runner.setShare(ofRoute: "orders", to: .hundredths(5_000), by: Self.ann)
      } == .skipsGates(route: "orders", cutover: "orders", to: .hundredths(5_000)))
    #expect(
      await refusal { try await runner.revert(to: 99, by: Self.ann) } == .unknownEntry(99))
    #expect(
      await refusal { try await runner.revert(to: 1, by: Self.ann) } == .nothingToRevert(1))
    #expect(
      await refusal {
        try await runner.setShare(
          ofRoute: "search", to: .zero, expecting: 77, by: Self.ann)
      } == .outdated(version: bench.routing.version))
    #expect(
      await refusal {
        try await runner.start("orders", by: CutoverOrder(actor: "", reason: "x"))
      } == .record(.noActor))
    #expect(bench.journal.all.count == count)
    #expect(bench.percent() == 0)
    try await runner.start("orders", by: Self.ann)
    #expect(
      await refusal { try await runner.start("orders", by: Self.ann) }
        == .order(.alreadyStarted, cutover: "orders"))
    #expect(
      await refusal {
        try await runner.setShare(ofRoute: "orders", to: .hundredths(20), by: Self.ann)
      } == .underWay(route: "orders", cutover: "orders"))
  }

  @Test("0 % by hand is a rollback of the whole cutover, without asking for more words")
  func zeroByHand() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("basket", by: Self.ann)
    try await bench.runner.setShare(ofRoute: "cart", to: .zero, by: Self.ann)
    #expect(bench.percent("cart") == 0 && bench.percent("checkout") == 0)
    #expect(await bench.runner.status(of: "basket")?.phase == .rolledBack)
    #expect(bench.told.last == "ann: a test")
  }

  @Test("Whoever skips the gates ends the cutover, and the journal says who did")
  func skips() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    try await bench.runner.setShare(
      ofRoute: "orders", to: .hundredths(8_000), skipsGates: true, by: Self.ann)
    #expect(bench.percent() == 80)
    let status = try #require(await bench.runner.status(of: "orders"))
    #expect(status.phase == .ended && status.endedBy == bench.journal.all.last?.sequence)
    #expect(status.end?.entry == status.endedBy && status.end?.actor == "ann")
    // No run, nothing that gates could say.
    #expect(status.gates == [])
    await bench.seconds(100)
    #expect(bench.percent() == 80)
  }

  @Test("A revert is an entry that takes all routes back, and ends what it moves")
  func reverts() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.setShare(ofRoute: "search", to: .hundredths(7_000), by: Self.ann)
    let entry = try #require(bench.journal.all.last?.sequence)
    try await bench.runner.setShare(ofRoute: "search", to: .hundredths(100), by: Self.ann)
    try await bench.runner.start("orders", by: Self.ann)
    try await bench.runner.revert(to: entry, by: Self.ann)
    #expect(bench.percent("search") == 70 && bench.percent() == 0)
    #expect(bench.journal.all.last?.record.kind == .reverted(to: entry))
    #expect(await bench.runner.status(of: "orders")?.phase == .ended)
  }

  @Test("A revert raises no route past the gates of its plan, unless that is meant")
  func revertsPastGates() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    let entry = try #require(bench.journal.all.last?.sequence)
    try await bench.runner.rollBack("orders", by: Self.ann)
    await #expect(
      throws: CutoverRefusal.skipsGates(route: "orders", cutover: "orders", to: .hundredths(1_000))
    ) { try await bench.runner.revert(to: entry, by: Self.ann) }
    #expect(bench.percent() == 0)
    try await bench.runner.revert(to: entry, skipsGates: true, by: Self.ann)
    #expect(bench.percent() == 10)
  }

  @Test("Nor does it end a cutover under way on its way to any users, unless that is meant")
  func revertsPastAPlan() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.setShare(
      ofRoute: "orders", to: .hundredths(500), skipsGates: true, by: Self.ann)
    let entry = try #require(bench.journal.all.last?.sequence)
    try await bench.runner.start("orders", by: Self.ann)
    await #expect(throws: CutoverRefusal.underWay(route: "orders", cutover: "orders")) {
      try await bench.runner.revert(to: entry, by: Self.ann)
    }
    #expect(bench.percent() == 10)
    try await bench.runner.revert(to: entry, skipsGates: true, by: Self.ann)
    #expect(bench.percent() == 5)
  }

  @Test("While a revert reads the journal seconds pass and orders are carried out")
  func revertReadsBesideTheLine() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.setShare(ofRoute: "search", to: .hundredths(7_000), by: Self.ann)
    let entry = try #require(bench.journal.all.last?.sequence)
    try await bench.runner.setShare(ofRoute: "search", to: .hundredths(100), by: Self.ann)
    bench.journal.stallReading(true)
    let runner = bench.runner
    async let reverted: Void = runner.revert(to: entry, by: Self.ann)
    while bench.journal.waiting == 0 { await Task.yield() }
    await bench.seconds(2)
    try await runner.start("orders", by: Self.ann)
    #expect(bench.percent() == 10)
    bench.journal.stallReading(false)
    try await reverted
    // What came meanwhile is taken back too.
    #expect(bench.percent("search") == 70 && bench.percent() == 0)
  }

  @Test("After a rollback a cutover starts anew, after its end only once it was rolled back")
  func again() async throws {
    let plan = CutoverPlan(
      name: "orders", routes: ["orders"],
      stages: [CutoverStage(percent: .hundredths(5_000), soak: .seconds(60))],
      gates: CutoverGates(latency: []))
    let bench = try await CutoverBench(CutoverScenario.configuration(plans: [plan]))
    try await bench.runner.start("orders", by: Self.ann)
    try await bench.runner.rollBack("orders", by: Self.ann)
    #expect(bench.percent() == 0)
    try await bench.runner.start("orders", by: Self.ann)
    let isThrough = await bench.seconds(
      until: { await $0.runner.status(of: "orders")?.phase == .completed }, limit: 2_000)
    #expect(isThrough != nil)
    await #expect(throws: CutoverRefusal.completed(cutover: "orders")) {
      try await bench.runner.start("orders", by: Self.ann)
    }
    try await bench.runner.rollBack("orders", by: Self.ann)
    #expect(bench.percent() == 0)
  }

  @Test(
    "A plan that skips its gates starts only when that is said",
    arguments: [
      CutoverStage(
        percent: .full, soak: .seconds(60), evidence: .absolute),
      CutoverStage(percent: .hundredths(5_000), soak: .seconds(60), tolerance: 0.1),
    ])
  func skippingPlan(stage: CutoverStage) async throws {
    let plan = CutoverPlan(name: "orders", routes: ["orders"], stages: [stage])
    let bench = try await CutoverBench(CutoverScenario.configuration(plans: [plan]))
    let entries = bench.journal.all.count
    await #expect(throws: CutoverRefusal.planSkipsGates(cutover: "orders")) {
      try await bench.runner.start("orders", by: Self.ann)
    }
    #expect(bench.percent() == 0 && bench.journal.all.count == entries)
    try await bench.runner.start("orders", skipsGates: true, by: Self.ann)
    #expect(bench.percent() == stage.percent.hundredths / 100)
  }

  @Test("A freeze holds against shares that are raised by hand; lowered they may be")
  func frozen() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.setShare(ofRoute: "search", to: .hundredths(7_000), by: Self.ann)
    let entry = try #require(bench.journal.all.last?.sequence)
    try await bench.runner.freeze(true, by: Self.ann)
    await #expect(throws: CutoverRefusal.frozen) {
      try await bench.runner.setShare(ofRoute: "search", to: .hundredths(8_000), by: Self.ann)
    }
    await #expect(throws: CutoverRefusal.frozen) {
      try await bench.runner.setShare(
        ofRoute: "orders", to: .hundredths(100), skipsGates: true, by: Self.ann)
    }
    try await bench.runner.setShare(ofRoute: "search", to: .hundredths(100), by: Self.ann)
    await #expect(throws: CutoverRefusal.frozen) {
      try await bench.runner.revert(to: entry, by: Self.ann)
    }
    #expect(bench.percent("search") == 1)
    try await bench.runner.freeze(false, by: Self.ann)
    try await bench.runner.revert(to: entry, by: Self.ann)
    #expect(bench.percent("search") == 70)
    await #expect(throws: CutoverRefusal.unknownEntry(0)) {
      try await bench.runner.revert(to: 0, by: Self.ann)
    }
  }
}
