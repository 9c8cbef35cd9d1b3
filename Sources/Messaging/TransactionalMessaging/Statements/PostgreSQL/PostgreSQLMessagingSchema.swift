// SPDX-License-Identifier: Apache-2.0

/// How an outbox in PostgreSQL is laid out; chosen once, when its tables are made.
public struct PostgreSQLOutboxLayout: Sendable, Equatable {
  /// Type of the column `payload`.
  public enum Payload: String, Sendable, CaseIterable {
    /// `bytea`: what was appended is what is sent, byte by byte. For Debezium's connector it needs
    /// `io.debezium.converters.BinaryDataConverter`.
    case bytes
    /// `jsonb`, as Debezium expects it: JSON only, and PostgreSQL decides about spaces and the
    /// order of keys.
    case json
  }

  /// How much time one partition of the outbox holds: what is passed is given up by whole
  /// partitions, so nothing is deleted row by row.
  public enum Partition: String, Sendable, CaseIterable {
    /// One hour, for thousands of events a second.
    case hour
    /// One day.
    case day
  }

  /// Type of the column `payload`.
  public var payload: Payload
  /// Width of a partition.
  public var partition: Partition

  /// Creates a layout.
  public init(payload: Payload = .bytes, partition: Partition = .day) {
    self.payload = payload
    self.partition = partition
  }
}

/// The tables of outbox, relay and inbox in PostgreSQL, as values.
///
/// Names are looked up by the connection's `search_path`, so that a database can hold several
/// outboxes, each in a schema of its own. Of the outbox, the columns `id`, `aggregatetype`,
/// `aggregateid`, `type` and `payload` are Debezium's, so that its outbox event router can read the
/// same table.
public enum PostgreSQLMessagingSchema {
  /// One step of the schema; applied once, in order, never changed after release.
  public struct Migration: Sendable {
    /// Number of the step, from 1.
    public let version: Int
    /// Statements in order.
    public let statements: [String]
  }

  /// Whoever changes tables holds this advisory lock until the end of the transaction.
  package static let lock = "SELECT pg_advisory_xact_lock(\(0x5354_524d))"

  /// Remembers which steps are applied.
  public static let versionTable = """
    CREATE TABLE IF NOT EXISTS messaging_schema (
      version int PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT now()
    )
    """

  /// All steps, for a layout.
  public static func migrations(_ layout: PostgreSQLOutboxLayout) -> [Migration] {
    [
      Migration(
        version: 1, statements: outbox(layout) + relay + inbox + [audit, database(layout)]),
      Migration(version: 2, statements: [attempts]),
      Migration(version: 3, statements: SagaSchema.postgreSQL),
    ]
  }

  /// The number of the last step.
  package static let newest = 3

  /// Rows are inserted and never changed. `seq` is drawn while the aggregate's row in
  /// `aggregate_version` is locked, so within an aggregate its order is the order of commits; the
  /// cache of one keeps it so over sessions. `part_at` is the time of the row, not that of its
  /// transaction, so it has the same order, and what is pruned is an aggregate's past. `xid` lets a
  /// relay tell which transactions became visible between two snapshots.
  private static func outbox(_ layout: PostgreSQLOutboxLayout) -> [String] {
    [
      """
      CREATE TABLE outbox (
        seq bigint GENERATED ALWAYS AS IDENTITY (CACHE 1),
        id uuid NOT NULL,
        aggregatetype varchar(255) NOT NULL,
        aggregateid varchar(255) NOT NULL,
        type varchar(255) NOT NULL,
        payload \(layout.payload == .json ? "jsonb" : "bytea") NOT NULL,
        aggregateversion bigint NOT NULL,
        occurred_at bigint NOT NULL,
        headers jsonb NOT NULL,
        schema_version int NOT NULL,
        tenant varchar(255),
        tracingspancontext text,
        payload_ref text,
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        part_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (seq, part_at)
      ) PARTITION BY RANGE (part_at)
      """,
      "CREATE INDEX outbox_xid ON outbox (xid)",
      "CREATE INDEX outbox_id ON outbox (id)",
      "CREATE INDEX outbox_aggregate ON outbox (aggregatetype, aggregateid, seq)",
      // Nothing that is appended is refused because nobody made a partition in time.
      "CREATE TABLE outbox_default PARTITION OF outbox DEFAULT",
      """
      CREATE TABLE aggregate_version (
        aggregatetype varchar(255) NOT NULL,
        aggregateid varchar(255) NOT NULL,
        version bigint NOT NULL,
        PRIMARY KEY (aggregatetype, aggregateid)
      ) WITH (fillfactor = 80)
      """,
    ]
  }

