// SPDX-License-Identifier: Apache-2.0

public import GRDB
import TransactionalMessaging

/// Creates and upgrades the tables of outbox, relay and inbox.
public enum SQLiteMessageTables {
  /// What a committed event survives.
  public enum Durability: Sendable {
    /// A power failure too: `PRAGMA synchronous = FULL`, one sync per commit.
    case powerFailure
    /// A killed process, not a power failure: leaves the connection's setting as it is.
    case processCrash
  }

  /// Brings the tables up to date in one transaction; does nothing when they are.
  ///
  /// GRDB's `DatabasePool` sets `synchronous = NORMAL` when it opens: after a power cut the last
  /// commits may be missing at the producer although consumers saw their events. The default sets
  /// `FULL` on the writer's connection, for as long as it is open, so call this at each start.
  ///
  /// - Throws: `MessageStoreError` with code `newerSchema`, or GRDB's error.
  public static func install(
    in writer: some DatabaseWriter, surviving durability: Durability = .powerFailure
  ) throws {
    if durability == .powerFailure {
      try writer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    }
    try writer.write { try install(in: $0) }
  }

  /// Only the tables, inside a transaction of the caller such as a step of her own
  /// `DatabaseMigrator`; durability stays as the connection has it.
  ///
  /// - Throws: `MessageStoreError` with code `outsideTransaction` or `newerSchema`, or GRDB's
  /// error.
  public static func install(in db: Database) throws {
    guard db.isInsideTransaction else {
      throw MessageStoreError(
        .outsideTransaction,
        "the message tables are created all or nothing; call install inside a write transaction")
    }
    for statement in try pending(in: db) { try db.execute(sql: statement) }
  }

  /// The statements that `install` would run, in order; none when the tables are up to date.
  ///
  /// - Throws: `MessageStoreError` with the code `newerSchema`, or GRDB's error.
  public static func pending(in db: Database) throws -> [String] {
    let isNew = try !db.tableExists("messaging_schema")
    let applied =
      try isNew ? 0 : Int.fetchOne(db, sql: "SELECT MAX(version) FROM messaging_schema") ?? 0
    let newest = SQLiteMessagingSchema.migrations.map(\.version).max() ?? 0
    guard applied <= newest else {
      throw MessageStoreError(
        .newerSchema,
        "the message tables have version \(applied), this build knows \(newest); update it")
    }
    let missing = SQLiteMessagingSchema.migrations.filter { $0.version > applied }
    return (isNew ? [SQLiteMessagingSchema.versionTable] : [])
      + missing.flatMap { migration in
        migration.statements + [
          """
          INSERT INTO messaging_schema (version, applied_at)
          VALUES (\(migration.version), unixepoch() * 1000)
          """
        ]
      }
  }
}
