// SPDX-License-Identifier: Apache-2.0

/// SQL with which operators act on dead letters: each action writes down who did it before it
/// happens, and both do nothing where the letter is no longer what the operator saw.
enum LetterStatements {
  /// One that is tried again is not what the operator saw, and may be on its way to the broker.
  private static let ofRelay = """
    parked.relay = :relay AND parked.aggregatetype = :aggregateType
        AND parked.aggregateid = :aggregateID AND parked.state = 'dead'
        AND \(RelayOperations.firstWaiting) = :position
    """

  static let auditRelay = NamedStatement(
    """
    INSERT INTO messaging_audit (at, actor, action, reason, relay, aggregatetype, aggregateid,
      position, attempts, last_error)
    SELECT CAST(:now AS BIGINT), CAST(:actor AS TEXT), CAST(:action AS TEXT),
      CAST(:reason AS TEXT), parked.relay, parked.aggregatetype, parked.aggregateid,
      CAST(:position AS BIGINT), parked.attempts, parked.last_error
    FROM parked WHERE \(ofRelay)
    RETURNING n
    """)

  static let replayRelay = NamedStatement(
    """
    UPDATE parked SET state = 'retrying', attempts = 0, next_at = 0 WHERE \(ofRelay)
    """)

  static let skipRelay = NamedStatement(
    """
    UPDATE parked SET state = 'retrying', attempts = 0, next_at = 0,
      first_seq = 1 + \(RelayOperations.firstWaiting)
    WHERE \(ofRelay)
    """)

  /// Makes the running relay read its position again.
  static let supersede = NamedStatement(SQLiteRelayStatements.supersede)

  // MARK: - Consumers

  private static let mark = """
    COALESCE((SELECT h.version FROM inbox_hwm h WHERE h.consumer = :consumer
        AND h.aggregatetype = :aggregateType AND h.aggregateid = :aggregateID), 0)
    """

  private static let ofConsumer = """
    p.consumer = :consumer AND p.aggregatetype = :aggregateType AND p.aggregateid = :aggregateID
    """

  /// A row of what waits: the letter itself, or in a gap the first event behind it.
  private static let head = """
    FROM inbox_parked p WHERE \(ofConsumer)
      AND p.aggregateversion = (SELECT MIN(f.aggregateversion) FROM inbox_parked f
        WHERE f.consumer = p.consumer AND f.aggregatetype = p.aggregatetype
          AND f.aggregateid = p.aggregateid)
      AND \(mark) + 1 = CAST(:position AS BIGINT)
      AND (p.aggregateversion > CAST(:position AS BIGINT)
        OR p.aggregateversion = CAST(:position AS BIGINT) AND p.state = 'dead')
    """

  static let auditConsumer = NamedStatement(
    """
    INSERT INTO messaging_audit (at, actor, action, reason, consumer, aggregatetype, aggregateid,
      position, attempts, last_error)
    SELECT CAST(:now AS BIGINT), CAST(:actor AS TEXT), CAST(:action AS TEXT),
      CAST(:reason AS TEXT), p.consumer, p.aggregatetype, p.aggregateid,
      CAST(:position AS BIGINT), p.attempts, p.last_error
    \(head)
    RETURNING n
    """)

  static let replayConsumer = NamedStatement(
    InboxStatements.replay + " AND aggregateversion = CAST(:position AS BIGINT)")

  /// The mark passes what is given up, which is then forgotten.
  static let skipConsumer = NamedStatement(
    """
    INSERT INTO inbox_hwm (consumer, aggregatetype, aggregateid, version)
    SELECT p.consumer, p.aggregatetype, p.aggregateid, CAST(:position AS BIGINT)
    \(head)
    ON CONFLICT (consumer, aggregatetype, aggregateid) DO UPDATE SET version = EXCLUDED.version
    """)

  static let forgetConsumer = NamedStatement(
    """
    DELETE FROM inbox_parked
    WHERE consumer = :consumer AND aggregatetype = :aggregateType AND aggregateid = :aggregateID
      AND aggregateversion = CAST(:position AS BIGINT)
      AND aggregateversion <= \(mark)
    """)
}
