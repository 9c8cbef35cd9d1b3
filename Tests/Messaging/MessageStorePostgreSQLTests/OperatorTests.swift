// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageStorePostgreSQL
  import MessagingConformance
  import MessagingTestSupport
  import Testing
  import TransactionalMessaging

  extension PostgreSQLStoreTests {
    @Suite struct OperatorTests {
      @Test(arguments: OperatorConformance.allCases)
      func conforms(_ conformance: OperatorConformance) async throws {
        let world = try await RelayWorld()
        let database = world.database
        try await conformance.check(
          OperatorUnderTest(
            database: PostgreSQLOperatorDatabase(database), relay: world.subject,
            inbox: try await InboxTests.subject(in: database),
            tamper: { try await database.query($0) }))
      }

      @Test func whatIsWrongWithThePlaceIsFound() async throws {
        let world = try await RelayWorld()
        let database = world.database
        let outbox = OutboxOperator(PostgreSQLOperatorDatabase(database))
        _ = try await world.reader()
        for row in try await database.query(
          """
          SELECT inhrelid::regclass::text FROM pg_inherits
          WHERE inhparent = 'outbox'::regclass AND inhrelid <> 'outbox_default'::regclass
          """)
        {
          try await database.query("DROP TABLE \(row.text(0) ?? "")")
        }
        try await world.append([SampleEvents.event(1)])
        try await database.query(
          "UPDATE relay_shard SET prev_snap = '9000000000:9000000000:'::pg_snapshot")
        try await database.query(
          "UPDATE messaging_database SET system_identifier = system_identifier + 1")
        let findings = try await outbox.verify()
        #expect(findings.map(\.check) == ["cursors", "partitions", "database"])
        let report = try await outbox.report(now: 0)
        #expect(report.warnings.map(\.check) == ["cursors", "database"])
      }

      @Test func aTransactionThatIsOpenIsNoFinding() async throws {
        let world = try await RelayWorld()
        let slow = world.hold([SampleEvents.event(1, aggregate: "slow")])
        try await slow.hasAppended()
        var reader = try await world.reader()
        try await world.append([SampleEvents.event(2, aggregate: "fast")])
        #expect(try await reader.read() == ["fast 1"])
        reader = try await world.reader(from: reader)
        let outbox = OutboxOperator(PostgreSQLOperatorDatabase(world.database))
        #expect(try await outbox.verify().isEmpty)
        #expect(try await outbox.report(now: 0).relays.map(\.unsent) == [0])
        try await slow.commit()
        #expect(try await outbox.report(now: 0).relays.map(\.unsent) == [1])
        #expect(try await outbox.verify().isEmpty)
      }
    }
  }
#endif
