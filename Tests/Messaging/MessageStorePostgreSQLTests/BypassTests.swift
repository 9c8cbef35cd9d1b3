// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageStorePostgreSQL
  import MessagingConformance
  import Testing
  import TransactionalMessaging

  extension PostgreSQLStoreTests {
    /// Changes of watched tables with and without an event in their transaction.
    @Suite struct BypassTests {
      private struct Undone: Error {}

      private struct World {
        let address: String
        let database: PostgreSQLDatabase
        let audit: BypassAudit

        init() async throws {
          address = try await DatabaseTrait.address()
          var configuration = PostgreSQLDatabase.Configuration()
          configuration.name = "shop-job"
          database = try PostgreSQLDatabase(address, configuration: configuration)
          try await PostgreSQLMessageTables.install(in: database)
          try await database.query("CREATE TABLE orders (id int PRIMARY KEY, state text)")
          audit = BypassAudit(PostgreSQLOperatorDatabase(database))
          _ = try await audit.install(["orders"], now: 5, isDryRun: false)
        }

        func append(_ number: Int, _ transaction: PostgreSQLTransaction) async throws {
          try await PostgreSQLOutbox().append(SampleEvents.event(number), in: transaction)
        }

        func insert(_ id: Int64, _ transaction: PostgreSQLTransaction) async throws {
          try await transaction.query("INSERT INTO orders (id) VALUES ($1)", [.integer(id)])
        }

        func report() async throws -> BypassReport { try await audit.report(limit: 10) }
      }

      @Test func whatHasItsEventIsNotFoundInWhateverOrder() async throws {
        let world = try await World()
        try await world.database.transaction { transaction in
          try await world.insert(1, transaction)
          try await transaction.query("UPDATE orders SET state = 'paid'")
          try await world.append(1, transaction)
          try await transaction.query("DELETE FROM orders")
        }
        try await world.database.transaction { transaction in
          try await world.append(2, transaction)
          try await world.insert(2, transaction)
        }
        let report = try await world.report()
        #expect(report.isClean && report.findings.isEmpty, "\(report)")
        #expect(report.tables.map(\.since) == [5])
      }

      @Test func whatHasNoneIsFoundWithStatementAndClient() async throws {
        let world = try await World()
        for id in [1, 2] as [Int64] {
          try await world.database.query(
            "INSERT INTO orders (id, state) VALUES ($1, 'it''s 5') /* 12.5 */", [.integer(id)])
        }
        try await world.database.query("UPDATE orders SET state = E'\\'x' WHERE id = 2")
        try await world.database.query("DO $$ BEGIN DELETE FROM orders; END $$")
        try await world.database.query("TRUNCATE orders")
        let report = try await world.report()
        #expect(
          report.findings.map { "\($0.count) \($0.operation) \($0.statement ?? "")" } == [
            "2 INSERT INSERT INTO orders (id, state) VALUES ($1, ?) /* ? */",
            "1 DELETE DO ?", "1 TRUNCATE TRUNCATE orders",
            "1 UPDATE UPDATE orders SET state = ? WHERE id = ?",
          ])
        #expect(report.findings.allSatisfy { $0.application == "shop-job" && $0.role != nil })
        #expect(report.tables.map(\.bypasses) == [5] && !report.isClean && report.isComplete)
        #expect(try await world.audit.prune(before: .max) == 5)
        #expect(try await world.report().isClean)
      }

      @Test func whatIsUndoneIsNeitherChangeNorEvent() async throws {
        let world = try await World()
        let database = world.database
        try? await database.transaction { transaction in
          try await world.insert(1, transaction)
          throw Undone()
        }
        try await database.transaction { transaction in
          try? await transaction.savepoint {
            try await world.insert(2, transaction)
            throw Undone()
          }
        }
        try await database.query("UPDATE orders SET state = 'x' WHERE id = 99")
        #expect(try await world.report().isClean)
        // The event goes, the change stays.
        try await database.transaction { transaction in
          try await world.insert(3, transaction)
          try? await transaction.savepoint {
            try await world.append(1, transaction)
            throw Undone()
          }
          try await transaction.query("UPDATE orders SET state = 'paid'")
        }
        #expect(try await world.report().findings.map(\.operation) == ["INSERT"])
      }

      @Test func theAuditFailsNoTransaction() async throws {
        let world = try await World()
        let database = world.database
        let schema = try #require(
          try await database.query("SELECT current_schema()").first?.text(0))
        try await database.query("CREATE ROLE clerk_\(schema)")
        try await database.query("GRANT USAGE ON SCHEMA \(schema) TO clerk_\(schema)")
        try await database.query("GRANT INSERT ON orders TO clerk_\(schema)")
        try await database.transaction { transaction in
          try await transaction.query("SET LOCAL ROLE clerk_\(schema)")
          try await world.insert(1, transaction)
        }
        #expect(try await world.report().findings.count == 1)
        try await database.query("ALTER TABLE bypass_write RENAME TO elsewhere")
        try await database.transaction { transaction in
          try await world.insert(2, transaction)
          try await world.append(1, transaction)
        }
        #expect(try await database.query("SELECT 1 FROM orders").count == 2)
      }

      @Test func notesHaveAnEnd() async throws {
        let world = try await World()
        try await world.database.query(
          """
          INSERT INTO bypass_write
          SELECT 0, '1'::xid8, 's', 't', 'INSERT', repeat('x', 1900), 'a', 'r'
          FROM generate_series(1, 37000)
          """)
        try await world.database.query("INSERT INTO orders (id) VALUES (1)")
        let report = try await world.report()
        #expect(report.isFull && !report.isComplete && report.tables.map(\.bypasses) == [0])
      }

      @Test func whatSomeoneAlteredIsTold() async throws {
        let world = try await World()
        #expect(try await world.audit.install(["orders"], now: 6, isDryRun: false).isEmpty)
        try await world.database.query("ALTER TABLE orders DISABLE TRIGGER USER")
        var report = try await world.report()
        #expect(report.tables.map(\.state) == [.altered] && !report.isClean)
        #expect(try await !world.audit.install(["orders"], now: 6, isDryRun: true).isEmpty)
        #expect(try await !world.audit.install(["orders"], now: 6, isDryRun: false).isEmpty)
        try await world.database.query("ALTER TABLE outbox DISABLE TRIGGER USER")
        report = try await world.report()
        #expect(report.tables.map(\.state) == [.watched] && !report.seesEvents)
        // The outbox itself is asked as well.
        try await world.database.transaction { transaction in
          try await world.insert(1, transaction)
          try await world.append(1, transaction)
        }
        #expect(try await world.report().findings.isEmpty)
        _ = try await world.audit.install(["orders"], now: 6, isDryRun: false)
        #expect(try await world.report().isClean)
        try await world.database.query("DROP TABLE orders")
        #expect(try await world.report().tables.map(\.state) == [.missing])
        _ = try await world.audit.remove([], isDryRun: false)
      }

      @Test func whatIsRemovedLeavesNothing() async throws {
        let world = try await World()
        try await world.database.query("CREATE TABLE lines (id int)")
        _ = try await world.audit.install(["lines"], now: 6, isDryRun: false)
        _ = try await world.audit.remove(["orders"], isDryRun: false)
        #expect(try await world.report().tables.map(\.state) == [.watched])
        _ = try await world.audit.remove([], isDryRun: false)
        let left = try await world.database.query(
          """
          SELECT tgname::text FROM pg_trigger WHERE tgname LIKE 'strangler%'
            AND tgrelid IN ('orders'::regclass, 'lines'::regclass, 'outbox'::regclass)
          UNION ALL SELECT relname::text FROM pg_class WHERE relname LIKE 'bypass%'
            AND relnamespace = to_regnamespace(current_schema())
          """)
        #expect(left.isEmpty)
        #expect(try await world.audit.remove([], isDryRun: false).isEmpty)
        let error = await #expect(throws: MessageStoreError.self) { try await world.report() }
        #expect(error?.code == .missingTables)
      }

      @Test(arguments: ["nowhere", "outbox", "seen", "pg_catalog.pg_class_oid_index"])
      func whatCannotBeWatchedIsRefused(_ table: String) async throws {
        let world = try await World()
        try await world.database.query("CREATE VIEW seen AS SELECT 1 AS one")
        let error = await #expect(throws: MessageStoreError.self) {
          try await world.audit.install([table], now: 6, isDryRun: false)
        }
        #expect(error?.code == .unsupported)
      }

      /// A transaction's number is another one's there.
      @Test func anotherDatabaseIsRefused() async throws {
        let world = try await World()
        try await world.database.query("UPDATE messaging_database SET database_oid = 1")
        let error = await #expect(throws: MessageStoreError.self) { try await world.report() }
        #expect(error?.code == .otherDatabase)
      }
    }
  }
#endif
