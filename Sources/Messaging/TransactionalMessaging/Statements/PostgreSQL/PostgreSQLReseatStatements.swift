// SPDX-License-Identifier: Apache-2.0

/// SQL that gives the tables to the database that they are in now.
package enum PostgreSQLReseatStatements {
  /// True where the tables belong to this database and no relay stands ahead of it.
  package static let isSeated = """
    SELECT EXISTS (SELECT 1
        FROM messaging_database d, (SELECT \(PostgreSQLMessagingSchema.identity)) AS here
        WHERE d.system_identifier = here.system_identifier
          AND d.database_oid = here.database_oid)
      AND NOT EXISTS (SELECT 1 FROM relay_shard WHERE \(PostgreSQLRelayStatements.isAhead))
    """

  /// Who did it, and why, beside what operators did to dead letters.
  package static let audit = NamedStatement(
    """
    INSERT INTO messaging_audit (at, actor, action, reason, aggregatetype, aggregateid, position,
      attempts, last_error)
    VALUES ((extract(epoch FROM clock_timestamp()) * 1000)::bigint, :actor::text, 'reseat',
      :reason::text, '', '', :sequence::bigint, 0, '')
    """)

  /// A row that is there although its transaction is not over by this database's count was brought
  /// along; its number would put it into every window until the count has reached it. It gets the
  /// first one.
  package static let statements = [
    """
    UPDATE outbox SET xid = '3'::xid8 WHERE NOT pg_visible_in_snapshot(xid, pg_current_snapshot())
    """,
    """
    CREATE TEMPORARY TABLE messaging_seat ON COMMIT DROP AS
      SELECT \(PostgreSQLMessagingSchema.identity),
        (SELECT COALESCE(max(db_epoch), 0) + 1 FROM messaging_database) AS db_epoch,
        COALESCE((SELECT max(partition_width) FROM messaging_database), 'day') AS partition_width
    """,
    "DELETE FROM messaging_database",
    "INSERT INTO messaging_database SELECT * FROM messaging_seat",
  ]

  /// Every relay begins a window that holds everything visible now.
  package static let begin = NamedStatement(
    """
    UPDATE relay_shard SET epoch = epoch + 1, owner = NULL, lease_until = 0, tick = tick + 1,
      prev_snap = '\(PostgreSQLRelayStatements.beginning)', cur_snap = pg_current_snapshot(),
      done_seq = :sequence::bigint, db_epoch = (SELECT db_epoch FROM messaging_database)
    """)

  package static let count = NamedStatement(
    "SELECT count(*) FROM outbox WHERE seq > :sequence::bigint")
}
