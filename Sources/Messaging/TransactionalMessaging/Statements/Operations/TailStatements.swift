// SPDX-License-Identifier: Apache-2.0

/// SQL that looks at events as they commit, from outside of every relay.
enum TailStatements {
  /// Where the database is now: the last sequence, or in PostgreSQL the snapshot.
  static func position(_ dialect: OperatorDialect) -> NamedStatement {
    switch dialect {
    case .sqlite: NamedStatement("SELECT COALESCE(MAX(seq), 0) FROM outbox")
    case .postgreSQL: NamedStatement("SELECT pg_current_snapshot()::text")
    }
  }

  /// The last events that are there, the newest first.
  static func last(_ dialect: OperatorDialect) -> NamedStatement {
    NamedStatement(
      """
      SELECT \(columns(dialect)) FROM outbox o WHERE \(filter)
      ORDER BY o.seq DESC LIMIT CAST(:limit AS BIGINT)
      """)
  }

  /// What came since a position, in the order of sequences. In PostgreSQL that is what a relay
  /// would read: whatever was in progress in the snapshot `:previous` or began after it, and is
  /// visible now, or in `:current` for the rest of a window.
  static func next(_ dialect: OperatorDialect) -> NamedStatement {
    switch dialect {
    case .sqlite:
      NamedStatement(
        """
        SELECT \(columns(dialect)) FROM outbox o WHERE o.seq > :after AND \(filter)
        ORDER BY o.seq LIMIT :limit
        """)
    case .postgreSQL:
      NamedStatement(
        """
        SELECT \(columns(dialect)) FROM (
          SELECT * FROM outbox WHERE xid >= pg_snapshot_xmax(:previous::pg_snapshot)
          UNION ALL
          SELECT * FROM outbox
          WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip(:previous::pg_snapshot)))) AS o
        WHERE o.seq > :after::bigint AND (:current::pg_snapshot IS NULL
            OR pg_visible_in_snapshot(o.xid, :current::pg_snapshot))
          AND \(filter)
        ORDER BY o.seq + 0 LIMIT :limit::bigint
        """)
    }
  }

  /// What is NULL chooses nothing.
  private static let filter = [
    ("aggregateType", "aggregatetype"), ("aggregateID", "aggregateid"), ("type", "type"),
    ("tenant", "tenant"),
  ].map { name, column in
    "(CAST(:\(name) AS TEXT) IS NULL OR o.\(column) = CAST(:\(name) AS TEXT))"
  }.joined(separator: " AND ")

  /// The payload's type tells how to read its text.
  private static func columns(_ dialect: OperatorDialect) -> String {
    let payload =
      switch dialect {
      case .sqlite: "o.payload, NULL"
      case .postgreSQL: "o.payload::text, pg_typeof(o.payload)::text"
      }
    return """
      o.seq, o.id, o.aggregatetype, o.aggregateid, o.type, \(payload), o.aggregateversion,
          o.occurred_at, o.headers, o.schema_version, o.tenant, o.payload_ref
      """
  }
}
