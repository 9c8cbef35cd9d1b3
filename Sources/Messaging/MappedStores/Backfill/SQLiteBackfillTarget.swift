// SPDX-License-Identifier: Apache-2.0

package import DataMapping
internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// A file of SQLite that a backfill writes.
package struct SQLiteBackfillTarget: BackfillTarget {
  /// How long another process that writes is waited for, seconds.
  private static let busyTimeout = 30.0

  private let path: String
  private let queue: DatabaseQueue

  package init(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw StoreFailure(.unusable, "there is no file \(path)")
    }
    var configuration = Configuration()
    configuration.busyMode = .timeout(Self.busyTimeout)
    self.path = path
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
    } catch {
      throw StoreFailure(sqlite: error, path)
    }
  }

  package func close() { try? queue.close() }

  package func position(of mapping: String) async throws -> BackfillPosition? {
    try await reporting {
      try await queue.read { db in
        guard try db.tableExists(BackfillPosition.table),
          let row = try Row.fetchOne(
            db, sql: "SELECT * FROM \(BackfillPosition.table) WHERE mapping = ?",
            arguments: [mapping])
        else { return nil }
        var position = BackfillPosition(fingerprint: row["fingerprint"])
        guard let last = BackfillPosition.last(of: row["position"]) else {
          throw StoreFailure.unreadable(mapping)
        }
        position.step = row["step"]
        position.last = last
        position.read = row["read_rows"]
        position.added = row["added_rows"]
        position.isFinished = row["finished"] == 1
        return position
      }
    }
  }

  package func begin(_ mapping: String, at position: BackfillPosition) async throws {
    try await reporting {
      try await queue.write { db in
        try db.execute(
          sql: """
            CREATE TABLE IF NOT EXISTS \(BackfillPosition.table) (
              mapping TEXT PRIMARY KEY NOT NULL, fingerprint TEXT NOT NULL, step INTEGER NOT NULL,
              position TEXT NOT NULL, last_key TEXT NOT NULL, read_rows INTEGER NOT NULL,
              added_rows INTEGER NOT NULL, finished INTEGER NOT NULL)
            """)
        try db.execute(
          sql: "INSERT INTO \(BackfillPosition.table) VALUES (?, ?, ?, ?, '', ?, ?, ?)\n"
            + BackfillPosition.replacesOlder,
          arguments: [
            mapping, position.fingerprint, position.step, position.encodedLast, position.read,
            position.added, position.isFinished ? 1 : 0,
          ])
        guard db.changesCount == 1 else { throw StoreFailure.moved(mapping) }
      }
    }
  }

  package func add(
    _ rows: [[FieldValue]], _ statements: MappingStatements, _ mapping: String,
    to position: BackfillPosition, key: String
  ) async throws -> Int {
    try await reporting {
      try await queue.write { db in
        // Rows of one chunk may refer to each other, in any order.
        try db.execute(sql: "PRAGMA defer_foreign_keys = ON")
        try db.execute(
          sql: """
            UPDATE \(BackfillPosition.table) SET step = ?, position = ?, last_key = ?,
              read_rows = ?, finished = ? WHERE mapping = ? AND step = ?
            """,
          arguments: [
            position.step, position.encodedLast, key, position.read, position.isFinished ? 1 : 0,
            mapping, position.step - 1,
          ])
        guard db.changesCount == 1 else { throw StoreFailure.moved(mapping) }
        let fence = FenceStatements(statements, .new)
        let isFenced = try db.tableExists(FenceStatements.table)
        if isFenced { for part in fence.openBackfill { try db.execute(sql: part.sql) } }
        let statement = try db.makeStatement(sql: statements.addsOne)
        var added = 0
        for row in rows {
          try SQLiteBinding.bind(row, to: statement.sqliteStatement, path)
          let code = sqlite3_step(statement.sqliteStatement)
          let message = db.lastErrorMessage
          sqlite3_reset(statement.sqliteStatement)
          guard code == SQLITE_DONE else {
            throw DatabaseError(
              resultCode: ResultCode(rawValue: code), message: message, sql: statements.addsOne)
          }
          added += db.changesCount
        }
        try db.execute(
          sql: "UPDATE \(BackfillPosition.table) SET added_rows = added_rows + ? WHERE mapping = ?",
          arguments: [added, mapping])
        if isFenced { for part in fence.close { try db.execute(sql: part.sql) } }
        return added
      }
    }
  }

  private func reporting<Value: Sendable>(
    _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch {
      throw StoreFailure(sqlite: error, path)
    }
  }
}
