// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import TransactionalMessaging

  /// Which database the tables were made in, and which one this is.
  ///
  /// Snapshots and transaction numbers mean something in one database only. A dump that was
  /// restored elsewhere brings those of the old one along: a relay that went on would lose events,
  /// and one on a copy would send to the broker what the original sends as well.
  struct DatabaseIdentity {
    /// Type of the outbox's column `payload`.
    let payload: PostgreSQLOutboxLayout.Payload

    /// - Throws: `MessageStoreError` with the code `otherDatabase`, `missingTables` or
    ///   `newerSchema`.
    static func check(_ session: PostgreSQLTransaction) async throws -> DatabaseIdentity {
      let row = try await session.query(
        """
        SELECT (SELECT COALESCE(max(version), 0) FROM messaging_schema),
          d.system_identifier = here.system_identifier AND d.database_oid = here.database_oid,
          (SELECT atttypid::regtype::text FROM pg_attribute
            WHERE attrelid = 'outbox'::regclass AND attname = 'payload')
        FROM messaging_database d, (SELECT \(PostgreSQLMessagingSchema.identity)) AS here
        """
      ).first
      guard let row else {
        throw MessageStoreError(
          .corruptRow, "table messaging_database is empty; \"strangler outbox reseat\" fills it")
      }
      let version = try row.required("version", row.integer(0))
      try PostgreSQLMessageTables.check(version: version)
      guard version == PostgreSQLMessagingSchema.newest else {
        throw MessageStoreError(
          .missingTables,
          """
          the message tables have version \(version), this build needs \
          \(PostgreSQLMessagingSchema.newest); "strangler outbox init" brings them up to date
          """)
      }
      guard row.flag(1) == true else {
        throw MessageStoreError(
          .otherDatabase,
          """
          the message tables were made in another database and came here by a dump or a copy: a \
          relay that goes on could lose events, or send to a broker what the original sends too. \
          Check that the broker and its consumers are the right ones, then run "strangler outbox \
          reseat"
          """)
      }
      return DatabaseIdentity(payload: row.text(2) == "jsonb" ? .json : .bytes)
    }
  }
#endif
