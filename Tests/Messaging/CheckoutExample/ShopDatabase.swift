// SPDX-License-Identifier: Apache-2.0

package import GRDB
package import MessageStoreSQLite
package import SagaModel
package import TransactionalMessaging

/// The database of the shop itself, where its sagas are: SQLite or PostgreSQL.
package protocol ShopDatabase: Sendable {
  associatedtype Store: SagaStore

  var sagas: Store { get }
  var outboxSignal: WakeSignal { get }
  var relayStore: any RelayStore { get }
  /// Takes answers of services in.
  var answers: any EventInbox { get }

  func checkout(_ payments: PaymentLedger, _ times: CheckoutTimes) throws -> Saga<Checkout, Store>

  /// Begins sagas in one transaction.
  func begin(_ sagas: [SagaRecord]) async throws

  /// Rows as texts.
  func rows(_ sql: String) async throws -> [[String]]
}

extension ShopDatabase {
  /// An attempt to write an order that fails.
  static func checkCreating(_ call: SagaCall) throws {
    switch Fault.of(call.sagaID, call.step) {
    case .refuses: throw SagaRefusal("the shop is closed")
    case .fails where call.attempt == 1: throw ShopIsBusy()
    case .none, .fails, .failsAfterwards, .silent, .late, .twice: break
    }
  }
}

/// A failure that goes by.
struct ShopIsBusy: Error {}

/// The shop on SQLite.
package struct SQLiteShop: ShopDatabase {
  package let sagas: SQLiteSagaStore
  package let database: DatabasePool
  private let outbox = SQLiteOutbox()

  package init(path: String) throws {
    database = try DatabasePool(path: path)
    sagas = SQLiteSagaStore(database, outbox: outbox)
    try SQLiteMessageTables.install(in: database, surviving: .processCrash)
    try database.write { db in
      try db.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS effect (
            n INTEGER PRIMARY KEY, saga TEXT NOT NULL, what TEXT NOT NULL) STRICT
          """)
    }
  }

  package var outboxSignal: WakeSignal { outbox.signal }
  package var relayStore: any RelayStore { SQLiteRelayStore(database) }

  package var answers: any EventInbox {
    SQLiteInbox(consumer: "checkout", policy: InboxPolicy(crashes: .max)).bound(to: database) {
      try sagas.accept($0, in: $1)
    }
  }

  package func checkout(
    _ payments: PaymentLedger, _ times: CheckoutTimes
  ) throws -> Saga<Checkout, SQLiteSagaStore> {
    try checkoutSaga(
      create: .write { _, call, db in
        try Self.note(call, db)
        try Self.checkCreating(call)
      }, cancel: .write { _, call, db in try Self.note(call, db) }, payments: payments,
      times: times)
  }

  private static func note(_ call: SagaCall, _ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO effect (saga, what) VALUES (?, ?)",
      arguments: [call.sagaID, call.direction.rawValue])
  }

  package func begin(_ records: [SagaRecord]) async throws {
    try await database.write { db in
      for record in records { try sagas.begin(record, in: db) }
    }
  }

  package func rows(_ sql: String) async throws -> [[String]] {
    try await database.read { db in
      try Row.fetchAll(db, sql: sql).map { row in
        row.databaseValues.map { String.fromDatabaseValue($0) ?? "\($0)" }
      }
    }
  }
}
