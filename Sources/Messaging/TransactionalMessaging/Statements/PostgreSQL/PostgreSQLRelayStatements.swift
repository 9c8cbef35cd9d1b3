// SPDX-License-Identifier: Apache-2.0

/// SQL of the relay in PostgreSQL: the rule of PgQ, which goes from one snapshot to the next.
///
/// An event is in the window between the snapshots P and S when its transaction was in progress in
/// P or began after it, and S sees it. A cursor on `seq` would lose what commits late, and one that
/// waits for all older transactions stands still with the slowest of them and mixes up the order of
/// those that drew their number early.
package enum PostgreSQLRelayStatements {
  /// Tells servers behind one address apart, and one before and after a restart: a standby that
  /// took over may lack the last transactions of the server before it, and gives their numbers away
  /// once more.
  private static let server = "extract(epoch FROM pg_postmaster_start_time())::text"

  /// Tells connections apart. What a relay knows of snapshots and has not saved holds on one
  /// connection only: a server that crashed, or another that took its place, gives numbers of
  /// transactions away once more, and what a snapshot took for over would be lost. No crash of a
  /// server leaves a connection, so on a new one a relay begins anew with what this server knows.
  private static let session = "current_setting('\(sessionSetting)', true)"

  /// The session's setting that names the connection.
  package static let sessionSetting = "strangler.session"

  /// Names a new connection.
  package static let nameSession = NamedStatement(
    "SELECT set_config('\(sessionSetting)', :session::text, false)")

  /// Before every transaction that there can be.
  package static let beginning = "3:3:"

  /// Whether a relay stands where this database has not been yet: its rows came from another one,
  /// or from a later moment. New events would look as if it had passed them.
  static let isAhead = """
    pg_snapshot_xmax(COALESCE(cur_snap, prev_snap)) > pg_snapshot_xmax(pg_current_snapshot())
    """

  /// Takes the lease: the first time, when it ran out or was given back, or again by its owner.
  package static let acquire = NamedStatement(
    """
    INSERT INTO relay_shard (relay, shard, owner, epoch, lease_until, tick, prev_snap, done_seq,
      db_epoch)
    SELECT :relay::varchar, 0, :owner::text, 1, :until::bigint, 0, '\(beginning)'::pg_snapshot, 0,
      db_epoch
    FROM messaging_database
    ON CONFLICT (relay, shard) DO UPDATE
      SET owner = :owner::text, epoch = relay_shard.epoch + 1, lease_until = :until::bigint
      WHERE relay_shard.owner IS NULL OR relay_shard.owner = :owner::text
        OR relay_shard.lease_until <= :now::bigint
    RETURNING epoch, tick, done_seq, prev_snap::text, cur_snap::text, \(server), \(session)
    """)

  package static let parked = NamedStatement(
    """
    SELECT aggregatetype, aggregateid, first_seq, attempts, next_at, last_error, fingerprint, state
    FROM parked WHERE relay = :relay ORDER BY aggregatetype, aggregateid
    """)

  /// Changes a row only under the newest epoch, and never moves the cursor back; parked aggregates
  /// change in the same statement or not at all. Answers with the number of changed cursors.
  package static let save = NamedStatement(
    """
    WITH fence AS (
      UPDATE relay_shard SET tick = :tick::bigint, done_seq = :sequence::bigint,
        prev_snap = :previous::pg_snapshot, cur_snap = :current::pg_snapshot,
        lease_until = :until::bigint
      WHERE relay = :relay::varchar AND shard = 0 AND epoch = :epoch::bigint
        AND (tick, done_seq) <= (:tick::bigint, :sequence::bigint)
        AND :session::text = \(session)
      RETURNING relay
    ), park AS (
      INSERT INTO parked (relay, aggregatetype, aggregateid, first_seq, attempts, next_at,
        last_error, fingerprint, state)
      SELECT fence.relay, p.aggregatetype, p.aggregateid, p.first_seq, p.attempts, p.next_at,
        p.last_error, p.fingerprint, p.state
      FROM fence, jsonb_to_recordset(:parked::jsonb) AS p (aggregatetype text, aggregateid text,
        first_seq bigint, attempts int, next_at bigint, last_error text, fingerprint text,
        state text)
      ON CONFLICT (relay, aggregatetype, aggregateid) DO UPDATE
        SET first_seq = EXCLUDED.first_seq, attempts = EXCLUDED.attempts,
          next_at = EXCLUDED.next_at, last_error = EXCLUDED.last_error,
          fingerprint = EXCLUDED.fingerprint, state = EXCLUDED.state
    ), unpark AS (
      DELETE FROM parked
      USING fence, jsonb_to_recordset(:released::jsonb) AS r (aggregatetype text, aggregateid text)
      WHERE parked.relay = fence.relay AND parked.aggregatetype = r.aggregatetype
        AND parked.aggregateid = r.aggregateid
    )
    SELECT count(*) FROM fence
    """)

  /// Changes a row only under the newest epoch, and only where the lease was taken: after a
  /// failover somebody else may have been given the same number.
  package static let renew = NamedStatement(
    """
    UPDATE relay_shard SET lease_until = :until::bigint
    WHERE relay = :relay::varchar AND shard = 0 AND epoch = :epoch::bigint
      AND :server::text = \(server)
    RETURNING 1
    """)

  package static let release = NamedStatement(
    """
    UPDATE relay_shard SET owner = NULL, lease_until = 0
    WHERE relay = :relay AND shard = 0 AND epoch = :epoch
    """)

  /// Taken before what is parked, in the order of `save`, so that the two never wait for each
  /// other.
  package static let hold = NamedStatement(
    "SELECT 1 FROM relay_shard WHERE relay = :relay FOR UPDATE")

  /// Makes the running relay read its position again, because an operator changed what is parked.
  package static let supersede = NamedStatement(
    "UPDATE relay_shard SET epoch = epoch + 1 WHERE relay = :relay")

  package static let replay = NamedStatement(
    """
    UPDATE parked SET state = 'retrying', attempts = 0, next_at = 0
    WHERE relay = :relay AND aggregatetype = :aggregateType AND aggregateid = :aggregateID
    RETURNING 1
    """)

  package static let skip = NamedStatement(
    """
    UPDATE parked SET state = 'retrying', attempts = 0, next_at = 0,
      first_seq = 1 + \(RelayOperations.firstWaiting)
    WHERE relay = :relay AND aggregatetype = :aggregateType AND aggregateid = :aggregateID
    RETURNING 1
    """)

  // MARK: - Reading

  /// Begins a window at `:previous`. One statement, so its own snapshot is the window's end and no
  /// transaction is left open. Sorting by an expression keeps the planner from walking the whole
  /// table by `seq`: a window is small beside it, and the index on `xid` finds it.
  package static let firstPage = page(
    """
    SELECT \(columns) FROM (
        SELECT * FROM outbox WHERE xid >= pg_snapshot_xmax(:previous::pg_snapshot)
        UNION ALL
        SELECT * FROM outbox
        WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip(:previous::pg_snapshot)))
      ) AS changed
      ORDER BY seq + 0 LIMIT :limit::bigint
    """)

  /// Goes on in a window that has an end. The window may be large, a backlog of hours, so it is
  /// walked by `seq`, from where the last page ended.
  package static let nextPage = page(
    """
    SELECT \(columns) FROM outbox
      WHERE seq > :sequence::bigint AND pg_visible_in_snapshot(xid, :current::pg_snapshot)
        AND NOT pg_visible_in_snapshot(xid, :previous::pg_snapshot)
      ORDER BY seq LIMIT :limit::bigint
    """)

  /// What the relay has passed of one aggregate.
  package static let aggregatePage = page(
    """
    SELECT \(columns) FROM outbox
      WHERE aggregatetype = :aggregateType::varchar AND aggregateid = :aggregateID::varchar
        AND seq >= :first::bigint
        AND (pg_visible_in_snapshot(xid, :previous::pg_snapshot)
          OR seq <= :sequence::bigint
            AND pg_visible_in_snapshot(xid, :current::pg_snapshot))
      ORDER BY seq LIMIT :limit::bigint
    """)

  private static let columns = """
    seq, id, aggregatetype, aggregateid, type, payload, aggregateversion, occurred_at, headers,
          schema_version, tenant, payload_ref
    """

  /// Cuts what was found by the sum of payloads, in the server: no more than a page travels.
  /// Answers with at least one row: the snapshot, how many rows were found, the page's events, and
  /// over which connection.
  private static func page(_ found: String) -> (bytes: NamedStatement, json: NamedStatement) {
    func statement(payload: String, size: String) -> NamedStatement {
      NamedStatement(
        """
        WITH found AS (
          \(found)
        ), measured AS (
          SELECT *, count(*) OVER () AS total,
            COALESCE(sum(octet_length(\(size))) OVER (
              ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
          FROM found
        )
        SELECT pg_current_snapshot()::text, m.total, m.seq, m.id, m.aggregatetype, m.aggregateid,
          m.type, \(payload), m.aggregateversion, m.occurred_at, m.headers, m.schema_version,
          m.tenant, m.payload_ref, \(session)
        FROM (VALUES (1)) AS one (n) LEFT JOIN measured m ON m.before < :bytes::bigint
        ORDER BY m.seq
        """)
    }
    return (
      statement(payload: "m.payload", size: "payload"),
      statement(payload: "convert_to(m.payload::text, 'UTF8')", size: "payload::text")
    )
  }
}
