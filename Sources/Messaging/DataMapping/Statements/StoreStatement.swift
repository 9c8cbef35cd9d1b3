// SPDX-License-Identifier: Apache-2.0

/// A statement that changes a store, or asks it within a transaction that does.
package struct StoreStatement: Sendable, Hashable {
  package let sql: String
  /// What its question marks stand for; SQLite's only, PostgreSQL's statements hold their values.
  package var values: [FieldValue]
  /// Whether the whole transaction is undone where it changes no row.
  package var mustMatch: Bool
  /// How many rows it has to write, or else it writes over rows of others and the whole transaction
  /// is undone; nil for any number.
  package var writes: Int?

  package init(
    _ sql: String, _ values: [FieldValue] = [], mustMatch: Bool = false, writes: Int? = nil
  ) {
    self.sql = sql
    self.values = values
    self.mustMatch = mustMatch
    self.writes = writes
  }
}

extension SQLText {
  /// Integers and texts as this kind of store names them.
  var bigint: String { kind == .sqlite ? "INTEGER" : "bigint" }
  /// A number that the store gives to each row, growing.
  var numbered: String {
    kind == .sqlite
      ? "INTEGER PRIMARY KEY AUTOINCREMENT"
      : "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
  }

  /// Whether there is a table, as 1 or 0.
  package func isThere(_ table: String) -> StoreStatement {
    StoreStatement(
      kind == .sqlite
        ? "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = \(quoted(table))"
        : "SELECT CASE WHEN to_regclass(\(quoted(name(table)))) IS NULL THEN 0 ELSE 1 END")
  }

  /// Where PostgreSQL makes tables that are named without their schema.
  package var schemaName: StoreStatement {
    StoreStatement(kind == .sqlite ? "SELECT 'main'" : "SELECT current_schema()")
  }
}
