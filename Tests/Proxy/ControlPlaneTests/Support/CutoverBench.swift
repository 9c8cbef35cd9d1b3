// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import CutoverScenario
import Logging
import ProxyDataPlane
import RoutingDecisions
import Synchronization

/// A runner over a routing table and a journal in memory, with traffic that follows the shares in
/// force and time that passes by `second`.
final class CutoverBench: Sendable {
  let routing: LiveRouting
  let journal: MemoryJournal
  let traffic: ScenarioTraffic
  private let clock: Clock
  let runner: CutoverRunner

  /// 2026-11-23T12:00:00Z, a Monday.
  static let noon: Int64 = 1_795_435_200_000

  /// Begins at noon with a journal that is there already, or a new one.
  convenience init(
    _ configuration: ProxyConfiguration = CutoverScenario.configuration(),
    journal: MemoryJournal = MemoryJournal(), comparisons: (any CutoverComparisons)? = nil,
    at start: Int64 = noon
  ) async throws {
    try self.init(configuration, journal, comparisons, start)
    try await runner.restore(leads: true)
  }

  /// One that reads the journal of a process which leads, once it is told to.
  convenience init(following journal: MemoryJournal) throws {
    try self.init(CutoverScenario.configuration(), journal, nil, Self.noon)
  }

  private init(
    _ configuration: ProxyConfiguration, _ journal: MemoryJournal,
    _ comparisons: (any CutoverComparisons)?, _ start: Int64
  ) throws {
    routing = LiveRouting(try RoutingTable(configuration))
    self.journal = journal
    let traffic = ScenarioTraffic(routing)
    self.traffic = traffic
    let clock = Clock(start)
    self.clock = clock
    runner = CutoverRunner(
      journal: journal, routing: routing, traffic: traffic,
      comparisons: comparisons,
      logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() },
      unixMilliseconds: { clock.time.withLock(\.self) })
  }

  private final class Clock: Sendable {
    let time: Mutex<Int64>

    init(_ start: Int64) { time = Mutex(start) }
  }

  /// Seconds pass.
  func seconds(_ count: Int) async {
    for _ in 0..<count {
      clock.time.withLock { $0 += 1_000 }
      await runner.tick()
    }
  }

  /// Seconds pass until something is true; nil when it is not within the limit.
  func seconds(until isTrue: (CutoverBench) async -> Bool, limit: Int) async -> Int? {
    for passed in 1...limit {
      await seconds(1)
      if await isTrue(self) { return passed }
    }
    return nil
  }

  func percent(_ route: String = "orders") -> Int {
    (routing.percentages[route]?.hundredths ?? -100) / 100
  }

  /// The stage of `orders` that comes next, as somebody who looks now would approve it.
  func nextStage() async -> StageApproval {
    let status = await runner.status(of: "orders")
    return StageApproval(stage: status?.stage ?? 0, plan: status?.plan ?? "")
  }

  /// What the journal says, without the states written in between.
  var told: [String] {
    journal.all.map(\.record).filter { $0.reason != JournalRecord.stateReason }
      .map { "\($0.actor): \($0.reason)" }
  }
}
