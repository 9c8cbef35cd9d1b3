// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import GRDB

/// A SQLite file that somebody named, and that may be anything: it is looked at before it is
/// written, since a database changes in the moment in which it is opened to be written.
package struct SQLiteFile: Sendable {
  package enum Content: Sendable, Equatable {
    /// There is no such file, or nothing is in it.
    case nothing
    /// Tables of ours, of this version or another.
    case ours
    /// Somebody else's.
    case foreign
  }

  /// Seconds that another process may hold it up.
  private static let patience = 5.0
  /// Where a migrator keeps what it has done; made before it does anything.
  private static let bookkeeping = "grdb_migrations"

  private let path: String
  private let firstMigration: String

  /// - Parameter firstMigration: name of the one by which the tables came to be.
  package init(_ path: String, firstMigration: String) {
    self.path = path
    self.firstMigration = firstMigration
  }

  package var exists: Bool { FileManager.default.fileExists(atPath: path) }

  /// Makes it if it is not there. What is in it is nobody else's to read; SQLite's other files get
  /// the same mode.
  package func create() {
    if exists { return }
    _ = FileManager.default.createFile(
      atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
  }

  /// Opens it to read; nothing of it is changed, whatever it is.
  package func reading() throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(Self.patience)
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  /// Whose it is, without changing it.
  ///
  /// - Throws: an error of SQLite, such as for a file that is no database, or one that only whoever
  ///   writes it could read: what its writer left undone when it was killed has to be undone first.
  package func content() throws -> Content {
    guard exists else { return .nothing }
    return try reading().read { db in try content(db) }
  }

  private func content(_ db: Database) throws -> Content {
    let names = try String.fetchSet(
      db, sql: "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    if names.contains(Self.bookkeeping) {
      let done = try String.fetchSet(db, sql: "SELECT identifier FROM \(Self.bookkeeping)")
      if done.contains(firstMigration) { return .ours }
      return done.isEmpty && names.count == 1 ? .nothing : .foreign
    }
    let marks = try ["user_version", "application_id"].map {
      try Int.fetchOne(db, sql: "PRAGMA \($0)") ?? 0
    }
    return names.isEmpty && marks == [0, 0] ? .nothing : .foreign
  }

  /// Advice for people after an error of reading or writing; empty where there is none.
  package func advice(_ error: DatabaseError) -> String {
    guard [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode) else { return "" }
    if FileManager.default.fileExists(atPath: path + "-journal") {
      return """
        , since \(path)-journal holds a change that was not finished: let the program that writes \
        this file open it first, if it is the right file
        """
    }
    let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    if FileManager.default.isWritableFile(atPath: folder) { return "" }
    // It keeps its index of what was written last beside the file, also to read it.
    return """
      , since \(folder) cannot be written: copy it to a folder that can be, with the file \
      \(path)-wal if there is one
      """
  }
}
