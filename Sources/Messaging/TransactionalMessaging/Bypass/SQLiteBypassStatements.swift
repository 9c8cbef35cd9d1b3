// SPDX-License-Identifier: Apache-2.0

/// An audit in SQLite, where triggers run for each row, and know neither the transaction nor the
/// statement.
///
/// A note holds what the connection had changed before the statement, a number that only grows. So
/// a library that knows where its transaction began knows its own notes, which are the last ones:
/// `SQLiteOutbox.append` takes them away. Of one kind of change one note an hour is enough, so bulk
/// changes cost little and the table stays small.
package struct SQLiteBypassStatements: BypassDialect {
  let triggers = ["insert", "update", "delete"]
  let preparation: [String] = []
  let identity: NamedStatement? = nil

  let place = NamedStatement(
    """
    SELECT '', (SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'outbox'),
      (SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'bypass_schema')
    """)

  let table = NamedStatement(
    """
    SELECT '', name, CASE WHEN sql LIKE 'CREATE VIRTUAL%' THEN 0 ELSE 1 END FROM sqlite_master
    WHERE type = 'table' AND name = :table COLLATE NOCASE AND substr(name, 1, 7) <> 'sqlite_'
    """)

  func installedVersion(schema: String) -> NamedStatement {
    NamedStatement("SELECT MAX(version) FROM bypass_schema")
  }

  func tables(schema: String) -> [String] {
    [
      """
      CREATE TABLE bypass_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT
      """,
      "CREATE TABLE bypass_table (table_name TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT",
      """
      CREATE TABLE bypass_write (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        table_name TEXT NOT NULL,
        operation TEXT NOT NULL,
        hour INTEGER NOT NULL,
        changes INTEGER NOT NULL
      ) STRICT
      """,
      "CREATE INDEX bypass_write_kind ON bypass_write (table_name, operation, hour)",
    ]
  }

  func foundation(schema: String) -> [String] {
    [
      """
      INSERT OR IGNORE INTO bypass_schema (version, applied_at)
      VALUES (\(BypassAudit.version), \(Self.seconds) * 1000)
      """
    ]
  }

  /// Seconds since 1970, also for a library of SQLite that knows no `unixepoch`.
  private static let seconds = "CAST(strftime('%s', 'now') AS INTEGER)"

  func watch(_ table: BypassTable, schema: String) -> [String] {
    triggers.map { operation in
      let kind = """
        table_name = \(BypassTable.literal(table.name))
              AND operation = '\(operation.uppercased())' AND hour = \(Self.seconds) / 3600
        """
      return """
        CREATE TRIGGER \(trigger(operation, table)) AFTER \(operation.uppercased())
        ON \(table.quoted) BEGIN
          INSERT INTO bypass_write (at, table_name, operation, hour, changes)
          SELECT \(Self.seconds) * 1000, \(BypassTable.literal(table.name)),
            '\(operation.uppercased())', \(Self.seconds) / 3600, total_changes()
          WHERE NOT EXISTS (SELECT 1 FROM bypass_write
            WHERE \(kind));
        END
        """
    }
  }

  func unwatch(_ table: BypassTable, schema: String) -> [String] {
    triggers.map { "DROP TRIGGER IF EXISTS \(trigger($0, table))" }
  }

  private func trigger(_ operation: String, _ table: BypassTable) -> String {
    BypassTable.quote("\(BypassAudit.prefix)\(operation)_\(table.name)")
  }

  func register(_ table: BypassTable, schema: String, at now: Int64) -> String {
    """
    INSERT OR IGNORE INTO bypass_table (table_name, since)
    VALUES (\(BypassTable.literal(table.name)), \(now))
    """
  }

  func unregister(_ table: BypassTable, schema: String) -> String {
    "DELETE FROM bypass_table WHERE table_name = \(BypassTable.literal(table.name))"
  }

  func removal(schema: String) -> [String] {
    ["bypass_write", "bypass_table", "bypass_schema"].map { "DROP TABLE \($0)" }
  }

  func watched(schema: String) -> NamedStatement {
    NamedStatement(
      """
      SELECT '', w.table_name, w.since,
        (SELECT COUNT(*) FROM sqlite_master t WHERE t.type = 'trigger'
          AND t.tbl_name = w.table_name
          AND substr(t.name, 1, \(BypassAudit.prefix.count)) = '\(BypassAudit.prefix)'),
        (SELECT COUNT(*) FROM sqlite_master t WHERE t.type = 'table' AND t.name = w.table_name)
      FROM bypass_table w ORDER BY w.table_name
      """)
  }

  func condition(schema: String) -> NamedStatement { NamedStatement("SELECT 1, 0") }

  func findings(schema: String) -> NamedStatement {
    NamedStatement(
      """
      SELECT '', table_name, operation, NULL, NULL, NULL, COUNT(*), MIN(at), MAX(at)
      FROM bypass_write GROUP BY table_name, operation
      ORDER BY COUNT(*) DESC, table_name, operation LIMIT CAST(:most AS BIGINT)
      """)
  }

  func counts(schema: String) -> NamedStatement {
    NamedStatement("SELECT '', table_name, COUNT(*) FROM bypass_write GROUP BY table_name")
  }

  func prune(schema: String) -> NamedStatement {
    NamedStatement("DELETE FROM bypass_write WHERE at < :before RETURNING 1")
  }

  // MARK: - What the library does for a transaction that appended an event

  /// Whether there is an audit.
  package static let exists = """
    SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'bypass_write')
    """

  /// Takes away the notes of the transaction: those at the end that were made while the connection
  /// went from `:start` changes to `:now`.
  package static let cover = """
    DELETE FROM bypass_write WHERE n > COALESCE((SELECT n FROM bypass_write
      WHERE changes < :start OR changes >= :now ORDER BY n DESC LIMIT 1), 0)
    """

  package static let last = "SELECT COALESCE(MAX(n), 0) FROM bypass_write"

  /// Takes away those that were made behind the last event of a transaction.
  package static let coverRest = """
    DELETE FROM bypass_write WHERE n > :after AND changes >= :start AND changes < :now
    """
}
