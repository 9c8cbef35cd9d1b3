// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageStorePostgreSQL
  import MessagingConformance
  import Testing
  import TransactionalMessaging

  extension PostgreSQLStoreTests {
    /// Events that travel with COMMIT.
    @Suite struct CommitAppendTests {
      private struct Undone: Error {}

      private let outbox = PostgreSQLOutbox()

      private func database() async throws -> PostgreSQLDatabase {
        let database = try PostgreSQLDatabase(await DatabaseTrait.address())
        try await PostgreSQLMessageTables.install(in: database)
        try await database.query("CREATE TABLE business (n bigint PRIMARY KEY)")
        return database
      }

      private func failure(_ body: () async throws -> Void) async -> MessageStoreError? {
        do {
          try await body()
          return nil
        } catch {
          return error as? MessageStoreError
        }
      }

      /// In the order of `seq`: aggregate, version, number of the event.
      private func events(_ database: PostgreSQLDatabase) async throws -> [String] {
        try await database.query(
          """
          SELECT aggregateid, aggregateversion, convert_from(payload, 'UTF8')::jsonb->>'number'
          FROM outbox ORDER BY seq
          """
        ).map { row in (0..<3).map { row.text($0) ?? "" }.joined(separator: " ") }
      }

      private func numbers(_ database: PostgreSQLDatabase) async throws -> [Int64?] {
        try await database.query("SELECT n FROM business ORDER BY n").map { $0.integer(0) }
      }

      private func write(_ number: Int64, _ transaction: PostgreSQLTransaction) async throws {
        try await transaction.query("INSERT INTO business VALUES ($1::bigint)", [.integer(number)])
      }

      @Test func eventsKeepTheirOrderAndComeWithTheData() async throws {
        let database = try await database()
        let before = outbox.signal.generation
        try await database.transaction { transaction in
          for event in SampleEvents.events(4, aggregates: ["a", "b"]) {
            try await outbox.appendAtCommit(event, in: transaction)
          }
          // After the events, and before them in the database.
          try await write(1, transaction)
          #expect(try await transaction.query("SELECT 1 FROM outbox").isEmpty)
          #expect(outbox.signal.generation == before)
        }
        #expect(try await events(database) == ["b 1 1", "a 1 2", "b 2 3", "a 2 4"])
        #expect(try await numbers(database) == [1])
        #expect(outbox.signal.generation > before)
      }

      @Test func theOtherWayToAppendComesBehindWhatWaits() async throws {
        let database = try await database()
        let second = try await database.transaction { transaction in
          try await outbox.appendAtCommit(SampleEvents.event(1), in: transaction)
          let second = try await outbox.append(SampleEvents.event(2), in: transaction)
          try await outbox.appendAtCommit(SampleEvents.event(3), in: transaction)
          return second
        }
        #expect(second.version == 2)
        #expect(try await events(database) == ["a 1 1", "a 2 2", "a 3 3"])
      }

      @Test func whatIsUndoneAppendsNothing() async throws {
        let database = try await database()
        await #expect(throws: Undone.self) {
          try await database.transaction { transaction in
            try await outbox.appendAtCommit(SampleEvents.event(1), in: transaction)
            throw Undone()
          }
        }
        let task = Task {
          try await database.transaction { transaction in
            try await outbox.appendAtCommit(SampleEvents.event(1), in: transaction)
            withUnsafeCurrentTask { $0?.cancel() }
          }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        let swallowed = await failure {
          try await database.transaction { transaction in
            try await outbox.appendAtCommit(SampleEvents.event(1), in: transaction)
            _ = try? await transaction.query("SELECT 1 / 0")
          }
        }
        #expect(swallowed?.sqlState == "22012" && swallowed?.code == .refused)
        #expect(try await events(database).isEmpty)
      }

      @Test func aSavepointTakesItsEventsAlong() async throws {
        let database = try await database()
        try await database.transaction { transaction in
          try await outbox.appendAtCommit(SampleEvents.event(1), in: transaction)
          try? await transaction.savepoint {
            try await outbox.appendAtCommit(SampleEvents.event(2), in: transaction)
            throw Undone()
          }
          // The first is sent inside, undone with it, and waits again.
          try? await transaction.savepoint {
            try await outbox.append(SampleEvents.event(3), in: transaction)
            try await transaction.savepoint {
              try await outbox.appendAtCommit(SampleEvents.event(4), in: transaction)
            }
            throw Undone()
          }
          try await transaction.savepoint {
            try await outbox.appendAtCommit(SampleEvents.event(5), in: transaction)
          }
        }
        #expect(try await events(database) == ["a 1 1", "a 2 5"])
      }

      @Test func anIDThatWasUsedLetsNothingBeCommitted() async throws {
        let database = try await database()
        try await database.transaction { transaction in
          try await outbox.appendAtCommit(SampleEvents.event(1), in: transaction)
        }
        let before = outbox.signal.generation
        for round in Int64(0)..<3 {
          let twice = await failure {
            try await database.transaction { transaction in
              try await write(round, transaction)
              try await outbox.appendAtCommit(SampleEvents.event(2), in: transaction)
              try await outbox.appendAtCommit(
                SampleEvents.event(1, aggregate: "b"), in: transaction)
              try await outbox.appendAtCommit(SampleEvents.event(3), in: transaction)
            }
          }
          #expect(twice?.code == .duplicateEvent)
          #expect(twice?.message.contains(SampleEvents.id(1)) == true)
        }
        // Within one transaction too.
        let same = await failure {
          try await database.transaction { transaction in
            for _ in 0..<2 {
              try await outbox.appendAtCommit(SampleEvents.event(4), in: transaction)
            }
          }
        }
        #expect(same?.code == .duplicateEvent)
        #expect(outbox.signal.generation == before)
        #expect(try await numbers(database).isEmpty)
        // The connection goes on, and no version is missing.
        try await database.transaction { transaction in
          try await outbox.appendAtCommit(SampleEvents.event(5), in: transaction)
        }
        #expect(try await events(database) == ["a 1 1", "a 2 5"])
      }

      @Test func whatIsWrongWithAnEventIsSaidAtOnce() async throws {
        let database = try await database()
        let outbox = PostgreSQLOutbox(limits: EventLimits(payloadBytes: 5))
        let ended = try await database.transaction { transaction in
          let invalid = await failure {
            try await outbox.appendAtCommit(SampleEvents.event(1), in: transaction)
          }
          #expect(invalid?.code == .invalidEvent)
          return transaction
        }
        let late = await failure {
          try await self.outbox.appendAtCommit(SampleEvents.event(1), in: ended)
        }
        #expect(late?.code == .outsideTransaction)
        #expect(try await events(database).isEmpty)
      }

      @Test func whatCOMMITRefusesIsNotThere() async throws {
        let database = try await database()
        try await database.query(
          "CREATE TABLE line (n bigint REFERENCES business DEFERRABLE INITIALLY DEFERRED)")
        let refused = await failure {
          try await database.transaction { transaction in
            try await outbox.appendAtCommit(SampleEvents.event(1), in: transaction)
            try await transaction.query("INSERT INTO line VALUES (7)")
          }
        }
        #expect(refused?.code == .refused && refused?.sqlState == "23503")
        // The transaction was ended inside, which must not let the event go by itself.
        let ended = await failure {
          try await database.transaction { transaction in
            try await outbox.appendAtCommit(SampleEvents.event(1), in: transaction)
            try await transaction.query("COMMIT")
          }
        }
        #expect(ended?.sqlState == "25P01")
        #expect(try await events(database).isEmpty)
      }

      @Test func withoutAnAnswerToCOMMITNothingIsKnown() async throws {
        let database = try await database()
        try await database.query(
          """
          CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$
          """)
        try await database.query(
          """
          CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON business
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION end_session()
          """)
        let lost = await failure {
          try await database.transaction { transaction in
            try await write(1, transaction)
            try await outbox.appendAtCommit(SampleEvents.event(1), in: transaction)
          }
        }
        #expect(lost?.code == .unavailable)
        #expect(try await events(database).isEmpty)
      }

      @Test func theSixtyFifthTakesAllToTheServer() async throws {
        let database = try await database()
        try await database.transaction { transaction in
          for number in 1...64 {
            try await outbox.appendAtCommit(SampleEvents.event(number), in: transaction)
          }
          #expect(try await transaction.query("SELECT 1 FROM outbox").isEmpty)
          try await outbox.appendAtCommit(SampleEvents.event(65), in: transaction)
          #expect(try await transaction.query("SELECT 1 FROM outbox").count == 65)
          try await outbox.appendAtCommit(SampleEvents.event(66), in: transaction)
        }
        #expect(try await events(database) == (1...66).map { "a \($0) \($0)" })
      }

      /// With `append` the second transaction would wait for the first one, which waits for it.
      @Test func anAggregateIsLockedNoEarlierThanCOMMIT() async throws {
        let database = try await database()
        try await database.transaction { transaction in
          try await outbox.appendAtCommit(SampleEvents.event(1), in: transaction)
          let other = try await database.transaction { other in
            try await outbox.append(SampleEvents.event(2), in: other)
          }
          #expect(other.version == 1)
        }
        #expect(try await events(database) == ["a 1 2", "a 2 1"])
      }

      @Test func bothWaysBesideEachOtherLeaveNoGap() async throws {
        let database = try await database()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          for writer in 0..<8 {
            tasks.addTask {
              for round in 0..<20 {
                let number = writer * 100 + round
                try await database.transaction { transaction in
                  try await write(Int64(number), transaction)
                  let event = SampleEvents.event(number, aggregate: "\(round % 3)")
                  if number.isMultiple(of: 2) {
                    try await outbox.appendAtCommit(event, in: transaction)
                  } else {
                    try await outbox.append(event, in: transaction)
                  }
                }
              }
            }
          }
          try await tasks.waitForAll()
        }
        let versions = try await database.query(
          """
          SELECT aggregateid, count(*), max(aggregateversion),
            bool_and(aggregateversion = n) FROM (
            SELECT aggregateid, aggregateversion,
              row_number() OVER (PARTITION BY aggregateid ORDER BY seq) AS n FROM outbox) AS o
          GROUP BY aggregateid ORDER BY aggregateid
          """)
        #expect(versions.map { $0.integer(1) } == [56, 56, 48])
        #expect(versions.allSatisfy { $0.integer(1) == $0.integer(2) && $0.flag(3) == true })
      }
    }
  }
#endif
