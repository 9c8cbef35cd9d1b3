// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageStorePostgreSQL
  import TransactionalMessaging

  /// Both sides in one database, with a pool each, so that writers and consumer are many
  /// connections.
  struct PostgreSQLDatabases: CrashDatabases {
    private let producer: PostgreSQLDatabase
    private let consumer: PostgreSQLDatabase
    private let store: PostgreSQLRelayStore
    private let outbox = PostgreSQLOutbox()

    init(_ address: String) async throws {
      producer = try PostgreSQLDatabase(address)
      consumer = try PostgreSQLDatabase(address)
      store = try PostgreSQLRelayStore(address)
      try await PostgreSQLMessageTables.install(in: producer)
      for table in ["business", "effect"] {
        try await producer.query(
          """
          CREATE TABLE IF NOT EXISTS \(table) (
            n bigint GENERATED ALWAYS AS IDENTITY, aggregate text NOT NULL, id text NOT NULL)
          """)
      }
    }

    var relayStore: any RelayStore { store }
    var signal: WakeSignal { outbox.signal }

    func append(
      _ events: [OutboxEvent], beforeCommit: @escaping @Sendable () throws -> Void
    ) async throws {
      try await producer.transaction { transaction in
        for event in events {
          try await transaction.query(
            "INSERT INTO business (aggregate, id) VALUES ($1, $2)",
            [.text(event.aggregateID), .text(event.id)])
          try await outbox.append(event, in: transaction)
        }
        try beforeCommit()
      }
    }

    func inbox(
      _ policy: InboxPolicy, beforeCommit: @escaping @Sendable (ReceivedEvent) -> Void,
      applied: @escaping @Sendable () -> Void
    ) -> any EventInbox {
      PostgreSQLInbox(consumer: "effects", policy: policy).bound(to: consumer) {
        event, transaction in
        try await transaction.query(
          "INSERT INTO effect (aggregate, id) VALUES ($1, $2)",
          [.text(event.event.aggregateID), .text(event.event.id)])
        beforeCommit(event)
        CrashChild.tell("effect")
        transaction.afterCommit(applied)
      }
    }

    func counts() async throws -> (events: Int64, effects: Int64, dead: Int64) {
      let row = try await producer.query(
        """
        SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM effect),
          (SELECT count(*) FROM inbox_parked WHERE state = 'dead')
        """
      ).first
      func count(_ column: Int) -> Int64 { row?.integer(column) ?? 0 }
      return (count(0), count(1), count(2))
    }
  }
#endif
