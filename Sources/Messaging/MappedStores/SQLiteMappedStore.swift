// SPDX-License-Identifier: Apache-2.0

package import DataMapping
internal import Foundation
internal import GRDB

/// A file of SQLite; others may write it meanwhile.
package struct SQLiteMappedStore: MappedStore {
  /// Counting more rows than that is left to those who copy them.
  private static let mostCounted = 5_000_000
  /// How long another process that writes is waited for, seconds.
  private static let busyTimeout = 5.0

  private let path: String
  private let queue: DatabaseQueue

  package init(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw StoreFailure(.unusable, "there is no file \(path)")
    }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(Self.busyTimeout)
    configuration.prepareDatabase { db in db.add(function: Self.isUTF8) }
    self.path = path
    if FileManager.default.fileExists(atPath: path + "-journal") { Self.recover(path) }
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
    } catch {
      throw StoreFailure(.unusable, "\(path): \(error)")
    }
  }

  /// Whether bytes are UTF-8, which SQLite does not ask of its texts.
  private static var isUTF8: DatabaseFunction {
    DatabaseFunction("is_utf8", argumentCount: 1, pure: true) { values in
      guard let data = Data.fromDatabaseValue(values[0]) else { return nil }
      return String(validating: data, as: UTF8.self) == nil ? 0 : 1
    }
  }

  /// Rolls back what a process that was killed left half done: a connection that only reads cannot
  /// (https://www.sqlite.org/rescode.html#readonly_rollback).
  static func recover(_ path: String) {
    guard let queue = try? DatabaseQueue(path: path) else { return }
    _ = try? queue.writeWithoutTransaction { db in
      try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master")
    }
    try? queue.close()
  }

  package func close() { try? queue.close() }

  package func snapshot() async throws -> any StoreSnapshot {
    do {
      return try await SQLiteSnapshot(path, busyTimeout: Self.busyTimeout)
    } catch let failure as StoreFailure where failure.code == .denied {
      // Left half done since the store was opened.
      Self.recover(path)
      return try await SQLiteSnapshot(path, busyTimeout: Self.busyTimeout)
    }
  }

  // MARK: - Schema

  package func schema(of tables: Set<String>, within limit: Duration) async throws -> StoreSchema {
    try await read(within: limit) { db in
      let names = try String.fetchAll(
        db,
        sql: """
          SELECT name FROM sqlite_master
            WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'
          ORDER BY name
          """)
      let known = tables.intersection(names).sorted()
      return StoreSchema(
        .sqlite, encoding: try String.fetchOne(db, sql: "PRAGMA encoding") ?? "",
        tableNames: names, tables: try known.map { try Self.table($0, db) })
    }
  }

  private static func table(_ name: String, _ db: Database) throws -> TableSchema {
    let rows = try Row.fetchAll(
      db, sql: "SELECT * FROM pragma_table_xinfo(?) WHERE hidden <> 1", arguments: [name])
    let parts: [(name: String, place: Int)] = rows.map { ($0["name"], $0["pk"]) }
    let primaryKey = parts.filter { $0.place > 0 }.sorted { $0.place < $1.place }.map(\.name)
    let columns = rows.map { row in
      let (column, declared): (String, String) = (row["name"], row["type"])
      let value: String? = row["dflt_value"]
      // Such a column is the row's number, which SQLite gives.
      let isNumber = primaryKey == [column] && declared.uppercased() == "INTEGER"
      return ColumnSchema(
        column, ColumnType(sqlite: declared), declaredType: declared.isEmpty ? "ANY" : declared,
        isNullable: row["notnull"] == 0 && !isNumber,
        hasDefault: isNumber || (value != nil && value?.uppercased() != "NULL"),
        isGenerated: row["hidden"] == 2 || row["hidden"] == 3)
    }
    let indexes = try String.fetchAll(
      db, sql: #"SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND partial = 0"#,
      arguments: [name])
    let keys = try indexes.compactMap { index -> [String]? in
      let parts = try Row.fetchAll(
        db, sql: "SELECT name FROM pragma_index_info(?) ORDER BY seqno", arguments: [index])
      let names: [String?] = parts.map { $0["name"] }
      return names.contains(nil) ? nil : names.compactMap(\.self)
    }
    let references = try String.fetchAll(
      db, sql: #"SELECT DISTINCT "table" FROM pragma_foreign_key_list(?)"#, arguments: [name])
    return TableSchema(
      name, columns: columns, primaryKey: primaryKey, uniqueKeys: keys,
      references: references.sorted())
  }

  // MARK: - Rows

  package func rows(
    _ sql: String, _ types: [ColumnType], within limit: Duration
  ) async throws -> [[FieldValue]] {
    try await read(within: limit) { db in
      let cursor = try Row.fetchCursor(db, sql: sql)
      var rows: [[FieldValue]] = []
      while let row = try cursor.next() {
        rows.append(
          types.enumerated().map { index, type in
            Self.value(row[2 * index], row[2 * index + 1] as DatabaseValue, type)
          })
      }
      return rows
    }
  }

  /// A field by its storage class; what its column does not say stays what it is.
  private static func value(
    _ storage: String, _ value: DatabaseValue, _ type: ColumnType
  ) -> FieldValue {
    switch value.storage {
    case .null: return .null
    case .int64(let number):
      switch type {
      case .boolean where (0...1).contains(number): return .boolean(number == 1)
      case .decimal: return .decimal(ExactDecimal(number))
      default: return .integer(number)
      }
    case .double(let number):
      if case .decimal = type, let exact = ExactDecimal(shortest: number) { return .decimal(exact) }
      return .real(number)
    case .string(let text): return .text(text)
    case .blob(let data):
      return storage == "text" ? .text(ExactText(bytes: Array(data))) : .bytes(Array(data))
    }
  }

  package func estimate(
    _ statements: MappingStatements, within limit: Duration
  ) async throws -> RowEstimate? {
    do {
      let count = try await read(within: limit) { db in
        try Int.fetchOne(db, sql: statements.count(limit: Self.mostCounted)) ?? 0
      }
      return count == Self.mostCounted ? .atLeast(count) : .exactly(count)
    } catch let failure as StoreFailure where failure.code == .timedOut {
      return nil
    }
  }

  /// Reads within one transaction; a statement that runs past its time is interrupted.
  private func read<Value: Sendable>(
    within limit: Duration, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    do {
      do {
        return try await attempt(within: limit, body)
      } catch let error as DatabaseError
        where error.resultCode.primaryResultCode == .SQLITE_READONLY
      {
        Self.recover(path)
        return try await attempt(within: limit, body)
      }
    } catch let error as DatabaseError {
      throw StoreFailure(.unusable, "\(path): \(error)")
    }
  }

  private func attempt<Value: Sendable>(
    within limit: Duration, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await queue.read(body) }
      group.addTask {
        try await Task.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      guard let first = try await group.next(), let value = first else {
        throw StoreFailure(.timedOut, "\(path): a statement did not end within \(limit)")
      }
      return value
    }
  }
}
