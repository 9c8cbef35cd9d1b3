// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  // snippet.show
  import Foundation
  import MessageStorePostgreSQL
  import TransactionalMessaging

  /// The purchases of a shop, each stored together with the event that tells others of it.
  struct PurchaseStore: Sendable {
    let database: PostgreSQLDatabase
    let outbox = PostgreSQLOutbox()

    /// - Parameter address: such as `postgresql://shop@db.internal/shop`.
    init(address: String) async throws {
      database = try PostgreSQLDatabase(address)
      try await PostgreSQLMessageTables.install(in: database)
      try await database.query(
        "CREATE TABLE IF NOT EXISTS purchases (id text PRIMARY KEY, cents bigint NOT NULL)")
    }

    /// Purchase and event are committed, or neither is.
    func place(_ id: String, cents: Int64) async throws {
      let placed = OutboxEvent(
        id: UUID().uuidString.lowercased(), aggregateType: "order", aggregateID: id,
        type: "order-placed", occurredAt: Int64(Date().timeIntervalSince1970 * 1_000),
        payload: Array(#"{"cents": \#(cents)}"#.utf8))
      try await database.transaction { transaction in
        try await transaction.query(
          "INSERT INTO purchases (id, cents) VALUES ($1, $2)", [.text(id), .integer(cents)])
        try await outbox.append(placed, in: transaction)
      }
    }
  }
// snippet.hide
#endif
