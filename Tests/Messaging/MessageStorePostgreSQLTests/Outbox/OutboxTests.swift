// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageContracts
  import MessageStorePostgreSQL
  import MessagingConformance
  import Testing
  import TransactionalMessaging

  extension PostgreSQLStoreTests {
    @Suite struct OutboxTests {
      private struct Aborted: Error {}

      private func database(
        _ layout: PostgreSQLOutboxLayout = PostgreSQLOutboxLayout()
      ) async throws -> PostgreSQLDatabase {
        let database = try PostgreSQLDatabase(await DatabaseTrait.address())
        try await PostgreSQLMessageTables.install(in: database, layout: layout)
        return database
      }

      private func code(_ body: () async throws -> Void) async -> MessageStoreError.Code? {
        do {
          try await body()
          return nil
        } catch {
          return (error as? MessageStoreError)?.code
        }
      }

      private func count(_ database: PostgreSQLDatabase, _ table: String) async throws -> Int64? {
        try await database.query("SELECT count(*) FROM \(table)").first?.integer(0)
      }

      @Test func numbersEachAggregateByItself() async throws {
        let database = try await database()
        let outbox = PostgreSQLOutbox()
        let appended = try await database.transaction { transaction in
          var appended: [AppendedEvent] = []
          for event in SampleEvents.events(5, aggregates: ["a", "b"]) {
            appended.append(try await outbox.append(event, in: transaction))
          }
          return appended
        }
        #expect(appended.map(\.version) == [1, 1, 2, 2, 3])
        #expect(appended.map(\.sequence) == [1, 2, 3, 4, 5])
      }

      @Test func rollsBackWithTheBusinessTransactionAndItsSavepoints() async throws {
        let database = try await database()
        let outbox = PostgreSQLOutbox()
        let before = outbox.signal.generation
        await #expect(throws: Aborted.self) {
          try await database.transaction { transaction in
            try await outbox.append(SampleEvents.event(1), in: transaction)
            throw Aborted()
          }
        }
        #expect(try await count(database, "outbox") == 0)
        #expect(try await count(database, "aggregate_version") == 0)
        #expect(outbox.signal.generation == before)
        let last = try await database.transaction { transaction in
          try await outbox.append(SampleEvents.event(1), in: transaction)
          try? await transaction.savepoint {
            try await outbox.append(SampleEvents.event(2), in: transaction)
            throw Aborted()
          }
          return try await outbox.append(SampleEvents.event(3), in: transaction)
        }
        #expect(last.version == 2)
        #expect(outbox.signal.generation > before)
      }

      @Test func aSwallowedRefusalIsNoCommit() async throws {
        let database = try await database()
        let outbox = PostgreSQLOutbox()
        let refused = await code {
          try await database.transaction { transaction in
            try await outbox.append(SampleEvents.event(1), in: transaction)
            _ = try? await transaction.query("SELECT 1 / 0")
          }
        }
        #expect(refused == .refused)
        #expect(try await count(database, "outbox") == 0)
      }

      @Test func refusesAnIDTwiceAndAnInvalidEvent() async throws {
        let database = try await database()
        let outbox = PostgreSQLOutbox(limits: EventLimits(payloadBytes: 20))
        try await database.transaction { try await outbox.append(SampleEvents.event(1), in: $0) }
        let twice = await code {
          _ = try await database.transaction {
            try await outbox.append(SampleEvents.event(1, aggregate: "b"), in: $0)
          }
        }
        #expect(twice == .duplicateEvent)
        #expect(try await count(database, "aggregate_version") == 1)
        var large = SampleEvents.event(2)
        large.payload = Array(repeating: 0, count: 21)
        let invalid = await code { [large] in
          _ = try await database.transaction { try await outbox.append(large, in: $0) }
        }
        #expect(invalid == .invalidEvent)
      }

      @Test func storesNothingThatBreaksItsContract() async throws {
        let database = try await database()
        let schema = #"{"type": "object", "properties": {"number": {"type": "string"}}}"#
        let outbox = PostgreSQLOutbox(
          contracts: try EventContracts([
            ContractFile(path: "order/order-changed/2.json", bytes: Array(schema.utf8))
          ]))
        var event = SampleEvents.event(1)
        event.payload = Array(#"{"number": 1}"#.utf8)
        await #expect {
          try await database.transaction { [event] in try await outbox.append(event, in: $0) }
        } throws: { error in
          guard let error = error as? MessageStoreError, error.code == .brokenContract else {
            return false
          }
          return error.cause is ContractBreach
            && error.message.contains("/number: expected string, got 1")
        }
        #expect(try await count(database, "outbox") == 0)
        #expect(try await count(database, "aggregate_version") == 0)
        event.payload = Array(#"{"number": "1"}"#.utf8)
        let appended = try await database.transaction { [event] in
          try await outbox.append(event, in: $0)
        }
        #expect(appended.version == 1)
      }

      @Test func theColumnsAreDebeziums() async throws {
        let database = try await database(PostgreSQLOutboxLayout(payload: .json))
        let outbox = PostgreSQLOutbox(payload: .json)
        try await database.transaction { try await outbox.append(SampleEvents.event(1), in: $0) }
        let row = try #require(
          try await database.query(
            """
            SELECT id, aggregatetype, aggregateid, type, payload->>'number', tracingspancontext,
              pg_typeof(payload), pg_typeof(id)
            FROM outbox
            """
          ).first)
        #expect(row.text(0) == SampleEvents.id(1))
        #expect((1...4).map { row.text($0) } == ["order", "a", "order-changed", "1"])
        #expect(
          row.text(5) == "traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        #expect(row.text(6) == "jsonb" && row.text(7) == "uuid")
        var text = SampleEvents.event(2)
        text.payload = Array("no JSON".utf8)
        let refused = await code { [text] in
          _ = try await database.transaction { try await outbox.append(text, in: $0) }
        }
        #expect(refused == .refused)
      }

      @Test func aTransactionThatHasEndedTakesNothing() async throws {
        let database = try await database()
        let ended = try await database.transaction { $0 }
        let code = await code {
          _ = try await PostgreSQLOutbox().append(SampleEvents.event(1), in: ended)
        }
        #expect(code == .outsideTransaction)
      }
    }
  }
#endif
