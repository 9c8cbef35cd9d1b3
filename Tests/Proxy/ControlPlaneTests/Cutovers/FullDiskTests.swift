// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import CutoverScenario
import RoutingDecisions
import Synchronization
import Testing

@Suite("A journal that cannot be written", .timeLimit(.minutes(3)))
struct FullDiskTests {
  private static let ann = CutoverScenario.ann

  @Test("Nothing is promoted, and no order but one to legacy is carried out")
  func promotesNothing() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("basket", by: Self.ann)
    bench.journal.fill(true)
    await bench.seconds(300)
    #expect(await bench.runner.status(of: "basket")?.phase == .underWay)
    #expect(await bench.runner.overview().journal.failure == "the disk is full")
    await #expect(throws: CutoverRefusal.journal("the disk is full")) {
      try await bench.runner.start("orders", by: Self.ann)
    }
    #expect(bench.percent() == 0)
    bench.journal.fill(false)
    let isThrough = await bench.seconds(
      until: { await $0.runner.status(of: "basket")?.phase == .completed }, limit: 10)
    #expect(isThrough != nil)
    #expect(await bench.runner.overview().journal.failure == nil)
  }

  @Test("A gate takes the routes back all the same, and the entry follows when it can")
  func rollsBack() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    let count = bench.journal.all.count
    bench.journal.fill(true)
    bench.traffic.rates.withLock { $0.extractedFailures = 50 }
    #expect(await bench.seconds(until: { $0.percent() == 0 }, limit: 60) != nil)
    #expect(bench.journal.all.count == count)
    #expect(await bench.runner.overview().journal.overdue == 1)
    bench.journal.fill(false)
    await bench.seconds(1)
    #expect(await bench.runner.overview().journal.overdue == 0)
    #expect(bench.told.last?.hasPrefix("cutover: a gate fired: orders: errors") == true)
    #expect(try JournalReplay(bench.journal.all).percentages["orders"] == .zero)
  }

  @Test("So does the kill switch")
  func kills() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    bench.journal.fill(true)
    try await bench.runner.setKillSwitch(true, by: Self.ann)
    #expect(bench.percent() == 0 && bench.percent("search") == 0)
    bench.journal.fill(false)
    await bench.seconds(1)
    #expect(await bench.runner.overview().isKilled)
    #expect(bench.told.last == "ann: kill switch on: a test")
  }
}
