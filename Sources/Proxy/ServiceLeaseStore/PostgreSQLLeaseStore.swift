// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import PostgreSQLClient
  package import ServiceLeases

  /// Leases in PostgreSQL, which several proxies share.
  ///
  /// Ages are by the database's clock, so that the clocks of the proxies' machines do not matter. A
  /// lease that has ended stays for whoever still has to make up for a silence; the proxies remove
  /// it when that is over. That an instance came or left is notified in the transaction that says
  /// so; a renewal is not.
  package struct PostgreSQLLeaseStore: LeaseStore {
    package let news: AsyncStream<Void>
    private let told: AsyncStream<Void>.Continuation
    private let database: PostgreSQLReconnection

    /// Tables are made where there are none. Nothing is connected to before the first use.
    package init(url: String) throws {
      let address = try PostgreSQLAddress(url)
      let (news, told) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
      (self.news, self.told) = (news, told)
      database = PostgreSQLReconnection(address) { news in
        if case .cutOff = news { return }
        told.yield()
      } prepare: { connection in
        // A statement that nobody waits for any more must not take effect much later.
        try await connection.query(
          "SELECT set_config('statement_timeout', $1, false)",
          [.text("\(PostgreSQLReconnection.answering.components.seconds * 1_000)")],
          within: PostgreSQLReconnection.answering)
        try await connection.transaction(
          LeaseSchema.statements, within: PostgreSQLReconnection.answering)
        try await connection.query(
          "LISTEN \(LeaseSchema.channel)", within: PostgreSQLReconnection.answering)
      }
    }

    package func renew(
      _ name: InstanceName, at address: InstanceAddress, term: Int
    ) async throws {
      let key: [PostgreSQLValue] = [.text(name.service), .text(name.instance)]
      let lease: [PostgreSQLValue] = [.text(address.description), .integer(Int64(term))]
      let bounds: [PostgreSQLValue] = [
        .integer(Int64(LeaseTable.instancesOfService)), .integer(Int64(LeaseTable.instances)),
      ]
      let rows = try await database.current().transaction(
        [
          PostgreSQLStatement(
            """
            SELECT pg_notify('\(LeaseSchema.channel)', '') WHERE NOT EXISTS (
              SELECT FROM strangler_instance
              WHERE service = $1 AND instance = $2 AND address = $3 AND \(LeaseSchema.lives))
            """, key + lease.prefix(1)),
          PostgreSQLStatement(
            """
            WITH others AS (
              SELECT count(*) FILTER (WHERE service = $1) AS own, count(*) AS total
              FROM strangler_instance
              WHERE (service, instance) <> ($1, $2) AND \(LeaseSchema.lives)
            )
            INSERT INTO strangler_instance (service, instance, address, term, renewed)
            SELECT $1::text, $2::text, $3::text, $4::int, clock_timestamp() FROM others
            WHERE own < $5::bigint AND total < $6::bigint
            ON CONFLICT (service, instance) DO UPDATE
              SET address = EXCLUDED.address, term = EXCLUDED.term, renewed = EXCLUDED.renewed
            RETURNING 1
            """, key + lease + bounds),
          PostgreSQLStatement(
            """
            SELECT count(*) FROM strangler_instance
            WHERE service = $1 AND instance <> $2 AND \(LeaseSchema.lives)
            """, key),
        ], within: PostgreSQLReconnection.answering)
      if !rows[1].isEmpty { return }
      let own = rows[2].first?.integer(0) ?? 0
      throw own >= LeaseTable.instancesOfService
        ? LeaseTable.Refusal.serviceIsFull : LeaseTable.Refusal.isFull
    }

    package func remove(
      _ name: InstanceName, renewedBefore age: UInt64
    ) async throws -> Bool {
      let gone = try await database.current().query(
        """
        WITH gone AS (
          DELETE FROM strangler_instance
          WHERE service = $1 AND instance = $2
            AND renewed <= clock_timestamp() - make_interval(secs => $3::bigint / 1000.0)
          RETURNING 1
        )
        SELECT pg_notify('\(LeaseSchema.channel)', '') FROM gone
        """,
        [.text(name.service), .text(name.instance), .integer(Int64(clamping: age))],
        within: PostgreSQLReconnection.answering)
      return !gone.isEmpty
    }

    package func leases() async throws -> [StoredLease] {
      let rows = try await database.current().query(
        """
        SELECT service, instance, address, term,
          greatest(0, extract(epoch FROM clock_timestamp() - renewed) * 1000)::bigint
        FROM strangler_instance
        """, within: PostgreSQLReconnection.answering)
      return rows.compactMap { row in
        // One that another version wrote in another form is left out.
        guard let service = row.text(0), let instance = row.text(1),
          let name = InstanceName(service: service, instance: instance),
          let address = row.text(2).flatMap({ InstanceAddress($0) }),
          let term = row.integer(3), LeaseTable.terms.contains(Int(clamping: term)),
          let age = row.integer(4)
        else { return nil }
        return StoredLease(name, at: address, term: Int(term), age: UInt64(clamping: age))
      }
    }

    package func close() async {
      await database.close()
      told.finish()
    }
  }

  /// The table, in the order in which it came to be. A step that was released is never changed.
  /// Names are looked up by the connection's `search_path`, so that a database can hold several
  /// registries, each in a schema of its own.
  private enum LeaseSchema {
    /// Channel on which it is told that an instance came or left.
    static let channel = "strangler_registry"
    /// Whoever makes tables holds this lock, so that proxies that start together do not collide.
    private static let lock: Int64 = 0x5354_5247
    static let lives = "renewed + make_interval(secs => term) > clock_timestamp()"

    private static let steps = [
      """
      CREATE TABLE strangler_instance (
        service text NOT NULL,
        instance text NOT NULL,
        address text NOT NULL,
        term int NOT NULL,
        renewed timestamptz NOT NULL,
        PRIMARY KEY (service, instance)
      );
      """
    ]

    /// Makes what is missing, in one transaction.
    static var statements: [PostgreSQLStatement] {
      [
        PostgreSQLStatement("SELECT pg_advisory_xact_lock($1)", [.integer(lock)]),
        PostgreSQLStatement(
          "CREATE TABLE IF NOT EXISTS strangler_registry_migration (step bigint PRIMARY KEY)"),
      ]
        + steps.enumerated().map { index, step in
          PostgreSQLStatement(
            """
            DO $migration$ BEGIN
              IF NOT EXISTS (
                SELECT FROM strangler_registry_migration WHERE step = \(index + 1)
              ) THEN
                \(step)
                INSERT INTO strangler_registry_migration VALUES (\(index + 1));
              END IF;
            END $migration$
            """)
        }
    }
  }
#endif
