// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverControl
import CutoverJournalStore
import CutoverScenario
import Foundation
import Logging
import ProxyDataPlane
import RoutingDecisions
import Synchronization

/// A running plan that a test kills at any moment: `cutover-crash-child FILE SEED` gives orders and
/// lets seconds pass for ever, drawn from the seed, and says after each where the routes stand.
@main
struct CutoverCrashChild {
  static func main() async throws {
    guard CommandLine.arguments.count == 3, let seed = UInt64(CommandLine.arguments[2]) else {
      FileHandle.standardError.write(Data("usage: FILE SEED\n".utf8))
      exit(64)
    }
    let journal = try SQLiteCutoverJournal(
      writing: CommandLine.arguments[1], installation: "shop")
    let routing = LiveRouting(try RoutingTable(CutoverScenario.configuration()))
    let traffic = ScenarioTraffic(routing)
    let time = Mutex<Int64>(1_795_435_200_000)
    let runner = CutoverRunner(
      journal: journal, routing: routing, traffic: traffic,
      logger: Logger(label: "child") { _ in SwiftLogNoOpLogHandler() },
      unixMilliseconds: { time.withLock(\.self) })
    try await runner.restore(leads: true)
    var random = SplitMix(state: seed)
    while true {
      try await step(runner, traffic, time, &random)
      let sequence = await runner.overview().journal.sequence
      let shares = routing.percentages.sorted { $0.key < $1.key }
        .map { "\($0.key)=\($0.value.hundredths)" }.joined(separator: " ")
      FileHandle.standardOutput.write(Data("\(sequence) \(shares)\n".utf8))
    }
  }

  /// One order or some seconds; an order that makes no sense now is refused, which is fine.
  private static func step(
    _ runner: CutoverRunner, _ traffic: ScenarioTraffic, _ time: borrowing Mutex<Int64>,
    _ random: inout SplitMix
  ) async throws {
    let ann = CutoverScenario.ann
    do {
      switch random.next() % 12 {
      case 0, 1: try await runner.start(random.next() % 2 == 0 ? "orders" : "basket", by: ann)
      case 2:
        guard let status = await runner.status(of: "orders") else { return }
        try await runner.approve(
          StageApproval(stage: status.stage, plan: status.plan ?? ""), of: "orders", by: ann)
      case 3: try await runner.rollBack("orders", by: ann)
      case 4, 5, 6:
        let share = Percentage(hundredths: Int(random.next() % 10_001)) ?? .zero
        let route = random.next() % 3 == 0 ? "cart" : "search"
        try await runner.setShare(ofRoute: route, to: share, skipsGates: true, by: ann)
      case 7: try await runner.freeze(random.next() % 4 == 0, by: ann)
      case 8: try await runner.setKillSwitch(random.next() % 6 == 0, by: ann)
      case 9: try await runner.revert(to: 1 + random.next() % 40, skipsGates: true, by: ann)
      default:
        let fails = random.next() % 8 == 0
        traffic.rates.withLock { $0.extractedFailures = fails ? 40 : 0 }
        for _ in 0..<20 {
          time.withLock { $0 += 1_000 }
          await runner.tick()
        }
      }
    } catch is CutoverRefusal {}
  }
}

/// SplitMix64, so that a seed repeats a run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
