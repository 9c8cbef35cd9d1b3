// SPDX-License-Identifier: Apache-2.0

/// SQL with which operators look.
enum ReportStatements {
  static let lastSequence = NamedStatement("SELECT COALESCE(MAX(seq), 0) FROM outbox")

  /// Name, owner, epoch, end of the lease, unsent events, time of the first, parked ones, and where
  /// it stands.
  static func relays(_ dialect: OperatorDialect) -> NamedStatement {
    let standing =
      switch dialect {
      case .sqlite: "r.done_seq, NULL, NULL"
      case .postgreSQL: "r.done_seq, r.prev_snap::text, r.cur_snap::text"
      }
    let events = """
      SELECT o.occurred_at FROM outbox o WHERE \(unsent(dialect))
          ORDER BY o.seq LIMIT CAST(:most AS BIGINT)
      """
    return NamedStatement(
      """
      SELECT r.relay, r.owner, r.epoch, r.lease_until,
        (SELECT COUNT(*) FROM (\(events)) AS found),
        (SELECT MIN(occurred_at) FROM (\(events)) AS found),
        (SELECT COUNT(*) FROM parked p WHERE p.relay = r.relay AND p.state = 'retrying'),
        (SELECT COUNT(*) FROM parked p WHERE p.relay = r.relay AND p.state = 'dead'),
        \(standing)
      FROM relay_shard r ORDER BY r.relay
      """)
  }

  /// What a relay has not passed. In PostgreSQL that is what its last snapshot does not see, apart
  /// from the part of a window that is done.
  private static func unsent(_ dialect: OperatorDialect) -> String {
    switch dialect {
    case .sqlite: "o.seq > r.done_seq"
    case .postgreSQL:
      """
      o.xid >= pg_snapshot_xmin(r.prev_snap) AND NOT pg_visible_in_snapshot(o.xid, r.prev_snap)
            AND NOT (r.cur_snap IS NOT NULL AND o.seq <= r.done_seq
              AND pg_visible_in_snapshot(o.xid, r.cur_snap))
      """
    }
  }

  /// How many events a relay has passed since it stood where `:sequence`, `:previous` and
  /// `:current` say.
  static func passed(_ dialect: OperatorDialect) -> NamedStatement {
    let isPassed =
      switch dialect {
      case .sqlite: "o.seq > :sequence AND o.seq <= r.done_seq"
      case .postgreSQL:
        """
        o.xid >= pg_snapshot_xmin(:previous::pg_snapshot)
              AND NOT pg_visible_in_snapshot(o.xid, :previous::pg_snapshot)
              AND NOT (:current::pg_snapshot IS NOT NULL AND o.seq <= :sequence::bigint
                AND pg_visible_in_snapshot(o.xid, :current::pg_snapshot))
              AND (pg_visible_in_snapshot(o.xid, r.prev_snap)
                OR r.cur_snap IS NOT NULL AND o.seq <= r.done_seq
                  AND pg_visible_in_snapshot(o.xid, r.cur_snap))
        """
      }
    return NamedStatement(
      """
      SELECT (SELECT COUNT(*) FROM outbox o WHERE \(isPassed))
      FROM relay_shard r WHERE r.relay = :relay
      """)
  }

  static let consumers = NamedStatement(
    """
    SELECT c.consumer,
      (SELECT COUNT(*) FROM inbox_hwm h WHERE h.consumer = c.consumer),
      (SELECT COUNT(*) FROM inbox_parked p WHERE p.consumer = c.consumer AND p.state = 'waiting'),
      (SELECT COUNT(*) FROM inbox_parked p WHERE p.consumer = c.consumer AND p.state = 'retrying'),
      (SELECT COUNT(*) FROM inbox_parked p WHERE p.consumer = c.consumer AND p.state = 'dead')
    FROM (SELECT consumer FROM inbox_hwm UNION SELECT consumer FROM inbox_parked) AS c
    ORDER BY c.consumer
    """)

  /// Relays' parked aggregates, each at its first event.
  static let relayLetters = NamedStatement(
    """
    SELECT parked.relay, parked.aggregatetype, parked.aggregateid, parked.state, parked.attempts,
      parked.last_error, parked.fingerprint, \(RelayOperations.firstWaiting),
      e.id, e.type, e.occurred_at,
      (SELECT COUNT(*) FROM outbox b WHERE b.aggregatetype = parked.aggregatetype
        AND b.aggregateid = parked.aggregateid AND b.seq > \(RelayOperations.firstWaiting))
    FROM parked LEFT JOIN outbox e ON e.aggregatetype = parked.aggregatetype
      AND e.aggregateid = parked.aggregateid AND e.seq = \(RelayOperations.firstWaiting)
    ORDER BY parked.relay, parked.aggregatetype, parked.aggregateid LIMIT CAST(:most AS BIGINT)
    """)

  /// Consumers' aggregates that wait, each at its first event: dead, tried again, or with a version
  /// missing before it. One whose turn has come is none of them.
  static let consumerLetters = NamedStatement(
    """
    SELECT p.consumer, p.aggregatetype, p.aggregateid,
      CASE WHEN p.state = 'waiting' THEN 'gap' ELSE p.state END, p.attempts, p.last_error,
      p.fingerprint,
      CASE WHEN p.state = 'waiting' THEN COALESCE(h.version, 0) + 1 ELSE p.aggregateversion END,
      CASE WHEN p.state = 'waiting' THEN NULL ELSE p.event_id END,
      CASE WHEN p.state = 'waiting' THEN NULL ELSE p.type END, p.occurred_at,
      (SELECT COUNT(*) FROM inbox_parked b WHERE b.consumer = p.consumer
        AND b.aggregatetype = p.aggregatetype AND b.aggregateid = p.aggregateid
        AND (b.aggregateversion > p.aggregateversion OR p.state = 'waiting'))
    FROM inbox_parked p LEFT JOIN inbox_hwm h ON h.consumer = p.consumer
      AND h.aggregatetype = p.aggregatetype AND h.aggregateid = p.aggregateid
    WHERE p.aggregateversion = (SELECT MIN(f.aggregateversion) FROM inbox_parked f
        WHERE f.consumer = p.consumer AND f.aggregatetype = p.aggregatetype
          AND f.aggregateid = p.aggregateid)
      AND (p.state <> 'waiting' OR p.aggregateversion > COALESCE(h.version, 0) + 1)
    ORDER BY p.consumer, p.aggregatetype, p.aggregateid LIMIT CAST(:most AS BIGINT)
    """)

  static let audit = NamedStatement(
    """
    SELECT at, actor, action, reason, relay, consumer, aggregatetype, aggregateid, position,
      attempts, last_error
    FROM messaging_audit ORDER BY n DESC LIMIT CAST(:most AS BIGINT)
    """)
}
