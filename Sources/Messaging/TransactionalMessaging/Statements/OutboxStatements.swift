// SPDX-License-Identifier: Apache-2.0

/// SQL of the outbox; `:name` marks arguments. SQLite and PostgreSQL read it alike.
package enum OutboxStatements {
  /// Numbers the next event of an aggregate and, in PostgreSQL, serialises its writers.
  package static let nextVersion = """
    INSERT INTO aggregate_version (aggregatetype, aggregateid, version)
    VALUES (:aggregateType, :aggregateID, 1)
    ON CONFLICT (aggregatetype, aggregateid) DO UPDATE SET version = aggregate_version.version + 1
    RETURNING version
    """

  package static let append = """
    INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, aggregateversion,
      occurred_at, headers, schema_version)
    VALUES (:id, :aggregateType, :aggregateID, :type, :payload, :version,
      :occurredAt, :headers, :schemaVersion)
    RETURNING seq
    """

  package static let exists = "SELECT EXISTS (SELECT 1 FROM outbox WHERE id = :id)"
}
