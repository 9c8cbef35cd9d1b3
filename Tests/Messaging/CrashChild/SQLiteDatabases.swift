// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageStoreSQLite
import TransactionalMessaging

/// Two files in a folder.
struct SQLiteDatabases: CrashDatabases {
  private let producer: DatabasePool
  private let consumer: DatabasePool
  private let outbox = SQLiteOutbox()

  init(folder: String) throws {
    producer = try DatabasePool(path: folder + "/producer.sqlite")
    consumer = try DatabasePool(path: folder + "/consumer.sqlite")
    try SQLiteMessageTables.install(in: producer, surviving: .processCrash)
    try SQLiteMessageTables.install(in: consumer, surviving: .processCrash)
    try producer.write {
      try $0.execute(
        sql: "CREATE TABLE IF NOT EXISTS business (aggregate TEXT NOT NULL, id TEXT NOT NULL)")
    }
    try consumer.write {
      try $0.execute(
        sql: "CREATE TABLE IF NOT EXISTS effect (aggregate TEXT NOT NULL, id TEXT NOT NULL)")
    }
  }

  var relayStore: any RelayStore { SQLiteRelayStore(producer) }
  var signal: WakeSignal { outbox.signal }

  func append(_ events: [OutboxEvent], beforeCommit: @escaping @Sendable () throws -> Void)
    async throws
  {
    let outbox = outbox
    try await producer.write { db in
      for event in events {
        try db.execute(
          sql: "INSERT INTO business (aggregate, id) VALUES (?, ?)",
          arguments: [event.aggregateID, event.id])
        try outbox.append(event, in: db)
      }
      try beforeCommit()
    }
  }

  func inbox(
    _ policy: InboxPolicy, beforeCommit: @escaping @Sendable (ReceivedEvent) -> Void,
    applied: @escaping @Sendable () -> Void
  ) -> any EventInbox {
    SQLiteInbox(consumer: "effects", policy: policy).bound(to: consumer) { event, db in
      try db.execute(
        sql: "INSERT INTO effect (aggregate, id) VALUES (?, ?)",
        arguments: [event.event.aggregateID, event.event.id])
      beforeCommit(event)
      CrashChild.tell("effect")
      db.afterNextTransaction { _ in applied() }
    }
  }

  func counts() async throws -> (events: Int64, effects: Int64, dead: Int64) {
    let events = try await producer.read {
      try Int64.fetchOne($0, sql: "SELECT COUNT(*) FROM outbox")
    }
    return try await consumer.read { db in
      func count(_ sql: String) throws -> Int64 { try Int64.fetchOne(db, sql: sql) ?? 0 }
      return (
        events ?? 0, try count("SELECT COUNT(*) FROM effect"),
        try count("SELECT COUNT(*) FROM inbox_parked WHERE state = 'dead'")
      )
    }
  }
}
