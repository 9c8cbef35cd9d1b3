// SPDX-License-Identifier: Apache-2.0

// snippet.show
import Foundation
import GRDB
import MessageStoreSQLite
import TransactionalMessaging

/// The orders of a shop, each stored together with the event that tells others of it.
struct OrderStore: Sendable {
  let database: DatabasePool
  let outbox = SQLiteOutbox()

  init(path: String) throws {
    database = try DatabasePool(path: path)
    try SQLiteMessageTables.install(in: database)
    try database.write { db in
      try db.execute(
        sql: "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, cents INTEGER NOT NULL)")
    }
  }

  /// Order and event are committed, or neither is.
  func place(_ id: String, cents: Int) async throws {
    let placed = OutboxEvent(
      id: UUID().uuidString.lowercased(), aggregateType: "order", aggregateID: id,
      type: "order-placed", occurredAt: Int64(Date().timeIntervalSince1970 * 1_000),
      payload: Array(#"{"cents": \#(cents)}"#.utf8))
    try await database.write { [outbox] db in
      try db.execute(
        sql: "INSERT INTO orders (id, cents) VALUES (?, ?)", arguments: [id, cents])
      try outbox.append(placed, in: db)
    }
  }
}

/// The shipments of those orders, in a database of their own. An event that comes twice makes one.
struct ShipmentStore: Sendable {
  let database: DatabasePool
  /// For whoever takes the events, such as a `Consumer`.
  let inbox: any EventInbox

  init(path: String) throws {
    database = try DatabasePool(path: path)
    try SQLiteMessageTables.install(in: database)
    try database.write { db in
      try db.execute(sql: "CREATE TABLE IF NOT EXISTS shipments (order_id TEXT NOT NULL)")
    }
    inbox = SQLiteInbox(consumer: "shipping").bound(to: database) { received, db in
      try db.execute(
        sql: "INSERT INTO shipments (order_id) VALUES (?)",
        arguments: [received.event.aggregateID])
    }
  }
}
// snippet.hide
