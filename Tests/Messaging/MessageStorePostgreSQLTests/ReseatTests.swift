// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageStorePostgreSQL
  import MessagingConformance
  import Testing
  import TransactionalMessaging

  extension PostgreSQLStoreTests {
    /// Tables that came from elsewhere, and what is wrong with a database.
    @Suite struct ReseatTests {
      /// As a dump leaves it: the old database's name and its transaction numbers, which are far
      /// ahead of this one's.
      private func restored() async throws -> RelayWorld {
        let world = try await RelayWorld()
        try await world.append(SampleEvents.events(4, aggregates: ["a", "b"]))
        var reader = try await world.reader()
        #expect(try await reader.read().count == 4)
        try await world.database.query(
          "UPDATE messaging_database SET system_identifier = system_identifier + 1")
        try await world.database.query(
          "UPDATE outbox SET xid = (xid::text::bigint + 1000000)::text::xid8")
        return world
      }

      private func refusal(_ address: String) async -> MessageStoreError? {
        await #expect(throws: MessageStoreError.self) {
          let store = try PostgreSQLRelayStore(address)
          _ = try await store.acquire(LeaseRequest(relay: "r", owner: "n", now: 50, until: 90))
        }
      }

      private func reseat(
        _ world: RelayWorld, after sequence: Int64 = 0, isForced: Bool = false
      ) async throws -> Int64 {
        try await PostgreSQLReseat.run(
          in: world.database, after: sequence, by: "ada", because: "restored", isForced: isForced)
      }

      @Test func aRelayRefusesAnotherDatabasesTables() async throws {
        let world = try await restored()
        let error = await refusal(world.address)
        #expect(error?.code == .otherDatabase)
        #expect(error?.message.contains("strangler outbox reseat") == true)
      }

      @Test func reseatingPublishesEverythingOnceMore() async throws {
        let world = try await restored()
        #expect(try await reseat(world) == 4)
        var reader = try await world.reader()
        try await world.append([SampleEvents.event(5, aggregate: "b")])
        #expect(try await reader.read() == ["b 1", "a 1", "b 2", "a 2"])
        #expect(try await reader.read() == ["b 3"])
        #expect(try await reader.read().isEmpty)
      }

      @Test func reseatingBehindASequenceLeavesOutWhatIsKnown() async throws {
        let world = try await restored()
        #expect(try await reseat(world, after: 3) == 1)
        var reader = try await world.reader()
        #expect(try await reader.read() == ["a 2"])
        #expect(try await reader.read().isEmpty)
      }

      /// It would publish everything once more, for nothing.
      @Test func aSoundDatabaseIsReseatedOnlyByForce() async throws {
        let world = try await RelayWorld()
        try await world.append(SampleEvents.events(4, aggregates: ["a", "b"]))
        var reader = try await world.reader()
        #expect(try await reader.read().count == 4)
        _ = try await world.reader(from: reader)
        let error = await #expect(throws: MessageStoreError.self) { try await reseat(world) }
        #expect(error?.code == .sameDatabase)
        let outbox = OutboxOperator(PostgreSQLOperatorDatabase(world.database))
        #expect(try await outbox.report(now: 0).relays.map(\.unsent) == [0])
        #expect(try await outbox.history(limit: 9).isEmpty)
        #expect(try await reseat(world, after: 1, isForced: true) == 3)
        let entry = try #require(try await outbox.history(limit: 9).first)
        #expect(entry.action == "reseat" && entry.actor == "ada" && entry.reason == "restored")
        #expect(entry.position == 1 && entry.aggregateType.isEmpty && entry.at > 0)
        // One that stands where the database has not been yet needs it.
        try await world.database.query(
          "UPDATE relay_shard SET cur_snap = NULL, prev_snap = '9000000000:9000000000:'")
        #expect(try await reseat(world) == 4)
      }

      @Test func saysWhatIsWrongWithTheTables() async throws {
        let world = try await RelayWorld()
        try await world.database.query("DELETE FROM messaging_database")
        #expect(await refusal(world.address)?.code == .corruptRow)
        #expect(try await reseat(world) == 0)
        try await world.database.query("DELETE FROM messaging_schema")
        #expect(await refusal(world.address)?.code == .missingTables)
        let empty = try await DatabaseTrait.address()
        #expect(await refusal(empty)?.code == .missingTables)
        #expect(await refusal("postgresql://a:b@c/d")?.code == .invalidAddress)
        #expect(await refusal("postgresql:///x?host=/nowhere")?.code == .unavailable)
      }

      @Test func anAlteredTableIsNamed() async throws {
        let world = try await RelayWorld()
        let cursor = try await world.reader().cursor
        try await world.database.query("ALTER TABLE outbox DROP COLUMN tenant")
        let error = await #expect(throws: MessageStoreError.self) {
          try await world.store.events(after: cursor, limit: PageLimit(events: 1))
        }
        #expect(error?.sqlState == "42703" && error?.message.contains("tenant") == true)
      }

      @Test func jsonPayloadsAreReadAsText() async throws {
        let world = try await RelayWorld(PostgreSQLOutboxLayout(payload: .json))
        try await world.database.transaction {
          try await PostgreSQLOutbox(payload: .json).append(SampleEvents.event(1), in: $0)
        }
        let position = try await world.store.acquire(
          LeaseRequest(relay: "r", owner: "o", now: 0, until: 9))
        let cursor = try #require(position?.cursor)
        let page = try await world.store.events(after: cursor, limit: PageLimit(events: 9))
        #expect(
          page.events.map { String(decoding: $0.event.payload, as: UTF8.self) }
            == ["{\"number\": 1}"])
      }
    }
  }
#endif
