// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageStorePostgreSQL
  import MessagingConformance
  import Synchronization
  import Testing
  import TransactionalMessaging

  extension PostgreSQLStoreTests {
    @Suite struct InboxTests {
      private struct Broken: Error {}

      private let inbox = PostgreSQLInbox(consumer: "c")

      private func installed() async throws -> PostgreSQLDatabase {
        let database = try PostgreSQLDatabase(await DatabaseTrait.address())
        try await PostgreSQLMessageTables.install(in: database)
        return database
      }

      private func database() async throws -> PostgreSQLDatabase {
        let database = try await installed()
        try await database.query(
          "CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, id text NOT NULL)")
        return database
      }

      private static func effects(_ database: PostgreSQLDatabase) async throws -> [String] {
        try await database.query("SELECT id FROM effect ORDER BY n").compactMap { $0.text(0) }
      }

      /// The inbox of consumer `c`, with its effects in a table of this database.
      static func subject(in database: PostgreSQLDatabase) async throws -> InboxUnderTest {
        let inbox = PostgreSQLInbox(consumer: "c")
        try await database.query(
          "CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, id text NOT NULL)")
        return InboxUnderTest(
          bound: { policy, failing in
            PostgreSQLInbox(consumer: "c", policy: policy).bound(to: database) { event, tx in
              try await tx.query("INSERT INTO effect (id) VALUES ($1)", [.text(event.event.id)])
              if failing(event) { throw Broken() }
            }
          },
          effects: { try await effects(database) },
          parked: { try await database.transaction { try await inbox.parked(in: $0) } },
          replay: { key in
            try await database.transaction { try await inbox.replay(key, in: $0) }
          },
          skip: { key in try await database.transaction { try await inbox.skip(key, in: $0) } },
          prune: { time in
            try await database.transaction { try await inbox.prune(seenBefore: time, in: $0) }
          })
      }

      @Test(arguments: InboxConformance.allCases)
      func conforms(_ conformance: InboxConformance) async throws {
        try await conformance.check(try await Self.subject(in: try await installed()))
      }

      @Test func aRefusedStatementIsTheEventsFaultAndAConflictIsNot() async throws {
        let database = try await database()
        let event = ReceivedEvent(version: 1, event: SampleEvents.event(1))
        let refused = try await inbox.handle(event, now: 0, in: database) {
          try await $0.query("INSERT INTO effect (id) VALUES (NULL)")
        }
        guard case .failed(let reason, _) = refused else {
          Issue.record("a refused statement is a failure: \(refused)")
          return
        }
        #expect(reason.contains("not-null"))
        let other = ReceivedEvent(version: 1, event: SampleEvents.event(2, aggregate: "b"))
        let conflict = await #expect(throws: MessageStoreError.self) {
          try await inbox.handle(other, now: 0, in: database) {
            try await $0.query("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")
          }
        }
        #expect(conflict?.sqlState == "40001")
        let parked = try await database.transaction { try await inbox.parked(in: $0) }
        #expect(parked.map(\.received) == [event])
      }

      /// Such an event would otherwise come again for ever, and hold up what is parked behind it.
      @Test(arguments: ["SELECT pg_sleep(60)", "idle"])
      func effectsThatTakeTooLongCountAsAttempts(_ sql: String) async throws {
        let address = try await DatabaseTrait.address()
        let world = try PostgreSQLDatabase(address)
        try await PostgreSQLMessageTables.install(in: world)
        var configuration = PostgreSQLDatabase.Configuration()
        configuration.name = "slow \(sql.count) \(UInt32.random(in: .min ... .max))"
        configuration.answering = .milliseconds(sql == "idle" ? 60_000 : 250)
        configuration.idling = .milliseconds(sql == "idle" ? 250 : 60_000)
        let database = try PostgreSQLDatabase(address, configuration: configuration)
        let name = configuration.name
        let inbox = PostgreSQLInbox(
          consumer: "c", policy: InboxPolicy(attempts: 2, retry: Backoff(first: 1, most: 1)))
        let bound = inbox.bound(to: database) { _, transaction in
          guard sql == "idle" else {
            try await transaction.query(sql)
            return
          }
          // The server ends a transaction that nobody goes on with.
          while try await !world.query(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = $1", [.text(name)]
          ).isEmpty {}
          try await transaction.query("SELECT 1")
        }
        let event = ReceivedEvent(version: 1, event: SampleEvents.event(1))
        guard case .failed = try await bound.receive(event, now: 0) else {
          Issue.record("the first attempt must count")
          return
        }
        #expect(try await bound.retryParked(now: 9, limit: 1).tried == 1)
        let parked = try await database.transaction { try await inbox.parked(in: $0) }
        #expect(parked.map(\.state) == [.dead] && parked.map(\.attempts) == [2])
      }

      @Test func aConflictHoldsUpNothingElse() async throws {
        let database = try await database()
        let failing = inbox.bound(to: database) { _, _ in throw Broken() }
        for (number, aggregate) in [(1, "a"), (2, "b")] {
          _ = try await failing.receive(
            ReceivedEvent(version: 1, event: SampleEvents.event(number, aggregate: aggregate)),
            now: 0)
        }
        let bound = inbox.bound(to: database) { event, transaction in
          if event.event.aggregateID == "a" {
            try await transaction.query("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")
          }
          try await transaction.query(
            "INSERT INTO effect (id) VALUES ($1)", [.text(event.event.id)])
        }
        let error = await #expect(throws: MessageStoreError.self) {
          try await bound.retryParked(now: 100_000, limit: 10)
        }
        #expect(error?.sqlState == "40001")
        #expect(try await Self.effects(database) == [SampleEvents.id(2)])
        let parked = try await database.transaction { try await inbox.parked(in: $0) }
        #expect(parked.map(\.received.event.aggregateID) == ["a"])
        #expect(parked.map(\.attempts) == [1])
      }

      @Test func idsAreForgottenFewAtATime() async throws {
        let database = try await database()
        for number in 1...3 {
          let event = ReceivedEvent(version: Int64(number), event: SampleEvents.event(number))
          _ = try await inbox.handle(event, now: 5, in: database) { _ in }
        }
        var counts: [Int] = []
        for _ in 0..<3 {
          counts.append(
            try await database.transaction {
              try await inbox.prune(seenBefore: 6, limit: 2, in: $0)
            })
        }
        #expect(counts == [2, 1, 0])
      }

      /// Two consumers find an event due at the same time: its attempts are not used up at once.
      @Test func anEventThatFailedMeanwhileIsNotTriedAgain() async throws {
        let database = try await database()
        let (isAtIt, mayFail) = (WakeSignal(), WakeSignal())
        let tries = Mutex(0)
        let bound = inbox.bound(to: database) { _, _ in
          let number = tries.withLock { tries in
            tries += 1
            return tries
          }
          if number == 2 {
            isAtIt.raise()
            await mayFail.wait(after: 0)
          }
          throw Broken()
        }
        _ = try await bound.receive(
          ReceivedEvent(version: 1, event: SampleEvents.event(1)), now: 0)
        async let first = bound.retryParked(now: 100_000, limit: 10)
        await isAtIt.wait(after: 0)
        async let second = bound.retryParked(now: 100_000, limit: 10)
        let waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while try await database.query(waits).isEmpty { await Task.yield() }
        mayFail.raise()
        _ = try await (first, second)
        #expect(tries.withLock { $0 } == 2)
        let parked = try await database.transaction { try await inbox.parked(in: $0) }
        #expect(parked.map(\.attempts) == [2] && parked.map(\.state) == [.retrying])
      }

      @Test func aCancelledDeliveryLeavesNothing() async throws {
        let database = try await database()
        let event = ReceivedEvent(version: 1, event: SampleEvents.event(1))
        let started = WakeSignal()
        let delivery = Task {
          try await inbox.handle(event, now: 0, in: database) { transaction in
            try await transaction.query("INSERT INTO effect (id) VALUES ('half')")
            started.raise()
            await WakeSignal().wait(after: 0)
          }
        }
        await started.wait(after: 0)
        delivery.cancel()
        await #expect(throws: CancellationError.self) { try await delivery.value }
        #expect(try await Self.effects(database).isEmpty)
        let outcome = try await inbox.handle(event, now: 0, in: database) { _ in }
        #expect(outcome == .applied(unblocks: false))
      }
    }
  }
#endif
