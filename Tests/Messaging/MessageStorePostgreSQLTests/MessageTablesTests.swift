// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageStorePostgreSQL
  import MessagingConformance
  import Testing
  import TransactionalMessaging

  extension PostgreSQLStoreTests {
    @Suite struct MessageTablesTests {
      @Test func installsOnceAndSaysBeforehandWhatItWouldDo() async throws {
        let database = try PostgreSQLDatabase(await DatabaseTrait.address())
        let pending = try await PostgreSQLMessageTables.pending(in: database)
        #expect(pending.contains { $0.hasPrefix("CREATE TABLE outbox (") })
        #expect(try await PostgreSQLMessageTables.pending(in: database) == pending)
        #expect(try await PostgreSQLMessageTables.install(in: database) == pending)
        try await database.transaction {
          try await PostgreSQLOutbox().append(SampleEvents.event(1), in: $0)
        }
        #expect(try await PostgreSQLMessageTables.pending(in: database).isEmpty)
        #expect(try await PostgreSQLMessageTables.install(in: database).isEmpty)
        let rows = try await database.query("SELECT tableoid::regclass::text FROM outbox")
        #expect(rows.first?.text(0)?.hasPrefix("outbox_p20") == true)
      }

      @Test func appendsWhereNobodyMadeAPartition() async throws {
        let database = try PostgreSQLDatabase(await DatabaseTrait.address())
        try await PostgreSQLMessageTables.install(
          in: database, layout: PostgreSQLOutboxLayout(partition: .hour))
        for row in try await database.query(
          """
          SELECT inhrelid::regclass::text FROM pg_inherits
          WHERE inhparent = 'outbox'::regclass AND inhrelid <> 'outbox_default'::regclass
          """)
        {
          try await database.query("DROP TABLE \(row.text(0) ?? "")")
        }
        try await database.transaction {
          try await PostgreSQLOutbox().append(SampleEvents.event(1), in: $0)
        }
        // The hour that has rows elsewhere stays out; those of the next two days are made.
        let planned = try await PostgreSQLMessageTables.pending(in: database)
        #expect(planned.count == 2 * 48)
        let made = try await PostgreSQLMessageTables.makePartitions(in: database)
        #expect(made.count == 2 * 48)
        #expect(try await PostgreSQLMessageTables.install(in: database).isEmpty)
        #expect(try await database.query("SELECT 1 FROM outbox").count == 1)
      }

      /// Each schema has an outbox of its own, whatever else is on the way to it.
      @Test func tablesOfAnotherSchemaAreNoneOfThisOne() async throws {
        let first = try await DatabaseTrait.address()
        try await PostgreSQLMessageTables.install(in: try PostgreSQLDatabase(first))
        let schema = first.split(separator: "%3D").last ?? ""
        let second = try PostgreSQLDatabase(await DatabaseTrait.address() + ",\(schema)")
        let made = try await PostgreSQLMessageTables.install(in: second)
        #expect(made.contains { $0.hasPrefix("CREATE TABLE outbox (") })
        try await second.transaction {
          try await PostgreSQLOutbox().append(SampleEvents.event(1), in: $0)
        }
        #expect(try await second.query("SELECT 1 FROM outbox_default").isEmpty)
        #expect(try await second.query("SELECT 1 FROM \(schema).outbox").isEmpty)
      }

      @Test func refusesTablesOfANewerBuild() async throws {
        let database = try PostgreSQLDatabase(await DatabaseTrait.address())
        try await PostgreSQLMessageTables.install(in: database)
        try await database.query("INSERT INTO messaging_schema (version) VALUES (99)")
        let error = await #expect(throws: MessageStoreError.self) {
          try await PostgreSQLMessageTables.install(in: database)
        }
        #expect(error?.code == .newerSchema)
      }

      @Test func tellsWhatToDoWithoutTables() async throws {
        let database = try PostgreSQLDatabase(await DatabaseTrait.address())
        let error = await #expect(throws: MessageStoreError.self) {
          try await database.transaction {
            try await PostgreSQLOutbox().append(SampleEvents.event(1), in: $0)
          }
        }
        #expect(error?.code == .missingTables)
        #expect(error?.message.contains("strangler outbox init") == true)
      }
    }
  }
#endif
