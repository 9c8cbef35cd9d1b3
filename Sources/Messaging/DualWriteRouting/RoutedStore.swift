// SPDX-License-Identifier: Apache-2.0

internal import DataMapping
public import GRDB

#if PostgreSQL
  public import MessageStorePostgreSQL
  internal import TransactionalMessaging
#endif

/// The store of one side, as a router asks it.
public struct RoutedStore: Sendable {
  let kind: StoreKind
  /// Runs a statement that reads and gives its rows as texts; NULL is nil.
  let ask: @Sendable (_ sql: String) async throws -> [[String?]]

  /// A database of SQLite.
  public static func sqlite(_ writer: any DatabaseWriter) -> RoutedStore {
    RoutedStore(kind: .sqlite) { sql in try await writer.read { try texts($0, sql) } }
  }

  static func texts(_ db: Database, _ sql: String) throws -> [[String?]] {
    try Row.fetchAll(db, sql: sql).map { row in
      row.databaseValues.map { value in
        value.isNull ? nil : String.fromDatabaseValue(value) ?? "\(value)"
      }
    }
  }

  #if PostgreSQL
    /// A database of PostgreSQL.
    public static func postgreSQL(_ database: PostgreSQLDatabase) -> RoutedStore {
      RoutedStore(kind: .postgreSQL) { sql in try await database.query(sql).map(texts) }
    }

    static func texts(_ row: SQLRow) -> [String?] { (0..<row.count).map { row.text($0) } }
  #endif
}

/// What to do on one side: a closure that the router runs in a transaction of that side's store.
///
/// For a write it may run more than once, on the one side or the other, of which at most one run is
/// committed.
public struct RoutedWork<Value: Sendable>: Sendable {
  /// Runs it; a write is admitted first, and says what it noted last.
  let run: @Sendable (_ admission: Admission?) async throws -> (value: Value, note: Int64)

  /// Work on a database of SQLite.
  public static func sqlite(
    _ writer: any DatabaseWriter, _ body: @escaping @Sendable (Database) throws -> Value
  ) -> RoutedWork {
    RoutedWork { admission in
      guard let admission else { return (try await writer.read(body), 0) }
      return try await writer.write { db in
        let isFenced = try RoutedStore.texts(db, admission.hasFences(.sqlite)).first?.first == "1"
        let fence = isFenced ? try RoutedStore.texts(db, admission.fence(.sqlite)) : []
        try admission.check(fence)
        let value = try body(db)
        guard RouterStatements.isNoting(fence) else { return (value, 0) }
        return (value, Admission.number(try RoutedStore.texts(db, admission.lastNote(.sqlite))))
      }
    }
  }

  #if PostgreSQL
    /// Work on a database of PostgreSQL.
    public static func postgreSQL(
      _ database: PostgreSQLDatabase,
      _ body: @escaping @Sendable (PostgreSQLTransaction) async throws -> Value
    ) -> RoutedWork {
      RoutedWork { admission in
        try await database.transaction { transaction in
          guard let admission else { return (try await body(transaction), 0) }
          func ask(_ sql: String) async throws -> [[String?]] {
            try await transaction.query(sql).map(RoutedStore.texts)
          }
          if let lock = admission.lock(.postgreSQL) { _ = try await ask(lock) }
          let isFenced = try await ask(admission.hasFences(.postgreSQL)).first?.first == "1"
          let fence = isFenced ? try await ask(admission.fence(.postgreSQL)) : []
          try admission.check(fence)
          let value = try await body(transaction)
          guard RouterStatements.isNoting(fence) else { return (value, 0) }
          return (value, Admission.number(try await ask(admission.lastNote(.postgreSQL))))
        }
      }
    }
  #endif
}

/// Asks, within the transaction of a write, whether a side takes it.
struct Admission: Sendable {
  /// The side takes no writes now; nothing was written.
  struct Refused: Error {}

  let side: Doubt.Side
  let statements: RouterStatements

  func hasFences(_ kind: StoreKind) -> String { statements.hasFences(kind) }
  func lock(_ kind: StoreKind) -> String? { statements.lock(kind) }
  func fence(_ kind: StoreKind) -> String { statements.fence(side, kind) }
  func lastNote(_ kind: StoreKind) -> String { statements.lastNote(side, kind) }

  func check(_ fence: [[String?]]) throws {
    guard RouterStatements.isAdmitted(side, fence) else { throw Refused() }
  }

  static func number(_ rows: [[String?]]) -> Int64 {
    rows.first?.first.flatMap { $0 }.flatMap { Int64($0) } ?? 0
  }

  /// Whether an error is a store's refusal of a write that another mapping's fence does not take.
  static func isRefusal(_ error: any Error) -> Bool {
    if error is Refused { return true }
    if let error = error as? DatabaseError {
      return error.message?.hasPrefix(FenceStatements.refusal) == true
    }
    #if PostgreSQL
      if let error = error as? MessageStoreError {
        return error.sqlState == FenceStatements.refusalState
      }
    #endif
    return false
  }
}
