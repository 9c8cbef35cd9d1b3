// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import GRDB

/// A SQLite file that somebody named, and that may be anything: it is looked at before it is
/// written, since a database changes in the moment in which it is opened to be written.
package struct SQLiteFile: Sendable {
  /// Seconds that another process may hold it up.
  private static let patience = 5.0
  /// Tables that come with any database of ours, before its own.
  private static let incidental: Set<String> = ["grdb_migrations", "sqlite_sequence"]

  private let path: String

  package init(_ path: String) { self.path = path }

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

  /// Whether these tables can be made in it, or have been: it is not there, has no tables yet, or
  /// has these.
  ///
  /// - Throws: an error of SQLite, such as for a file that is no database.
  package func hasRoom(for tables: Set<String>) throws -> Bool {
    guard exists else { return true }
    do {
      let found = try reading().read { db in
        try String.fetchSet(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
      }
      return found.isSuperset(of: tables) || found.isSubset(of: Self.incidental)
    } catch let error as DatabaseError where Self.needsWriter(error) {
      // A killed process left something to be undone first, or the folder cannot be written.
      // Whoever writes finds out.
      return true
    }
  }

  /// Advice for people after an error of reading: SQLite keeps its index of what was written last
  /// beside the file, also to read it. Empty where there is none.
  package func advice(_ error: DatabaseError) -> String {
    let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    guard Self.needsWriter(error), !FileManager.default.isWritableFile(atPath: folder) else {
      return ""
    }
    return """
      , since \(folder) cannot be written: copy it to a folder that can be, with the file \
      \(path)-wal if there is one
      """
  }

  private static func needsWriter(_ error: DatabaseError) -> Bool {
    [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode)
  }
}
