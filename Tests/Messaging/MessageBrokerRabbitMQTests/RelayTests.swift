// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  import GRDB
  import MessageBrokerRabbitMQ
  import MessageRelay
  import MessageStoreSQLite
  import MessagingConformance
  import ServerPrograms
  import Testing
  import TransactionalMessaging

  extension RabbitMQServerTests {
    /// From an outbox to the effects of a consumer, over RabbitMQ.
    @Suite struct RelayTests {
      private static let count = 240
      private let aggregates = ["a", "b", "c", "d", "e"]

      private func database() throws -> DatabaseQueue {
        let database = try DatabaseQueue()
        try SQLiteMessageTables.install(in: database)
        try database.write {
          try $0.execute(sql: "CREATE TABLE effect (aggregate TEXT NOT NULL, id TEXT NOT NULL)")
        }
        return database
      }

      private func append(_ numbers: ClosedRange<Int>, to database: DatabaseQueue) async throws {
        let outbox = SQLiteOutbox()
        try await database.write { [aggregates] db in
          for number in numbers {
            let aggregate = aggregates[number % aggregates.count]
            try outbox.append(SampleEvents.event(number, aggregate: aggregate), in: db)
          }
        }
      }

      @Test func everyEventTakesEffectOnceAndInOrderWhileTheServerStandsStill() async throws {
        let (producer, consumer) = (try database(), try database())
        let world = try BrokerWorld { $0.server.answering = 300 }
        defer { world.broker.close() }
        let server = try #require(ServerTrait.server)
        let inbox = SQLiteInbox(consumer: "one").bound(to: consumer) { event, db in
          try db.execute(
            sql: "INSERT INTO effect (aggregate, id) VALUES (?, ?)",
            arguments: [event.event.aggregateID, event.event.id])
        }
        let relay = Relay(
          store: SQLiteRelayStore(producer), broker: world.broker, logger: BrokerWorld.logger)
        let group = Consumer(broker: world.broker, inbox: inbox, logger: BrokerWorld.logger)
        try await append(1...Self.count / 2, to: producer)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          tasks.addTask { try await relay.run() }
          tasks.addTask { try await group.run() }
          try await waitForEffects(20, in: consumer)
          server.freeze()
          try await append(Self.count / 2 + 1...Self.count, to: producer)
          // Publications are given up meanwhile, and made again.
          while relay.status.outage == nil { await Task.yield() }
          server.thaw()
          try await waitForEffects(Self.count, in: consumer)
          tasks.cancelAll()
        }
        let effects = try await consumer.read { db in
          try Row.fetchAll(db, sql: "SELECT aggregate, id FROM effect ORDER BY rowid")
            .map { row -> (String, String) in (row["aggregate"], row["id"]) }
        }
        let got = Dictionary(grouping: effects, by: \.0).mapValues { $0.map(\.1) }
        let expected = Dictionary(grouping: 1...Self.count) { aggregates[$0 % aggregates.count] }
        #expect(got == expected.mapValues { $0.map(SampleEvents.id) })
        #expect(relay.status.rejected == 0)
      }

      private func waitForEffects(_ count: Int, in database: DatabaseQueue) async throws {
        func found() async throws -> Int {
          try await database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM effect") ?? 0 }
        }
        while try await found() < count { await Task.yield() }
      }
    }
  }
#endif
