// SPDX-License-Identifier: Apache-2.0

/// SQL that gives up partitions of the outbox. Names of partitions are PostgreSQL's own text of
/// them, quoted where they need it.
package enum PostgreSQLPruningStatements {
  /// Partitions whose time ended before `:before`, by what they are bounds of and not by name.
  package static let ended = NamedStatement(
    """
    SELECT partition FROM (
      SELECT c.oid::regclass::text AS partition, (regexp_match(
        pg_get_expr(c.relpartbound, c.oid), 'TO \\(''([^'']+)''\\)'))[1]::timestamptz AS ends
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'outbox'::regclass) AS bounded
    WHERE ends <= to_timestamp(:before::bigint / 1000.0) ORDER BY ends
    """)

  package static func detach(_ partition: String) -> String {
    "ALTER TABLE outbox DETACH PARTITION \(partition)"
  }

  package static func drop(_ partition: String) -> String { "DROP TABLE \(partition)" }

  /// Rows of the default partition from before `:before` that every relay has passed and none has
  /// parked, at most `:limit` behind the sequence `:after`; and the last of them.
  package static let strays = NamedStatement(
    """
    SELECT count(*), max(seq) FROM (\(passedStrays)) AS passed
    """)

  /// Deletes what `strays` counts.
  package static let deleteStrays = NamedStatement(
    """
    WITH passed AS (\(passedStrays)), deleted AS (
      DELETE FROM outbox_default d USING passed
      WHERE d.seq = passed.seq AND d.part_at = passed.part_at
      RETURNING d.seq)
    SELECT count(*), max(seq) FROM deleted
    """)

  private static let passedStrays = """
    SELECT o.seq, o.part_at FROM outbox_default o
        WHERE o.seq > :after::bigint AND o.part_at < to_timestamp(:before::bigint / 1000.0)
          AND EXISTS (SELECT 1 FROM relay_shard)
          AND NOT EXISTS (SELECT 1 FROM relay_shard r WHERE \(PostgreSQLRelayStatements.isAhead)
            OR NOT pg_visible_in_snapshot(o.xid, r.prev_snap))
          AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.aggregatetype = o.aggregatetype
            AND p.aggregateid = o.aggregateid AND p.first_seq <= o.seq)
        ORDER BY o.seq LIMIT :limit::bigint
    """

  /// Whether a relay has not passed one of its events, or has parked it; also while there is no
  /// relay that could have passed any, and where one stands ahead of the database.
  package static func isNeeded(_ partition: String) -> String {
    """
    SELECT NOT EXISTS (SELECT 1 FROM relay_shard)
      OR EXISTS (SELECT 1 FROM relay_shard WHERE \(PostgreSQLRelayStatements.isAhead))
      OR EXISTS (SELECT 1 FROM relay_shard r JOIN \(partition) o
        ON o.xid >= pg_snapshot_xmin(r.prev_snap)
          AND NOT pg_visible_in_snapshot(o.xid, r.prev_snap))
      OR EXISTS (SELECT 1 FROM parked p JOIN \(partition) o ON o.aggregatetype = p.aggregatetype
        AND o.aggregateid = p.aggregateid AND o.seq >= p.first_seq)
    """
  }
}
