// SPDX-License-Identifier: Apache-2.0

/// SQL of the inbox; `:name` marks arguments. SQLite and PostgreSQL read it alike.
package enum InboxStatements {
  /// Columns of a parked event, in the order in which they are read.
  private static let columns = """
    p.event_id, p.aggregatetype, p.aggregateid, p.type, p.payload, p.aggregateversion,
      p.occurred_at, p.headers, p.schema_version, p.tenant, p.payload_ref, p.attempts, p.next_at,
      p.last_error, p.fingerprint, p.state
    """

  package static let mark = """
    SELECT version FROM inbox_hwm
    WHERE consumer = :consumer AND aggregatetype = :aggregateType AND aggregateid = :aggregateID
    """

  package static let setMark = """
    INSERT INTO inbox_hwm (consumer, aggregatetype, aggregateid, version)
    VALUES (:consumer, :aggregateType, :aggregateID, :version)
    ON CONFLICT (consumer, aggregatetype, aggregateid) DO UPDATE SET version = :version
    """

  package static let seen = """
    INSERT INTO inbox (consumer, event_id, seen_at) VALUES (:consumer, :id, :now)
    ON CONFLICT (consumer, event_id) DO NOTHING
    """

  package static let parkedState = parked("state, attempts")

  /// Columns of one parked event.
  static func parked(_ columns: String) -> String {
    """
    SELECT \(columns) FROM inbox_parked
    WHERE consumer = :consumer AND aggregatetype = :aggregateType AND aggregateid = :aggregateID
      AND aggregateversion = :version
    """
  }

  package static let hasParkedBehind = """
    SELECT EXISTS (SELECT 1 FROM inbox_parked
      WHERE consumer = :consumer AND aggregatetype = :aggregateType
        AND aggregateid = :aggregateID AND aggregateversion > :version)
    """

  package static let parkedCount = "SELECT COUNT(*) FROM inbox_parked WHERE consumer = :consumer"

  package static let park = """
    INSERT INTO inbox_parked (consumer, aggregatetype, aggregateid, aggregateversion, event_id,
      type, payload, occurred_at, headers, schema_version, tenant, payload_ref, attempts, next_at,
      last_error, fingerprint, state)
    VALUES (:consumer, :aggregateType, :aggregateID, :version, :id, :type, :payload, :occurredAt,
      :headers, :schemaVersion, :tenant, :payloadReference, :attempts, :nextAt, :lastError,
      :fingerprint, :state)
    ON CONFLICT (consumer, aggregatetype, aggregateid, aggregateversion) DO UPDATE
      SET attempts = :attempts, next_at = :nextAt, last_error = :lastError,
        fingerprint = :fingerprint, state = :state
    """

  package static let unpark = """
    DELETE FROM inbox_parked
    WHERE consumer = :consumer AND aggregatetype = :aggregateType AND aggregateid = :aggregateID
      AND aggregateversion = :version
    """

  /// Parked events whose turn has come: the next of their aggregate, and past their waiting time.
  package static let due = """
    SELECT \(columns) FROM inbox_parked p
    LEFT JOIN inbox_hwm h ON h.consumer = p.consumer AND h.aggregatetype = p.aggregatetype
      AND h.aggregateid = p.aggregateid
    WHERE p.consumer = :consumer AND p.state <> 'dead' AND p.next_at <= :now
      AND p.aggregateversion <= COALESCE(h.version, 0) + 1
    ORDER BY p.next_at, p.aggregatetype, p.aggregateid, p.aggregateversion LIMIT :limit
    """

  /// Parked events of an aggregate from a version on whose waiting time is over.
  package static let behind = """
    SELECT \(columns) FROM inbox_parked p
    WHERE p.consumer = :consumer AND p.aggregatetype = :aggregateType
      AND p.aggregateid = :aggregateID AND p.aggregateversion >= :version
      AND p.state <> 'dead' AND p.next_at <= :now
    ORDER BY p.aggregateversion LIMIT :limit
    """

  package static let all = """
    SELECT \(columns) FROM inbox_parked p WHERE p.consumer = :consumer
    ORDER BY p.aggregatetype, p.aggregateid, p.aggregateversion LIMIT :limit
    """

  /// When the next waiting time ends, nil when no parked event is being tried again.
  package static let nextDue = """
    SELECT MIN(next_at) FROM inbox_parked WHERE consumer = :consumer AND state = 'retrying'
    """

  package static let replay = """
    UPDATE inbox_parked SET state = 'retrying', attempts = 0, next_at = 0
    WHERE consumer = :consumer AND aggregatetype = :aggregateType AND aggregateid = :aggregateID
      AND state = 'dead'
    """

  package static let prune = "DELETE FROM inbox WHERE consumer = :consumer AND seen_at < :before"

  // MARK: - Marks of attempts

  /// Which event a mark is of.
  private static let marked = """
    consumer = :consumer AND aggregatetype = :aggregateType AND aggregateid = :aggregateID
      AND aggregateversion = :version
    """

  /// Marks that an attempt begins, and says how many have begun whose end is not known; no row, and
  /// no change, where one of them is another owner's and this one is not made alone.
  package static let beginAttempt = """
    INSERT INTO inbox_attempt (consumer, aggregatetype, aggregateid, aggregateversion, owner,
      begun, began_at)
    VALUES (:consumer, :aggregateType, :aggregateID, :version, :owner, 1, :now)
    ON CONFLICT (consumer, aggregatetype, aggregateid, aggregateversion) DO UPDATE
      SET owner = :owner, began_at = :now,
        begun = inbox_attempt.begun + CASE WHEN inbox_attempt.owner = :owner THEN 0 ELSE 1 END
      WHERE inbox_attempt.owner = :owner OR :alone = 1
    RETURNING begun
    """

  /// What became of the attempt is said elsewhere, so that all that began are settled.
  package static let endAttempt = "DELETE FROM inbox_attempt WHERE \(marked)"

  /// The attempt was none; both statements, in this order.
  package static let abandonAttempt = [
    "DELETE FROM inbox_attempt WHERE \(marked) AND owner = :owner AND begun <= 1",
    """
    UPDATE inbox_attempt SET begun = begun - 1, owner = ''
    WHERE \(marked) AND owner = :owner
    """,
  ]

  /// Marks of events that never came again.
  package static let pruneAttempts = """
    DELETE FROM inbox_attempt WHERE consumer = :consumer AND began_at < :before
    """
}
