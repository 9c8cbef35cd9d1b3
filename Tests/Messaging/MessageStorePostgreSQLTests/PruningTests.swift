// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageStorePostgreSQL
  import MessagingConformance
  import Testing
  import TransactionalMessaging

  extension PostgreSQLStoreTests {
    @Suite struct PruningTests {
      /// A moment after all partitions, as milliseconds.
      private static let later: Int64 = 4_102_444_800_000

      private func prune(
        _ world: RelayWorld, before time: Int64 = later, isDryRun: Bool = false
      ) async throws -> (dropped: Int, needed: Int) {
        let outcome = try await PostgreSQLOutboxPruning.run(
          in: world.database, before: time, isDryRun: isDryRun)
        return (outcome.dropped.count, outcome.needed.count)
      }

      @Test func nothingIsGivenUpThatARelayMayNeed() async throws {
        let world = try await RelayWorld()
        try await world.append(SampleEvents.events(4, aggregates: ["a", "b"]))
        #expect(try await prune(world) == (0, 8))
        var reader = try await world.reader()
        // The partitions of the days to come are empty; the one of today is not read yet.
        #expect(try await prune(world, isDryRun: true) == (7, 1))
        #expect(try await reader.read().count == 4)
        reader = try await world.reader(from: reader)
        #expect(try await prune(world, before: 0) == (0, 0))
        #expect(try await prune(world) == (8, 0))
        #expect(try await world.database.query("SELECT 1 FROM outbox").isEmpty)
        // What comes next finds a place, and the relay goes on.
        try await world.append([SampleEvents.event(5, aggregate: "a")])
        #expect(try await reader.read() == ["a 3"])
        #expect(try await PostgreSQLMessageTables.install(in: world.database).count == 14)
      }

      @Test func whatIsParkedStays() async throws {
        let world = try await RelayWorld()
        try await world.append(SampleEvents.events(4, aggregates: ["a", "b"]))
        var reader = try await world.reader()
        #expect(try await reader.read().count == 4)
        _ = try await world.reader(from: reader)
        try await world.database.query(
          """
          INSERT INTO parked VALUES ('r', 'order', 'a', 4, 3, 0, 'no', 'f', 'dead')
          """)
        #expect(try await prune(world) == (7, 1))
        try await world.database.query("UPDATE parked SET first_seq = 5")
        #expect(try await prune(world) == (1, 0))
      }

      @Test func rowsForWhichNobodyMadeAPartitionAreGivenUpToo() async throws {
        let world = try await RelayWorld()
        for row in try await world.database.query(
          """
          SELECT inhrelid::regclass::text FROM pg_inherits
          WHERE inhparent = 'outbox'::regclass AND inhrelid <> 'outbox_default'::regclass
          """)
        {
          try await world.database.query("DROP TABLE \(row.text(0) ?? "")")
        }
        func strays(before time: Int64 = Self.later, isDryRun: Bool = false) async throws -> Int {
          try await PostgreSQLOutboxPruning.run(
            in: world.database, before: time, isDryRun: isDryRun
          ).strays
        }
        try await world.append(SampleEvents.events(4, aggregates: ["a", "b"]))
        #expect(try await strays() == 0)
        var reader = try await world.reader()
        #expect(try await strays() == 0)
        #expect(try await reader.read().count == 4)
        _ = try await world.reader(from: reader)
        try await world.append([SampleEvents.event(5, aggregate: "a")])
        try await world.database.query(
          "INSERT INTO parked VALUES ('r', 'order', 'a', 4, 3, 0, 'no', 'f', 'dead')")
        #expect(try await strays(before: 0) == 0)
        #expect(try await strays(isDryRun: true) == 3)
        #expect(try await strays() == 3)
        #expect(
          try await world.database.query("SELECT seq FROM outbox ORDER BY seq")
            .map { $0.integer(0) } == [4, 5])
      }

      @Test func aRestoredDatabaseKeepsWhatItsRelaysHaveNotPassedHere() async throws {
        let world = try await RelayWorld()
        try await world.append(SampleEvents.events(4, aggregates: ["a", "b"]))
        _ = try await world.reader()
        // As a dump brings it along: by that snapshot, every event here was seen.
        try await world.database.query(
          "UPDATE relay_shard SET prev_snap = '9000000000:9000000000:'::pg_snapshot")
        #expect(try await prune(world, isDryRun: true) == (0, 8))
        #expect(try await prune(world) == (0, 8))
        try await world.database.query(
          "UPDATE messaging_database SET system_identifier = system_identifier + 1")
        for isDryRun in [true, false] {
          let error = await #expect(throws: MessageStoreError.self) {
            _ = try await prune(world, isDryRun: isDryRun)
          }
          #expect(error?.code == .otherDatabase)
        }
        #expect(try await world.database.query("SELECT 1 FROM outbox").count == 4)
      }

      @Test func anOpenTransactionIsWaitedForAndItsEventStays() async throws {
        let world = try await RelayWorld()
        var reader = try await world.reader()
        try await world.append([SampleEvents.event(1, aggregate: "a")])
        #expect(try await reader.read() == ["a 1"])
        reader = try await world.reader(from: reader)
        let slow = world.hold([SampleEvents.event(2, aggregate: "slow")])
        try await slow.hasAppended()
        async let outcome = prune(world)
        try await world.isWaitedFor()
        try await slow.commit()
        #expect(try await outcome == (7, 1))
        #expect(try await reader.read() == ["slow 1"])
      }
    }
  }
#endif
