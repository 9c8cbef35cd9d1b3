// SPDX-License-Identifier: Apache-2.0

package import DataMapping

/// The new store as a backfill writes it: rows and position in one transaction, so that a backfill
/// which was killed goes on where it was.
package protocol BackfillTarget: Sendable {
  /// The position of a mapping; nil where there is none. Changes nothing.
  ///
  /// - Throws: `StoreFailure`, as all of these do.
  func position(of mapping: String) async throws -> BackfillPosition?

  /// Makes the table of positions where it is missing, and stores a position to begin with.
  ///
  /// - Throws: `StoreFailure`, with the code `moved` unless the step that is there is behind its.
  func begin(_ mapping: String, at position: BackfillPosition) async throws

  /// Adds the rows whose keys are not there and moves the position by one step, both or nothing.
  ///
  /// - Parameter key: the last key, for people.
  /// - Returns: how many were added.
  /// - Throws: `StoreFailure` with the code `moved` when another backfill moved the position.
  func add(
    _ rows: [[FieldValue]], _ statements: MappingStatements, _ mapping: String,
    to position: BackfillPosition, key: String
  ) async throws -> Int

  func close()
}

extension DataSettings.Place {
  /// Opens the store for writing.
  package func openTarget() throws -> any BackfillTarget {
    switch self {
    case .file(let path): return try SQLiteBackfillTarget(path)
    case .postgreSQL(let url):
      #if PostgreSQL
        return try PostgreSQLBackfillTarget(url)
      #else
        throw StoreFailure.withoutPostgreSQL(url)
      #endif
    }
  }
}

extension StoreFailure {
  static func moved(_ mapping: String) -> StoreFailure {
    StoreFailure(
      .moved,
      "another backfill of \(mapping) went on meanwhile, or its writes moved; this one wrote "
        + "nothing more")
  }

  static func unreadable(_ mapping: String) -> StoreFailure {
    StoreFailure(
      .unusable,
      "the position of \(mapping) in \(BackfillPosition.table) cannot be read; begin again with "
        + "--from-start")
  }
}
