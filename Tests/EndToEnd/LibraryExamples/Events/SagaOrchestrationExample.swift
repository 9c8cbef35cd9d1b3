// SPDX-License-Identifier: Apache-2.0

// snippet.show
import Foundation
import GRDB
import Logging
import MessageStoreSQLite
import SagaModel
import SagaOrchestration

/// What a checkout has to remember from step to step.
struct Cart: Codable, Sendable {
  var order: String
  var cents: Int
  var receipt: String?
}

/// Another service: it takes money once for each key, and throws `SagaRefusal` where it will not.
protocol Payments: Sendable {
  func take(_ cents: Int, key: String) async throws -> String
}

/// Orders that are stored, paid and confirmed; where the payment is refused they are gone again.
struct Checkout: Sendable {
  let database: DatabasePool
  let sagas: SQLiteSagaStore
  let saga: Saga<Cart, SQLiteSagaStore>

  init(path: String, payments: any Payments) throws {
    database = try DatabasePool(path: path)
    sagas = SQLiteSagaStore(database)
    saga = try Saga("checkout", version: 1, within: .seconds(600)) {
      Step(
        "create-order",
        .write { cart, _, db in
          try db.execute(
            sql: "INSERT INTO orders (id, state) VALUES (?, 'open')", arguments: [cart.order])
        },
        compensation: .write { cart, _, db in
          try db.execute(sql: "DELETE FROM orders WHERE id = ?", arguments: [cart.order])
        })
      Pivot(
        "take-payment",
        .call { cart, call in
          cart.receipt = try await payments.take(cart.cents, key: call.key)
        })
      Retriable(
        "confirm",
        .write { cart, _, db in
          try db.execute(
            sql: "UPDATE orders SET state = 'paid' WHERE id = ?", arguments: [cart.order])
        })
    }
    try SQLiteMessageTables.install(in: database)
    try database.write { db in
      try db.execute(
        sql: "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, state TEXT NOT NULL)")
    }
  }

  /// Once this is committed the saga comes to its end, whatever ends the process meanwhile.
  func begin(_ cart: Cart) async throws {
    let now = Int64(Date().timeIntervalSince1970 * 1_000)
    let record = try saga.begin(cart.order, cart, now: now)
    try await database.write { [sagas] db in
      _ = try sagas.begin(record, in: db)
    }
  }

  /// A service for the process's group: it takes up what a former process left.
  func orchestrator(logger: Logger) -> SagaOrchestrator<SQLiteSagaStore> {
    SagaOrchestrator(name: "shop-1", store: sagas, sagas: [saga], logger: logger)
  }
}
// snippet.hide
