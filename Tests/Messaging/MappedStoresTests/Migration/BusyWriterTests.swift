// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import DataMapping
  import MappedStores
  import PostgreSQLClient
  import Synchronization
  import Testing

  /// Programs that write a table all the time, with or without a service's router.
  @Suite("Writers that never rest", .timeLimit(.minutes(5)))
  struct BusyWriterTests {
    private final class Crowd: Sendable {
      private let isOver = Mutex(false)
      func end() { isOver.withLock { $0 = true } }

      func write(_ key: Int, _ url: String) async throws {
        let connection = try await PostgreSQLConnection.open(
          PostgreSQLAddress(url), as: "test", within: .seconds(10), onEvent: { _ in })
        defer { connection.close() }
        while !isOver.withLock({ $0 }) {
          _ = try await connection.query(
            "UPDATE orders SET cents = cents + 1 WHERE id = \(key)", within: .seconds(60))
        }
      }
    }

    @Test func `a retreat to the start gets past them`() async throws {
      var limits = MigrationRun.Limits()
      limits.attempts = .seconds(5)
      let rig = try await MigrationRig(.postgreSQL, .sqlite, rows: 20, limits)
      guard case .postgreSQL(let url) = rig.old.place else { return }
      let crowd = Crowd()
      try await withThrowingTaskGroup(of: Void.self) { group in
        defer { crowd.end() }
        for key in 1...8 { group.addTask { try await crowd.write(key, url) } }
        for _ in 0..<3 {
          for (order, state) in [
            (Migration.Order.advance, MigrationState.legacyReads), (.retreat, .legacyPrimary),
          ] {
            let outcome = try #require(try await rig.give(order).outcome)
            #expect(outcome.turnedBack == nil && outcome.migration.state == state)
          }
        }
        crowd.end()
        try await group.waitForAll()
      }
      #expect(
        try await rig.old.rows("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'strangler%'")
          == ["0"])
      await rig.stop()
    }
  }
#endif
