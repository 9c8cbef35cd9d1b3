// SPDX-License-Identifier: Apache-2.0

/// SQL of the relay in SQLite; `:name` marks arguments.
package enum SQLiteRelayStatements {
  /// Takes the lease: the first time, when it ran out or was given back, or again by its owner.
  package static let acquire = """
    INSERT INTO relay_shard (relay, shard, owner, epoch, lease_until, done_seq)
    VALUES (:relay, 0, :owner, 1, :until, 0)
    ON CONFLICT (relay, shard) DO UPDATE
      SET owner = :owner, epoch = relay_shard.epoch + 1, lease_until = :until
      WHERE relay_shard.owner IS NULL OR relay_shard.owner = :owner
        OR relay_shard.lease_until <= :now
    RETURNING epoch, done_seq
    """

  package static let parked = """
    SELECT aggregatetype, aggregateid, first_seq, attempts, next_at, last_error, fingerprint, state
    FROM parked WHERE relay = :relay ORDER BY aggregatetype, aggregateid
    """

  package static let eventsAfter = """
    SELECT seq, id, aggregatetype, aggregateid, type, payload, aggregateversion, occurred_at,
      headers, schema_version, tenant, payload_ref
    FROM outbox WHERE seq > :after ORDER BY seq LIMIT :limit
    """

  package static let eventsOfAggregate = """
    SELECT seq, id, aggregatetype, aggregateid, type, payload, aggregateversion, occurred_at,
      headers, schema_version, tenant, payload_ref
    FROM outbox
    WHERE aggregatetype = :aggregateType AND aggregateid = :aggregateID
      AND seq BETWEEN :first AND :last
    ORDER BY aggregateversion LIMIT :limit
    """

  /// Changes a row only under the newest epoch, and never moves the cursor back.
  package static let save = """
    UPDATE relay_shard SET done_seq = :cursor, lease_until = :until
    WHERE relay = :relay AND shard = 0 AND epoch = :epoch AND done_seq <= :cursor
    """

  /// Changes a row only under the newest epoch.
  package static let renew = """
    UPDATE relay_shard SET lease_until = :until
    WHERE relay = :relay AND shard = 0 AND epoch = :epoch
    """

  package static let park = """
    INSERT INTO parked (relay, aggregatetype, aggregateid, first_seq, attempts, next_at, last_error,
      fingerprint, state)
    VALUES (:relay, :aggregateType, :aggregateID, :first, :attempts, :nextAt, :lastError,
      :fingerprint, :state)
    ON CONFLICT (relay, aggregatetype, aggregateid) DO UPDATE
      SET first_seq = :first, attempts = :attempts, next_at = :nextAt, last_error = :lastError,
        fingerprint = :fingerprint, state = :state
    """

  package static let unpark = """
    DELETE FROM parked
    WHERE relay = :relay AND aggregatetype = :aggregateType AND aggregateid = :aggregateID
    """

  package static let release = """
    UPDATE relay_shard SET owner = NULL, lease_until = 0
    WHERE relay = :relay AND shard = 0 AND epoch = :epoch
    """

  /// Makes the running relay read its position again, because an operator changed what is parked.
  package static let supersede = "UPDATE relay_shard SET epoch = epoch + 1 WHERE relay = :relay"

  package static let replay = """
    UPDATE parked SET state = 'retrying', attempts = 0, next_at = 0
    WHERE relay = :relay AND aggregatetype = :aggregateType AND aggregateid = :aggregateID
    """

  package static let skip = """
    UPDATE parked SET state = 'retrying', attempts = 0, next_at = 0,
      first_seq = 1 + \(RelayOperations.firstWaiting)
    WHERE relay = :relay AND aggregatetype = :aggregateType AND aggregateid = :aggregateID
    """

  /// Rows that every relay has passed and none has parked; nothing while there is no relay. Those
  /// of an aggregate go from the front, whatever times they carry: a version that is missing in
  /// between is a finding.
  package static let prune = """
    DELETE FROM outbox WHERE seq IN (
      SELECT o.seq FROM outbox o
      WHERE o.seq <= (SELECT MIN(done_seq) FROM relay_shard) AND o.occurred_at < :before
        AND NOT EXISTS (
          SELECT 1 FROM parked p WHERE p.aggregatetype = o.aggregatetype
            AND p.aggregateid = o.aggregateid AND p.first_seq <= o.seq)
        AND NOT EXISTS (
          SELECT 1 FROM outbox e WHERE e.aggregatetype = o.aggregatetype
            AND e.aggregateid = o.aggregateid AND e.seq < o.seq AND e.occurred_at >= :before)
      ORDER BY o.seq LIMIT :limit)
    """
}
