// SPDX-License-Identifier: Apache-2.0

/// SQL that looks for what must not be. Each names aggregate or relay in its first columns.
enum VerificationStatements {
  /// Events whose version does not follow that of the event before: missing, doubled, or in another
  /// order than they are sent in. Those before the first one that is left may have been pruned.
  static let versions = NamedStatement(
    """
    SELECT aggregatetype, aggregateid, seq, aggregateversion, version_before FROM (
      SELECT aggregatetype, aggregateid, seq, aggregateversion, LAG(aggregateversion) OVER (
        PARTITION BY aggregatetype, aggregateid ORDER BY seq) AS version_before
      FROM outbox) AS numbered
    WHERE aggregateversion <> version_before + 1
    ORDER BY seq LIMIT CAST(:most AS BIGINT)
    """)

  /// Aggregates whose next version is not the one after their last event.
  static let counters = NamedStatement(
    """
    SELECT l.aggregatetype, l.aggregateid, l.version, a.version FROM (
      SELECT aggregatetype, aggregateid, MAX(aggregateversion) AS version FROM outbox
      GROUP BY aggregatetype, aggregateid) AS l
    LEFT JOIN aggregate_version a ON a.aggregatetype = l.aggregatetype
      AND a.aggregateid = l.aggregateid
    WHERE a.version IS NULL OR a.version <> l.version
    ORDER BY l.aggregatetype, l.aggregateid LIMIT CAST(:most AS BIGINT)
    """)

  /// Parked aggregates without an event that waits.
  static let parked = NamedStatement(
    """
    SELECT aggregatetype, aggregateid, relay, first_seq FROM parked
    WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.aggregatetype = parked.aggregatetype
      AND o.aggregateid = parked.aggregateid AND o.seq >= parked.first_seq)
    ORDER BY relay, aggregatetype, aggregateid LIMIT CAST(:most AS BIGINT)
    """)

  /// Relays that stand where the database has not been yet.
  static func cursors(_ dialect: OperatorDialect) -> NamedStatement {
    switch dialect {
    case .sqlite:
      NamedStatement(
        """
        SELECT relay, done_seq FROM relay_shard
        WHERE done_seq > COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0)
        ORDER BY relay LIMIT CAST(:most AS BIGINT)
        """)
    case .postgreSQL:
      NamedStatement(
        """
        SELECT relay, done_seq FROM relay_shard WHERE \(PostgreSQLRelayStatements.isAhead)
        ORDER BY relay LIMIT CAST(:most AS BIGINT)
        """)
    }
  }

  /// Rows outside of the partitions that were made for them; PostgreSQL only.
  static let strays = NamedStatement(
    "SELECT COUNT(*) FROM (SELECT 1 FROM outbox_default LIMIT CAST(:most AS BIGINT)) AS found")

  /// Whether this is the database that the tables were made in; PostgreSQL only.
  static let identity = NamedStatement(
    """
    SELECT CASE WHEN d.system_identifier = here.system_identifier
      AND d.database_oid = here.database_oid THEN 1 ELSE 0 END
    FROM messaging_database d, (SELECT \(PostgreSQLMessagingSchema.identity)) AS here
    """)
}
