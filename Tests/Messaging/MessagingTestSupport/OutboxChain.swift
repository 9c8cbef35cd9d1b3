// SPDX-License-Identifier: Apache-2.0

import GRDB
package import Logging
import MessageRelay
import MessageStoreSQLite
import MessagingConformance
package import TransactionalMessaging

/// Events from an outbox, over a broker's group `one`, to the effects of a consumer.
package struct OutboxChain {
  private static let count = 240
  private static let aggregates = ["a", "b", "c", "d", "e"]

  private let producer: DatabaseQueue
  private let consumer: DatabaseQueue

  package init() throws {
    producer = try Self.database()
    consumer = try Self.database()
  }

  private static func database() throws -> DatabaseQueue {
    let database = try DatabaseQueue()
    try SQLiteMessageTables.install(in: database)
    try database.write {
      try $0.execute(sql: "CREATE TABLE effect (aggregate TEXT NOT NULL, id TEXT NOT NULL)")
    }
    return database
  }

  /// Lets everything go through while the broker's server goes and comes back.
  ///
  /// - Parameter reason: what the relay says meanwhile, in part.
  /// - Returns: how many messages counted as rejected.
  package func run(
    over broker: any MessageBroker, logger: Logger, outage begins: () async throws -> Void,
    saying reason: String = "", ends: () async throws -> Void
  ) async throws -> Int {
    let inbox = SQLiteInbox(consumer: "one").bound(to: consumer) { event, db in
      try db.execute(
        sql: "INSERT INTO effect (aggregate, id) VALUES (?, ?)",
        arguments: [event.event.aggregateID, event.event.id])
    }
    let relay = Relay(store: SQLiteRelayStore(producer), broker: broker, logger: logger)
    let group = Consumer(broker: broker, inbox: inbox, logger: logger)
    try await append(1...Self.count / 2)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await relay.run() }
      tasks.addTask { try await group.run() }
      try await waitForEffects(20)
      try await begins()
      try await append(Self.count / 2 + 1...Self.count)
      // Publications are given up meanwhile, and made again.
      while relay.status.outage.map({ !$0.contains(reason) }) ?? true {
        try Task.checkCancellation()
        await Task.yield()
      }
      try await ends()
      try await waitForEffects(Self.count)
      tasks.cancelAll()
    }
    return relay.status.rejected
  }

  private func append(_ numbers: ClosedRange<Int>) async throws {
    let outbox = SQLiteOutbox()
    try await producer.write { db in
      for number in numbers {
        let aggregate = Self.aggregates[number % Self.aggregates.count]
        try outbox.append(SampleEvents.event(number, aggregate: aggregate), in: db)
      }
    }
  }

  private func waitForEffects(_ count: Int) async throws {
    func found() async throws -> Int {
      try await consumer.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM effect") ?? 0 }
    }
    while try await found() < count { await Task.yield() }
  }

  /// Ids of the events that took effect, in order, by aggregate.
  package func effects() async throws -> [String: [String]] {
    let effects = try await consumer.read { db in
      try Row.fetchAll(db, sql: "SELECT aggregate, id FROM effect ORDER BY rowid")
        .map { row -> (String, String) in (row["aggregate"], row["id"]) }
    }
    return Dictionary(grouping: effects, by: \.0).mapValues { $0.map(\.1) }
  }

  /// What `effects` has to be.
  package var expected: [String: [String]] {
    Dictionary(grouping: 1...Self.count) { Self.aggregates[$0 % Self.aggregates.count] }
      .mapValues { $0.map(SampleEvents.id) }
  }
}
