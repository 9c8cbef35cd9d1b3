// SPDX-License-Identifier: Apache-2.0

/// The tables of outbox, relay and inbox in SQLite, as values.
///
/// Names are those of the PostgreSQL store, Debezium's five outbox columns among them. SQLite has
/// one writer, so the order of `seq` is the order of commits and a cursor on it loses nothing.
public enum SQLiteMessagingSchema {
  /// One step of the schema; applied once, in order, never changed after release.
  public struct Migration: Sendable {
    /// Number of the step, from 1.
    public let version: Int
    /// Statements in order.
    public let statements: [String]
  }

  /// Remembers which steps are applied. It is a table of its own, so that it never meets the
  /// application's own migrations.
  public static let versionTable = """
    CREATE TABLE IF NOT EXISTS messaging_schema (
      version INTEGER PRIMARY KEY,
      applied_at INTEGER NOT NULL
    ) STRICT
    """

  /// All steps.
  public static let migrations = [
    Migration(version: 1, statements: outbox + relay + inbox),
    Migration(version: 2, statements: envelope + [audit]),
    Migration(version: 3, statements: [attempts]),
    Migration(version: 4, statements: SagaSchema.sqlite),
  ]

  /// Attempts of consumers that began and whose end is not known.
  private static let attempts = """
    CREATE TABLE inbox_attempt (
      consumer TEXT NOT NULL,
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      aggregateversion INTEGER NOT NULL,
      owner TEXT NOT NULL,
      begun INTEGER NOT NULL,
      began_at INTEGER NOT NULL,
      PRIMARY KEY (consumer, aggregatetype, aggregateid, aggregateversion)
    ) STRICT, WITHOUT ROWID
    """

  /// The rest of the envelope.
  private static let envelope = ["outbox", "inbox_parked"].flatMap { table in
    ["tenant", "payload_ref"].map { "ALTER TABLE \(table) ADD COLUMN \($0) TEXT" }
  }

  /// What operators did, and to what.
  private static let audit = """
    CREATE TABLE messaging_audit (
      n INTEGER PRIMARY KEY AUTOINCREMENT,
      at INTEGER NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      reason TEXT NOT NULL,
      relay TEXT,
      consumer TEXT,
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      position INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      last_error TEXT NOT NULL
    ) STRICT
    """

  private static let outbox = [
    """
    CREATE TABLE outbox (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      type TEXT NOT NULL,
      payload BLOB NOT NULL,
      aggregateversion INTEGER NOT NULL,
      occurred_at INTEGER NOT NULL,
      headers TEXT NOT NULL,
      schema_version INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX outbox_aggregate ON outbox (aggregatetype, aggregateid, aggregateversion)",
    """
    CREATE TABLE aggregate_version (
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      version INTEGER NOT NULL,
      PRIMARY KEY (aggregatetype, aggregateid)
    ) STRICT, WITHOUT ROWID
    """,
  ]

  private static let relay = [
    """
    CREATE TABLE relay_shard (
      relay TEXT NOT NULL,
      shard INTEGER NOT NULL,
      owner TEXT,
      epoch INTEGER NOT NULL,
      lease_until INTEGER NOT NULL,
      done_seq INTEGER NOT NULL,
      PRIMARY KEY (relay, shard)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE parked (
      relay TEXT NOT NULL,
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      first_seq INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      next_at INTEGER NOT NULL,
      last_error TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('retrying', 'dead')),
      PRIMARY KEY (relay, aggregatetype, aggregateid)
    ) STRICT, WITHOUT ROWID
    """,
  ]

  private static let inbox = [
    """
    CREATE TABLE inbox (
      consumer TEXT NOT NULL,
      event_id TEXT NOT NULL,
      seen_at INTEGER NOT NULL,
      PRIMARY KEY (consumer, event_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX inbox_seen ON inbox (seen_at)",
    """
    CREATE TABLE inbox_hwm (
      consumer TEXT NOT NULL,
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      version INTEGER NOT NULL,
      PRIMARY KEY (consumer, aggregatetype, aggregateid)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE inbox_parked (
      consumer TEXT NOT NULL,
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      aggregateversion INTEGER NOT NULL,
      event_id TEXT NOT NULL,
      type TEXT NOT NULL,
      payload BLOB NOT NULL,
      occurred_at INTEGER NOT NULL,
      headers TEXT NOT NULL,
      schema_version INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      next_at INTEGER NOT NULL,
      last_error TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('waiting', 'retrying', 'dead')),
      PRIMARY KEY (consumer, aggregatetype, aggregateid, aggregateversion)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX inbox_parked_due ON inbox_parked (consumer, state, next_at)",
  ]
}
