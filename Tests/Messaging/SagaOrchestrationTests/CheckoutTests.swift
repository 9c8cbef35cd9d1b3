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

  private func check(_ shop: some ShopDatabase, _ folder: TemporaryFolder) async throws {
    var times = CheckoutTimes()
    // What is asked for waits behind nine others.
    (times.command, times.call) = (.seconds(2), .seconds(2))
    let world = try CheckoutWorld(
      shop, folder: folder.path(""), times: times, logger: .silent)
    let orchestrator = world.orchestrator()
    try await world.running([orchestrator]) {
      try await world.begin(Fault.all.flatMap { fault in (0..<10).map { fault.id($0) } })
      while try await world.active() > 0 { await Task.yield() }
    }
    let verdict = try await CheckoutVerdict(of: world)
    #expect(verdict.findings == [])
    #expect(verdict.phases.count == Fault.all.count * 10)
    for (id, phase) in verdict.phases {
      let isCompleted = Fault(id: id)?.isCompleted == true
      #expect(phase == (isCompleted ? "completed" : "compensated"), "\(id)")
    }
    let status = orchestrator.status
    #expect(status.completed + status.compensated == verdict.phases.count)
    #expect(status.transitions > status.groups, "\(status)")
  }
}

extension Logger {
  static var silent: Logger { Logger(label: "saga-tests") { _ in SwiftLogNoOpLogHandler() } }
}
