// SPDX-License-Identifier: Apache-2.0

import CheckoutExample
import Foundation
import Logging
import MessagingTestSupport
import Testing
import TransactionalMessaging

#if PostgreSQL
  import ServerPrograms
#endif

/// Kills the shop with SIGKILL: at each step that it stores, and at random moments.
@Suite(.timeLimit(.minutes(10)))
struct KilledSagaTests {
  private static let program = "saga-crash-child"

  /// How often at random; `SAGA_KILLS` says otherwise.
  private static let kills =
    ProcessInfo.processInfo.environment["SAGA_KILLS"].flatMap { Int($0) } ?? 20

  @Test(arguments: ["confirm.none.1", "take-payment.refuses.1", "reserve-stock.late.1"])
  func killedAtEachStep(_ id: String) async throws {
    var points = 0
    for point in 1... {
      let folder = try TemporaryFolder()
      let world = try world(SQLiteShop(path: folder.path("shop.sqlite")), folder)
      try await world.begin([id])
      let first = try KilledProcess(Self.program, folder.path(""), "sqlite", "end", "\(point)")
      let status = await first.end()
      if status == SIGKILL {
        points += 1
        let second = try KilledProcess(Self.program, folder.path(""), "sqlite", "end")
        #expect(await second.end() == 0)
      }
      let verdict = try await CheckoutVerdict(of: world)
      #expect(verdict.findings == [], "killed at step \(point)")
      // A process that starts again may take longer than a step may.
      let ends =
        Fault(id: id)?.isCompleted == true ? ["completed", "compensated"] : ["compensated"]
      #expect(ends.contains(verdict.phases[id] ?? ""), "killed at step \(point)")
      guard status == SIGKILL else { break }
    }
    #expect(points >= 5)
  }

  @Test func killedAtRandomOnSQLite() async throws {
    let folder = try TemporaryFolder()
    try await kill(Self.kills, "sqlite", folder)
    try await judge(world(SQLiteShop(path: folder.path("shop.sqlite")), folder))
  }

  #if PostgreSQL
    @Test func killedAtRandomOnPostgreSQL() async throws {
      let server = try await PostgreSQLProgram.start()
      let folder = try TemporaryFolder()
      try await kill(Self.kills, server.address, folder)
      try await judge(world(PostgreSQLShop(server.address), folder))
      await server.stop()
    }
  #endif

  private func world<Shop: ShopDatabase>(
    _ shop: Shop, _ folder: TemporaryFolder
  ) throws -> CheckoutWorld<Shop> {
    try CheckoutWorld(shop, folder: folder.path(""), logger: .silent)
  }

  private func kill(_ times: Int, _ place: String, _ folder: TemporaryFolder) async throws {
    let seed = UInt64.random(in: 0...UInt64(UInt32.max))
    var random = SeededGenerator(seed: seed)
    for _ in 0..<times {
      let child = try KilledProcess(
        Self.program, folder.path(""), place, "work", "\(random.next())")
      #expect(await child.read(Int.random(in: 1...80, using: &random)), "seed \(seed)")
      #expect(await child.killed() == .uncaughtSignal)
    }
    let last = try KilledProcess(Self.program, folder.path(""), place, "end")
    #expect(await last.end() == 0, "seed \(seed)")
  }

  private func judge(_ world: CheckoutWorld<some ShopDatabase>) async throws {
    let verdict = try await CheckoutVerdict(of: world)
    #expect(verdict.findings == [])
    #expect(verdict.phases.count > Self.kills)
    #expect(verdict.phases.values.allSatisfy { $0 == "completed" || $0 == "compensated" })
    #expect(Set(verdict.phases.values).count == 2)
  }
}
