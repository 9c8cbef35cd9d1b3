// SPDX-License-Identifier: Apache-2.0

internal import DataMapping
internal import GRDB
internal import GRDBSQLite

/// A read transaction on a file of SQLite, over a connection of its own.
struct SQLiteSnapshot: StoreSnapshot {
  private let path: String
  private let queue: DatabaseQueue

  init(_ path: String, busyTimeout: Double) async throws {
    self.path = path
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(busyTimeout)
    // The transaction outlives the access that began it.
    configuration.allowsUnsafeTransactions = true
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
      try await queue.unsafeRead { db in try Self.begin(db) }
    } catch {
      throw StoreFailure(sqlite: error, path)
    }
  }

  private static func begin(_ db: Database) throws {
    try db.execute(sql: "BEGIN")
    // What is read first is what is seen from then on.
    _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master")
  }

  func rest() async throws {
    do {
      try await queue.unsafeRead { db in try db.execute(sql: "COMMIT") }
    } catch {
      throw StoreFailure(sqlite: error, path)
    }
  }

  func resume() async throws {
    do {
      try await queue.unsafeRead { db in try Self.begin(db) }
    } catch {
      throw StoreFailure(sqlite: error, path)
    }
  }

  func end() async {
    try? await queue.unsafeRead { db in try db.execute(sql: "COMMIT") }
    try? queue.close()
  }

  func fold<State: Sendable>(
    _ sql: String, _ types: [ColumnType], into state: State,
    _ take: @escaping @Sendable (inout State, RawRow) -> Void
  ) async throws -> State {
    do {
      return try await queue.unsafeRead { db in
        let statement = try db.makeStatement(sql: sql)
        var state = state
        var fields = [RawField](repeating: .null, count: types.count)
        let handle = statement.sqliteStatement
        defer { sqlite3_reset(handle) }
        while true {
          let code = sqlite3_step(handle)
          if code == SQLITE_DONE { return state }
          guard code == SQLITE_ROW else {
            throw DatabaseError(
              resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage, sql: sql)
          }
          for index in fields.indices { fields[index] = Self.field(handle, Int32(index)) }
          fields.withUnsafeBufferPointer { take(&state, $0) }
        }
      }
    } catch {
      throw StoreFailure(sqlite: error, path)
    }
  }

  private static func field(_ statement: SQLiteStatement, _ index: Int32) -> RawField {
    switch sqlite3_column_type(statement, index) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, index))
    case SQLITE_FLOAT: return .real(sqlite3_column_double(statement, index))
    case SQLITE_TEXT:
      let start = sqlite3_column_text(statement, index)
      return .text(
        UnsafeRawBufferPointer(
          start: start, count: Int(sqlite3_column_bytes(statement, index))))
    case SQLITE_BLOB:
      let start = sqlite3_column_blob(statement, index)
      return .bytes(
        UnsafeRawBufferPointer(
          start: start, count: Int(sqlite3_column_bytes(statement, index))))
    default: return .null
    }
  }
}

extension StoreFailure {
  /// What went wrong with a file of SQLite.
  init(sqlite error: any Error, _ path: String) {
    guard let error = error as? DatabaseError else {
      self = error as? StoreFailure ?? StoreFailure(.unusable, "\(path): \(error)")
      return
    }
    switch error.resultCode.primaryResultCode {
    case .SQLITE_FULL:
      self.init(.full, "\(path): the disk is full, or the file may not grow")
    case .SQLITE_CONSTRAINT where error.message?.hasPrefix(FenceStatements.refusal) == true:
      self.init(.fenced, "\(path): \(error.message ?? "")")
    case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG:
      self.init(.conflict, "\(path): \(error.message ?? "\(error)")")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(.locked, "\(path): another process writes it: \(error.message ?? "\(error)")")
    case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
      self.init(.denied, "\(path): it may not be opened or written: \(error.message ?? "\(error)")")
    default: self.init(.unusable, "\(path): \(error)")
    }
  }
}
