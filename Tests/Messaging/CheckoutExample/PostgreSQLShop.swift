// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  package import MessageStorePostgreSQL
  package import SagaModel
  package import TransactionalMessaging

  /// The shop on PostgreSQL.
  package struct PostgreSQLShop: ShopDatabase {
    package let sagas: PostgreSQLSagaStore
    package let database: PostgreSQLDatabase
    package let relayStore: any RelayStore
    private let outbox = PostgreSQLOutbox()

    package init(_ address: String) async throws {
      database = try PostgreSQLDatabase(address)
      relayStore = try PostgreSQLRelayStore(address)
      sagas = PostgreSQLSagaStore(database, outbox: outbox)
      try await PostgreSQLMessageTables.install(in: database)
      try await database.query(
        """
        CREATE TABLE IF NOT EXISTS effect (
          n bigint GENERATED ALWAYS AS IDENTITY, saga text NOT NULL, what text NOT NULL)
        """)
    }

    package var outboxSignal: WakeSignal { outbox.signal }

    package var answers: any EventInbox {
      PostgreSQLInbox(consumer: "checkout", policy: InboxPolicy(crashes: .max))
        .bound(to: database) { try await sagas.accept($0, in: $1) }
    }

    package func checkout(
      _ payments: PaymentLedger, _ times: CheckoutTimes
    ) throws -> Saga<Checkout, PostgreSQLSagaStore> {
      try checkoutSaga(
        create: .write { _, call, transaction in
          try await Self.note(call, transaction)
          try Self.checkCreating(call)
        },
        cancel: .write { _, call, transaction in try await Self.note(call, transaction) },
        payments: payments, times: times)
    }

    private static func note(_ call: SagaCall, _ transaction: PostgreSQLTransaction) async throws {
      try await transaction.query(
        "INSERT INTO effect (saga, what) VALUES ($1, $2)",
        [.text(call.sagaID), .text(call.direction.rawValue)])
    }

    package func begin(_ records: [SagaRecord]) async throws {
      try await database.transaction { transaction in
        for record in records { try await sagas.begin(record, in: transaction) }
      }
    }

    package func rows(_ sql: String) async throws -> [[String]] {
      try await database.query(sql).map { row in (0..<row.count).map { row.text($0) ?? "NULL" } }
    }
  }
#endif
