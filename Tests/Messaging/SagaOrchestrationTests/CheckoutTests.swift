// SPDX-License-Identifier: Apache-2.0

import CheckoutExample
import Foundation
import Logging
import MessagingTestSupport
import SagaModel
import SagaOrchestration
import Testing

#if PostgreSQL
  import ServerPrograms
#endif

/// The shop's checkout with every failure of every step, ten times each and all at once.
@Suite(.timeLimit(.minutes(2)))
struct CheckoutTests {
  @Test func everyFailureOfEveryStepOnSQLite() async throws {
    let folder = try TemporaryFolder()
    try await check(SQLiteShop(path: folder.path("shop.sqlite")), folder)
  }

  #if PostgreSQL
    @Test func everyFailureOfEveryStepOnPostgreSQL() async throws {
      let server = try await PostgreSQLProgram.start()
      let folder = try TemporaryFolder()
      try await check(PostgreSQLShop(server.address), folder)
      await server.stop()
    }
  #endif

  /// Only what never answers in time is waited for shortly: on a busy machine the others may take
  /// long.
  private static func times(_ fault: Fault) -> String {
    [.silent, .late].contains(fault.kind) ? fault.step : ""
  }

  private func check<Shop: ShopDatabase>(
    _ shop: Shop, _ folder: TemporaryFolder
  ) async throws {
    let groups = Dictionary(grouping: Fault.all, by: Self.times)
    for (step, faults) in groups.sorted(by: { $0.key < $1.key }) {
      var times = CheckoutTimes()
      if step != "reserve-stock" { times.command = .seconds(60) }
      if step != "take-payment" { times.call = .seconds(60) }
      if step != "confirm" { times.confirmation = .seconds(60) }
      let world = try CheckoutWorld(shop, folder: folder.path(""), times: times, logger: .silent)
      let orchestrator = world.orchestrator()
      try await world.running([orchestrator]) {
        try await world.begin(faults.flatMap { fault in (0..<10).map { fault.id($0) } })
        while try await world.active() > 0 { await Task.yield() }
      }
      let status = orchestrator.status
      #expect(status.completed + status.compensated == faults.count * 10)
      #expect(status.transitions > status.groups, "\(status)")
      let verdict = try await CheckoutVerdict(of: world)
      #expect(verdict.findings == [])
      for (id, phase) in verdict.phases {
        let isCompleted = Fault(id: id)?.isCompleted == true
        #expect(phase == (isCompleted ? "completed" : "compensated"), "\(id)")
      }
    }
  }
}

extension Logger {
  static var silent: Logger { Logger(label: "saga-tests") { _ in SwiftLogNoOpLogHandler() } }
}
