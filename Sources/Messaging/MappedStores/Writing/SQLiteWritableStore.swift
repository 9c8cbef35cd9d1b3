// SPDX-License-Identifier: Apache-2.0

package import DataMapping
internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// A file of SQLite whose data moves.
package struct SQLiteWritableStore: WritableStore {
  private let path: String
  private let queue: DatabaseQueue

  package init(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw StoreFailure(.unusable, "there is no file \(path)")
    }
    self.path = path
    var configuration = Configuration()
    // A process that writes is waited for, up to the patience of each transaction.
    configuration.busyMode = .timeout(30)
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
    } catch {
      throw StoreFailure(sqlite: error, path)
    }
  }

  package var kind: StoreKind { .sqlite }

  package func close() { try? queue.close() }

  package func run(
    _ statements: [StoreStatement], waiting patience: Duration
  ) async throws -> [[[String?]]] {
    let (seconds, fraction) = patience.components
    let milliseconds = max(1, seconds * 1_000 + fraction / 1_000_000_000_000_000)
    do {
      return try await queue.writeWithoutTransaction { db in
        sqlite3_busy_timeout(db.sqliteConnection, Int32(clamping: milliseconds))
        var results: [[[String?]]] = []
        // Who only looks is in no writer's way.
        let isLooking = statements.allSatisfy { $0.sql.hasPrefix("SELECT") }
        try db.inTransaction(isLooking ? .deferred : .immediate) {
          // Rows of one batch may refer to each other, in any order.
          if !isLooking { try db.execute(sql: "PRAGMA defer_foreign_keys = ON") }
          results = try statements.map { try run($0, db) }
          return .commit
        }
        return results
      }
    } catch {
      throw StoreFailure(sqlite: error, path)
    }
  }

  private func run(_ statement: StoreStatement, _ db: Database) throws -> [[String?]] {
    if statement.sql.hasPrefix("SELECT") {
      return try Row.fetchAll(db, sql: statement.sql).map { row in
        row.databaseValues.map { value in
          value.isNull ? nil : String.fromDatabaseValue(value) ?? "\(value)"
        }
      }
    }
    if statement.values.isEmpty {
      try db.execute(sql: statement.sql)
    } else {
      let prepared = try db.cachedStatement(sql: statement.sql)
      let handle = prepared.sqliteStatement
      try SQLiteBinding.bind(statement.values, to: handle, path)
      let code = sqlite3_step(handle)
      let message = db.lastErrorMessage
      sqlite3_reset(handle)
      guard code == SQLITE_DONE else {
        throw DatabaseError(
          resultCode: ResultCode(rawValue: code), message: message, sql: statement.sql)
      }
    }
    if statement.mustMatch, db.changesCount == 0 { throw StoreFailure.overtaken(path) }
    if let writes = statement.writes, db.changesCount < writes { throw StoreFailure.foreign(path) }
    return []
  }
}
