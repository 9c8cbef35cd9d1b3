// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import CutoverScenario
import RoutingDecisions
import Testing

@Suite("A journal that does not answer", .timeLimit(.minutes(1)))
struct HangingJournalTests {
  private static let ann = CutoverScenario.ann

  /// Looks again until it is true.
  private func until(_ isTrue: () async -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while await !isTrue() {
      try #require(ContinuousClock.now < deadline)
      await Task.yield()
    }
  }

  @Test("A rollback does not wait for an order whose entry hangs")
  func rollsBackAtOnce() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    bench.journal.stall(true)
    let runner = bench.runner
    async let pause: Void? = try? runner.pause("orders", by: Self.ann)
    try await until { bench.journal.waiting == 1 }
    async let rollback: Void = runner.rollBack("orders", by: Self.ann)
    try await until { bench.percent() == 0 }
    // It was in force while the entry before it still hung.
    #expect(bench.journal.waiting == 1)
    _ = await pause
    try await rollback
    #expect(bench.percent() == 0)
    #expect(await bench.runner.overview().journal.overdue == 1)
    bench.journal.stall(false)
    try await until {
      await bench.seconds(1)
      return await bench.runner.overview().journal.overdue == 0
    }
    // The entry that hung is in the journal after all, and nothing is told twice.
    #expect(bench.told.suffix(2) == ["ann: paused; a test", "ann: a test"])
    #expect(await bench.runner.status(of: "orders")?.phase == .rolledBack)
    #expect(try JournalReplay(bench.journal.all).percentages["orders"] == .zero)
  }

  @Test("Nor does a move to 0 %, and no promotion that hangs raises the route afterwards")
  func movesToZeroAtOnce() async throws {
    let bench = try await CutoverBench()
    bench.journal.stall(true)
    let runner = bench.runner
    async let raise: Void? = try? runner.setShare(
      ofRoute: "search", to: .hundredths(5_000), by: Self.ann)
    try await until { bench.journal.waiting == 1 }
    async let back: Void = runner.setShare(ofRoute: "search", to: .zero, by: Self.ann)
    try await until { bench.percent("search") == 0 }
    bench.journal.stall(false)
    _ = await raise
    try await back
    #expect(bench.percent("search") == 0)
    try await until {
      await bench.seconds(1)
      return await bench.runner.overview().journal.overdue == 0
    }
    #expect(bench.percent("search") == 0)
    #expect(try JournalReplay(bench.journal.all).percentages["search"] == .zero)
  }

  @Test("An entry that is given up is not written a second time")
  func isWrittenOnce() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    bench.journal.stall(true)
    try await bench.runner.rollBack("orders", by: Self.ann)
    #expect(bench.percent() == 0)
    bench.journal.stall(false)
    try await until {
      await bench.seconds(1)
      return await bench.runner.overview().journal.overdue == 0
    }
    #expect(bench.told.filter { $0 == "ann: a test" }.count == 1)
  }
}
