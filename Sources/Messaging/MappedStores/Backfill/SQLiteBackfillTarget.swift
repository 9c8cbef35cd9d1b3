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
          sql: "INSERT OR REPLACE INTO \(BackfillPosition.table) VALUES (?, ?, ?, ?, '', ?, ?, ?)",
          arguments: [
            mapping, position.fingerprint, position.step, position.encodedLast, position.read,
            position.added, position.isFinished ? 1 : 0,
          ])
      }
    }
  }

  package func add(
    _ rows: [[FieldValue]], _ statements: MappingStatements, _ mapping: String,
    to position: BackfillPosition, key: String
  ) async throws -> Int {
    try await reporting {
      try await queue.write { db in
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
        let statement = try db.makeStatement(sql: statements.addsOne)
        var added = 0
        for row in rows {
          try Self.bind(row, to: statement.sqliteStatement, path)
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
        return added
      }
    }
  }

  private static func bind(
    _ row: [FieldValue], to statement: SQLiteStatement, _ path: String
  ) throws {
    for (place, value) in row.enumerated() {
      let index = Int32(place + 1)
      switch value {
      case .null: sqlite3_bind_null(statement, index)
      case .integer(let number): sqlite3_bind_int64(statement, index, number)
      case .boolean(let truth): sqlite3_bind_int64(statement, index, truth ? 1 : 0)
      case .realBits(let bits):
        let number = Double(bitPattern: bits)
        // SQLite would store it as NULL.
        guard !number.isNaN else { throw inexact(value, path) }
        sqlite3_bind_double(statement, index, number)
      case .decimal(let number):
        if let whole = number.integer {
          sqlite3_bind_int64(statement, index, whole)
        } else if ExactDecimal(shortest: number.real) == number {
          sqlite3_bind_double(statement, index, number.real)
        } else {
          throw inexact(value, path)
        }
      case .text(let text): Self.bind(text.bytes, asText: true, statement, index)
      case .bytes(let bytes): Self.bind(bytes, asText: false, statement, index)
      case .timestamp: throw inexact(value, path)
      }
    }
  }

  private static func inexact(_ value: FieldValue, _ path: String) -> StoreFailure {
    StoreFailure(.unusable, "\(path): SQLite cannot hold \(value) as it is")
  }

  private static func bind(
    _ bytes: [UInt8], asText: Bool, _ statement: SQLiteStatement, _ index: Int32
  ) {
    // SQLite copies the bytes before the call returns.
    let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    bytes.withUnsafeBytes { buffer in
      if asText {
        let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
        // A nil pointer would be NULL.
        guard let start else {
          _ = sqlite3_bind_text(statement, index, "", 0, copied)
          return
        }
        _ = sqlite3_bind_text(statement, index, start, Int32(clamping: buffer.count), copied)
      } else if buffer.isEmpty {
        _ = sqlite3_bind_zeroblob(statement, index, 0)
      } else {
        _ = sqlite3_bind_blob(
          statement, index, buffer.baseAddress, Int32(clamping: buffer.count), copied)
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
