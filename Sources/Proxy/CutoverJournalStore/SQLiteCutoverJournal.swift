// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
internal import Foundation
internal import GRDB
internal import SQLiteFiles

/// A journal of cutovers in a SQLite file that survives a killed process and a machine that loses
/// its power.
///
/// One process appends, which `lock` sees to; any number read. The tables refuse to change or
/// delete an entry; whoever changes the file by other means is found out by the chain of hashes.
/// Times are milliseconds since 1970-01-01T00:00:00Z.
package struct SQLiteCutoverJournal: ExclusiveCutoverJournal, OverdueKeepingJournal {
  package let installation: String
  private let path: String
  private let database: any DatabaseWriter
  private let writing: JournalLock
  private let overdue: OverdueFile

  /// Opens a journal to write it; a missing one is made.
  ///
  /// - Throws: `CutoverJournalError`; what is no journal of this installation stays as it is.
  ///   Entries are not looked at; see `forEachSound`.
  package init(writing path: String, installation: String) throws {
    let file = SQLiteFile(path, firstMigration: JournalSchema.firstMigration)
    self.path = path
    writing = JournalLock(journal: path)
    do {
      switch try file.content() {
      case .foreign: throw Self.foreign(path)
      case .nothing: file.create()
      case .ours:
        // That of another installation is left as it is, too.
        if let owner = try Self.owner(file.reading(), path) {
          _ = try Self.checked(owner, path, installation)
        }
      }
      var configuration = Configuration()
      // A reader's checkpoint takes milliseconds.
      configuration.busyMode = .timeout(5)
      database = try DatabasePool(path: path, configuration: configuration)
      // GRDB sets NORMAL for write-ahead logs, with which a power cut may undo the last entries.
      try database.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON")
      }
      try Self.migrate(database, path)
      self.installation = try Self.claim(database, path, installation)
      overdue = OverdueFile(journal: path, installation: self.installation)
    } catch let error as DatabaseError {
      throw CutoverJournalError(
        .unusable, "\(path) cannot be used as a journal of cutovers\(file.advice(error))",
        cause: error)
    }
  }

  /// Opens a journal to read it. Whatever the file is, nothing of it is changed.
  ///
  /// - Parameter installation: whose journal it must be; nil takes the file's word.
  /// - Throws: `CutoverJournalError`. Entries are not looked at; see `forEachSound`.
  package init(reading path: String, installation: String?) throws {
    let file = SQLiteFile(path, firstMigration: JournalSchema.firstMigration)
    guard file.exists else {
      throw CutoverJournalError(.missing, "there is no journal at \(path)")
    }
    self.path = path
    writing = JournalLock(journal: path)
    do {
      guard try file.content() == .ours else { throw Self.foreign(path) }
      database = try file.reading()
      guard let owner = try Self.owner(database, path) else {
        throw CutoverJournalError(.unusable, "\(path) is the journal of no installation yet")
      }
      self.installation = try Self.checked(owner, path, installation ?? owner)
      overdue = OverdueFile(journal: path, installation: self.installation)
    } catch let error as DatabaseError {
      throw CutoverJournalError(
        .unusable, "\(path) cannot be read as a journal of cutovers\(file.advice(error))",
        cause: error)
    }
  }

  package func lock() throws -> Bool { try writing.lock() }

  package func unlock() { writing.unlock() }

  package var holder: (journal: String, process: Int32?) { (path, writing.holder) }

  package func openOverdue() throws -> [JournalRecord] { try overdue.open() }

  package func keepOverdue(_ records: [JournalRecord]) throws { try overdue.keep(records) }

  package func storeFault() async throws -> String? {
    do {
      let word = try await database.read {
        try String.fetchOne($0, sql: "PRAGMA integrity_check(1)")
      }
      return word == "ok" ? nil : "the file around the entries is damaged: \(word ?? "no answer")"
    } catch {
      throw CutoverJournalError(.unusable, "\(path) cannot be read", cause: error)
    }
  }

  package func entries(after sequence: UInt64, limit: Int) async throws -> [JournalEntry] {
    let rows: [StoredEntry]
    do {
      rows = try await database.read { db in
        let cursor = try StoredEntry.fetchCursor(
          db, sql: Self.pageQuery, arguments: [Int64(clamping: sequence), limit])
        var (rows, bytes) = ([StoredEntry](), 0)
        while let row = try cursor.next() {
          bytes += row.bytes.count
          if !rows.isEmpty, bytes > Self.pageBytes { break }
          rows.append(row)
        }
        return rows
      }
    } catch {
      throw CutoverJournalError(.unusable, "\(path) cannot be read", cause: error)
    }
    return try rows.map { try $0.entry }
  }

  /// Goes along the table and sorts nothing: a sort keeps entries beside it, in files of a folder
  /// for temporary ones, and a machine need not have room there.
  package static let pageQuery =
    "SELECT sequence, hash, bytes FROM entry WHERE sequence > ? ORDER BY sequence LIMIT ?"

  package func append(_ entry: JournalEntry) async throws {
    do {
      try await database.write { db in
        let last = try Row.fetchOne(
          db, sql: "SELECT sequence, hash FROM entry ORDER BY sequence DESC LIMIT 1")
        let (sequence, hash): (Int64, String?) = (last?["sequence"] ?? 0, last?["hash"])
        guard sequence + 1 == Int64(clamping: entry.sequence),
          hash == nil || hash == entry.previous.description
        else {
          throw CutoverJournalError(
            .conflict, "another process wrote entry \(sequence) of \(path) meanwhile")
        }
        try db.execute(
          sql: "INSERT INTO entry (sequence, hash, bytes) VALUES (?, ?, ?)",
          arguments: [sequence + 1, entry.hash.description, Data(entry.canonicalBytes)])
      }
    } catch let error as DatabaseError {
      throw CutoverJournalError(.unusable, "\(path) cannot be written", cause: error)
    }
  }

  /// SQLite's setting of the writing connection: 2, FULL, waits for the disk at each entry.
  package var synchronous: Int? {
    get async throws {
      try await database.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    }
  }
}

