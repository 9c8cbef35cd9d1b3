// SPDX-License-Identifier: Apache-2.0

/// SQL of the outbox in SQLite; `:name` marks arguments.
package enum SQLiteOutboxStatements {
  /// Numbers the next event of an aggregate.
  package static let nextVersion = """
    INSERT INTO aggregate_version (aggregatetype, aggregateid, version)
    VALUES (:aggregateType, :aggregateID, 1)
    ON CONFLICT (aggregatetype, aggregateid) DO UPDATE SET version = aggregate_version.version + 1
    RETURNING version
    """

  package static let append = """
    INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, aggregateversion,
      occurred_at, headers, schema_version, tenant, payload_ref)
    VALUES (:id, :aggregateType, :aggregateID, :type, :payload, :version,
      :occurredAt, :headers, :schemaVersion, :tenant, :payloadReference)
    RETURNING seq
    """

  package static let exists = "SELECT EXISTS (SELECT 1 FROM outbox WHERE id = :id)"
}
