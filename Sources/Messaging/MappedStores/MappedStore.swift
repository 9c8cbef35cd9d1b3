// SPDX-License-Identifier: Apache-2.0

package import DataMapping

/// A store as it is looked at before anything is moved: it is read, in transactions that cannot
/// write, by statements that end.
package protocol MappedStore: Sendable {
  /// What it has of the tables, with the names of all of them.
  ///
  /// - Throws: `StoreFailure`, as all of these do.
  func schema(of tables: Set<String>, within limit: Duration) async throws -> StoreSchema

  /// The rows of a statement whose columns `SQLText.selected` wrote, with values of those types.
  func rows(
    _ sql: String, _ types: [ColumnType], within limit: Duration
  ) async throws -> [[FieldValue]]

  /// About how many rows a mapping copies; nil where that would take too long to find out.
  func estimate(_ statements: MappingStatements, within limit: Duration) async throws
    -> RowEstimate?

  /// Begins a transaction that sees one moment, over a connection of its own.
  func snapshot() async throws -> any StoreSnapshot

  /// Lets go of it.
  func close()
}

/// About how many rows there are.
package enum RowEstimate: Sendable, Hashable {
  case exactly(Int)
  /// As the store's statistics have it.
  case about(Int)
  /// Counting was stopped there.
  case atLeast(Int)

  package var rows: Int {
    switch self {
    case .exactly(let rows), .about(let rows), .atLeast(let rows): rows
    }
  }
}

/// Why a store could not be read or written.
package struct StoreFailure: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: Sendable, Hashable {
    /// A statement did not end in time.
    case timedOut
    /// It is not allowed.
    case denied
    /// There is no room.
    case full
    /// Somebody else went on meanwhile.
    case moved
    /// A lock was not to be had in time, or two transactions were in each other's way.
    case locked
    /// A row that the store does not take.
    case conflict
    /// A row that is there already and is not the mapping's.
    case foreign
    /// The fence of a mapping does not let it be written.
    case fenced
    /// There is no connection to it.
    case unreachable
    /// Anything else.
    case unusable
  }

  package let code: Code
  package let description: String

  package init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  static func unreadableFence(_ mapping: String, _ side: Doubt.Side) -> StoreFailure {
    StoreFailure(
      .unusable,
      "what \(FenceStatements.table) says of \(mapping) in \(side.title) cannot be read")
  }

  static func withoutPostgreSQL(_ url: String) -> StoreFailure {
    StoreFailure(
      .unusable,
      "\(url): this build has no PostgreSQL: build strangler with "
        + "\"swift build --traits PostgreSQL\"")
  }
}

extension DataSettings.Place {
  /// Opens the store.
  package func open() throws -> any MappedStore {
    switch self {
    case .file(let path): return try SQLiteMappedStore(path)
    case .postgreSQL(let url):
      #if PostgreSQL
        return try PostgreSQLMappedStore(url)
      #else
        throw StoreFailure.withoutPostgreSQL(url)
      #endif
    }
  }
}