// MARK: - Opening

extension SQLiteCutoverJournal {
  private static func migrate(_ database: some DatabaseWriter, _ path: String) throws {
    let migrator = JournalSchema.migrator
    if try database.read(migrator.hasBeenSuperseded) { throw newer(path) }
    if try !database.read(migrator.hasCompletedMigrations) { try migrator.migrate(database) }
  }

  /// Whose journal it is; a new one is given to whoever made it.
  private static func claim(
    _ database: some DatabaseWriter, _ path: String, _ installation: String
  ) throws -> String {
    let owner = try database.read(Self.installation)
    if let owner { return try checked(owner, path, installation) }
    try database.write { db in
      try db.execute(
        sql: "INSERT INTO journal (id, installation) VALUES (1, ?)", arguments: [installation])
    }
    return installation
  }

  /// Whose journal a file is that is read; nil for nobody's yet.
  private static func owner(_ database: some DatabaseReader, _ path: String) throws -> String? {
    if try database.read(JournalSchema.migrator.hasBeenSuperseded) { throw newer(path) }
    return try database.read(Self.installation)
  }

  private static func installation(_ db: Database) throws -> String? {
    try String.fetchOne(db, sql: "SELECT installation FROM journal")
  }

  private static func checked(
    _ owner: String, _ path: String, _ installation: String
  ) throws(CutoverJournalError) -> String {
    guard owner == installation else {
      throw CutoverJournalError(
        .otherInstallation,
        "\(path) is the journal of the installation \"\(owner)\", not of \"\(installation)\": "
          + "name another file, or correct proxy.journal.installation")
    }
    return owner
  }

  private static func foreign(_ path: String) -> CutoverJournalError {
    CutoverJournalError(.unusable, "\(path) is no journal of cutovers; name another file")
  }

  private static func newer(_ path: String) -> CutoverJournalError {
    CutoverJournalError(
      .newerFormat, "\(path) was written by a newer version of strangler; use that one")
  }
}

extension StoredEntry: FetchableRecord {
  init(row: Row) {
    self.init(sequence: row["sequence"], hash: row["hash"], bytes: Array(row["bytes"] as Data))
  }
}