  /// Half of each page stays free, so that a row's next version finds room beside it.
  private static let relay = [
    """
    CREATE TABLE relay_shard (
      relay varchar(255) NOT NULL,
      shard int NOT NULL,
      owner text,
      epoch bigint NOT NULL,
      lease_until bigint NOT NULL,
      tick bigint NOT NULL,
      prev_snap pg_snapshot NOT NULL,
      cur_snap pg_snapshot,
      done_seq bigint NOT NULL,
      db_epoch bigint NOT NULL,
      PRIMARY KEY (relay, shard)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE parked (
      relay varchar(255) NOT NULL,
      aggregatetype varchar(255) NOT NULL,
      aggregateid varchar(255) NOT NULL,
      first_seq bigint NOT NULL,
      attempts int NOT NULL,
      next_at bigint NOT NULL,
      last_error text NOT NULL,
      fingerprint text NOT NULL,
      state text NOT NULL CHECK (state IN ('retrying', 'dead')),
      PRIMARY KEY (relay, aggregatetype, aggregateid)
    )
    """,
  ]

  private static let inbox = [
    """
    CREATE TABLE inbox (
      consumer varchar(255) NOT NULL,
      event_id uuid NOT NULL,
      seen_at bigint NOT NULL,
      PRIMARY KEY (consumer, event_id)
    )
    """,
    "CREATE INDEX inbox_seen ON inbox (seen_at)",
    """
    CREATE TABLE inbox_hwm (
      consumer varchar(255) NOT NULL,
      aggregatetype varchar(255) NOT NULL,
      aggregateid varchar(255) NOT NULL,
      version bigint NOT NULL,
      PRIMARY KEY (consumer, aggregatetype, aggregateid)
    ) WITH (fillfactor = 80)
    """,
    """
    CREATE TABLE inbox_parked (
      consumer varchar(255) NOT NULL,
      aggregatetype varchar(255) NOT NULL,
      aggregateid varchar(255) NOT NULL,
      aggregateversion bigint NOT NULL,
      event_id uuid NOT NULL,
      type varchar(255) NOT NULL,
      payload bytea NOT NULL,
      occurred_at bigint NOT NULL,
      headers jsonb NOT NULL,
      schema_version int NOT NULL,
      tenant varchar(255),
      payload_ref text,
      attempts int NOT NULL,
      next_at bigint NOT NULL,
      last_error text NOT NULL,
      fingerprint text NOT NULL,
      state text NOT NULL CHECK (state IN ('waiting', 'retrying', 'dead')),
      PRIMARY KEY (consumer, aggregatetype, aggregateid, aggregateversion)
    )
    """,
    "CREATE INDEX inbox_parked_due ON inbox_parked (consumer, state, next_at)",
  ]

  /// Attempts of consumers that began and whose end is not known. Rows come and go, so half of each
  /// page stays free.
  private static let attempts = """
    CREATE TABLE inbox_attempt (
      consumer varchar(255) NOT NULL,
      aggregatetype varchar(255) NOT NULL,
      aggregateid varchar(255) NOT NULL,
      aggregateversion bigint NOT NULL,
      owner text NOT NULL,
      begun int NOT NULL,
      began_at bigint NOT NULL,
      PRIMARY KEY (consumer, aggregatetype, aggregateid, aggregateversion)
    ) WITH (fillfactor = 50)
    """

  /// What operators did, and to what.
  private static let audit = """
    CREATE TABLE messaging_audit (
      n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at bigint NOT NULL,
      actor text NOT NULL,
      action text NOT NULL,
      reason text NOT NULL,
      relay varchar(255),
      consumer varchar(255),
      aggregatetype varchar(255) NOT NULL,
      aggregateid varchar(255) NOT NULL,
      position bigint NOT NULL,
      attempts int NOT NULL,
      last_error text NOT NULL
    )
    """

  /// Snapshots mean nothing outside of the database that took them, so the tables know which one
  /// that is.
  private static func database(_ layout: PostgreSQLOutboxLayout) -> String {
    """
    CREATE TABLE messaging_database AS
      SELECT \(identity), 1::bigint AS db_epoch,
        '\(layout.partition.rawValue)'::text AS partition_width
    """
  }

  /// Which database this is: the cluster's own number and the database's within it.
  package static let identity = """
    (SELECT system_identifier FROM pg_control_system()) AS system_identifier,
        (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database_oid
    """
}
