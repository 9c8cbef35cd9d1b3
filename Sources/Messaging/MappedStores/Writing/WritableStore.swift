// SPDX-License-Identifier: Apache-2.0

package import DataMapping

/// A store as the moving of its data changes it.
package protocol WritableStore: Sendable {
  var kind: StoreKind { get }

  /// Runs statements in one transaction.
  ///
  /// - Parameter patience: how long a lock that others hold is waited for.
  /// - Returns: the rows of each statement, as texts; NULL is nil.
  /// - Throws: `StoreFailure`, with the code `moved` where a statement that must match changed
  ///   nothing. Nothing of the transaction took effect then, unless the connection was lost.
  @discardableResult
  func run(
    _ statements: [StoreStatement], waiting patience: Duration
  ) async throws -> [[[String?]]]

  func close()
}

extension WritableStore {
  @discardableResult
  package func run(_ statements: [StoreStatement]) async throws -> [[[String?]]] {
    try await run(statements, waiting: .seconds(30))
  }

  /// Whether a statement of `SQLText.isThere` finds what it asks for.
  func holds(_ statement: StoreStatement) async throws -> Bool {
    try await run([statement]).first?.first?.first == "1"
  }
}

extension DataSettings.Place {
  /// Opens the store for what moves its data.
  package func openWritable() throws -> any WritableStore {
    switch self {
    case .file(let path): return try SQLiteWritableStore(path)
    case .postgreSQL(let url):
      #if PostgreSQL
        return try PostgreSQLWritableStore(url)
      #else
        throw StoreFailure.withoutPostgreSQL(url)
      #endif
    }
  }
}

extension StoreFailure {
  static func foreign(_ place: String) -> StoreFailure {
    StoreFailure(
      .foreign, "\(place): a row with that key is not the mapping's; nothing was written")
  }

  static func overtaken(_ place: String) -> StoreFailure {
    StoreFailure(.moved, "\(place): somebody else went on meanwhile; nothing was written")
  }
}
