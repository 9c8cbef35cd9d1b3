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

  @Test("A freeze holds though the cutovers' own entries find no room, and so does its end")
  func freezes() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("basket", by: Self.ann)
    bench.journal.leaveRoom(for: 1)
    try await bench.runner.freeze(true, by: Self.ann)
    #expect(await bench.runner.overview().isFrozen)
    bench.journal.fill(false)
    await bench.seconds(300)
    let status = try #require(await bench.runner.status(of: "basket"))
    #expect(status.phase == .underWay && status.hold == "frozen")
    bench.journal.leaveRoom(for: 1)
    try await bench.runner.freeze(false, by: Self.ann)
    bench.journal.fill(false)
    let isThrough = await bench.seconds(
      until: { await $0.runner.status(of: "basket")?.phase == .completed }, limit: 10)
    #expect(isThrough != nil)
  }

  @Test("What is taken back and not written yet is not begun again by what comes after it")
  func remembersWhatIsOverdue() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.freeze(true, by: Self.ann)
    bench.journal.fill(true)
    try await bench.runner.setKillSwitch(true, by: Self.ann)
    #expect(await bench.runner.overview().isKilled)
    await #expect(throws: CutoverRefusal.self) {
      try await bench.runner.setShare(ofRoute: "search", to: .hundredths(100), by: Self.ann)
    }
    bench.journal.fill(false)
    // Writes what is overdue first, and is held to it.
    await #expect(throws: CutoverRefusal.killSwitchIsOn) {
      try await bench.runner.setShare(ofRoute: "search", to: .hundredths(100), by: Self.ann)
    }
    let installation = try JournalReplay(bench.journal.all).installation
    #expect(installation?.isKilled == true && installation?.isFrozen == true)
  }
}

@Suite("A process that ends while its journal cannot be written", .timeLimit(.minutes(3)))
struct RestartOnFullDiskTests {
  private static let ann = CutoverScenario.ann

  /// A bench whose cutover is at 5 %, and a journal without room.
  private static func full() async throws -> CutoverBench {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: ann)
    #expect(bench.percent() > 0)
    bench.journal.fill(true)
    return bench
  }

  @Test("What was taken back stays so, is written when it can be, and once")
  func goesOn() async throws {
    let bench = try await Self.full()
    try await bench.runner.rollBack("orders", by: Self.ann)
    #expect(await bench.runner.overview().journal.isOverdueKept)
    let count = bench.journal.all.count
    // Twice, the second time by what the first one kept.
    for _ in 0..<2 {
      let later = try await CutoverBench(journal: bench.journal)
      #expect(later.percent() == 0)
      #expect(await later.runner.status(of: "orders")?.phase == .rolledBack)
      let journal = await later.runner.overview().journal
      #expect(journal.overdue == 1 && journal.isOverdueKept)
      #expect(bench.journal.all.count == count)
    }
    bench.journal.fill(false)
    let last = try await CutoverBench(journal: bench.journal)
    await last.seconds(1)
    #expect(bench.journal.all.count == count + 1)
    #expect(bench.journal.overdue == [])
    #expect(try JournalReplay(bench.journal.all).percentages["orders"] == .zero)
    let again = try await CutoverBench(journal: bench.journal)
    #expect(again.percent() == 0)
    #expect(bench.journal.all.count == count + 1)
  }

  @Test("So does the kill switch")
  func killSwitch() async throws {
    let bench = try await Self.full()
    try await bench.runner.setKillSwitch(true, by: Self.ann)
    let later = try await CutoverBench(journal: bench.journal)
    #expect(later.percent() == 0 && later.percent("search") == 0)
    #expect(await later.runner.overview().isKilled)
    bench.journal.fill(false)
    await later.seconds(1)
    #expect(try JournalReplay(bench.journal.all).installation?.isKilled == true)
    #expect(bench.journal.overdue == [])
  }

  @Test("What was written is not done again, though a crash left it beside the journal")
  func writtenMeanwhile() async throws {
    let bench = try await Self.full()
    try await bench.runner.rollBack("orders", by: Self.ann)
    let kept = try #require(bench.journal.overdue)
    bench.journal.fill(false)
    await bench.seconds(1)
    #expect(bench.journal.overdue == [])
    // Begun again since, which what is kept must not end.
    try await bench.runner.start("orders", by: Self.ann)
    let (percent, count) = (bench.percent(), bench.journal.all.count)
    try bench.journal.keepOverdue(kept)
    let later = try await CutoverBench(journal: bench.journal)
    #expect(percent > 0 && later.percent() == percent)
    await later.seconds(1)
    #expect(bench.journal.overdue == [])
    #expect(later.percent() == percent && bench.journal.all.count >= count)
    #expect(await later.runner.status(of: "orders")?.phase == .underWay)
  }

  @Test("Where nothing can be kept beside it either the state says what a restart does")
  func keptNowhere() async throws {
    let bench = try await Self.full()
    bench.journal.keepsNothing()
    try await bench.runner.rollBack("orders", by: Self.ann)
    #expect(bench.percent() == 0)
    let journal = await bench.runner.overview().journal
    #expect(journal.overdue == 1 && !journal.isOverdueKept)
    bench.journal.fill(false)
    await bench.seconds(1)
    #expect(await bench.runner.overview().journal.isOverdueKept)
  }
}

@Suite("A journal that takes its time", .timeLimit(.minutes(3)))
struct SlowDiskTests {
  private static let ann = CutoverScenario.ann

  @Test("A rollback moves the users before its entry is written")
  func rollsBack() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    let count = bench.journal.all.count
    bench.journal.stall(true)
    async let rolledBack: Void = bench.runner.rollBack("orders", by: Self.ann)
    while bench.journal.waiting == 0 { await Task.yield() }
    #expect(bench.percent() == 0)
    #expect(bench.journal.all.count == count)
    bench.journal.stall(false)
    try await rolledBack
    #expect(bench.journal.all.count == count + 1)
    #expect(await bench.runner.status(of: "orders")?.phase == .rolledBack)
    #expect(await bench.runner.overview().journal.overdue == 0)
  }

  @Test("The kill switch waits for no order before it either, and the journal adds up")
  func kills() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: Self.ann)
    bench.journal.stall(true)
    async let raised: Void = bench.runner.setShare(
      ofRoute: "search", to: .hundredths(2_000), by: Self.ann)
    while bench.journal.waiting == 0 { await Task.yield() }
    async let killed: Void = bench.runner.setKillSwitch(true, by: Self.ann)
    while bench.percent() != 0 { await Task.yield() }
    #expect(bench.percent("search") == 0)
    bench.journal.stall(false)
    try await raised
    try await killed
    #expect(bench.percent() == 0 && bench.percent("search") == 0)
    let replay = try JournalReplay(bench.journal.all)
    #expect(replay.percentages["search"] == .zero && replay.percentages["orders"] == .zero)
    #expect(replay.contradictions == [])
    #expect(await bench.runner.overview().isKilled)
  }
}
