// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import SQLiteFiles

/// Evidence of shadow comparisons in a SQLite file that survives a killed process.
///
/// One process writes a run, any number read. Everything in it was redacted and bounded before it
/// came here. Times are milliseconds since 1970-01-01T00:00:00Z.
public struct ShadowEvidenceStore: Sendable {
  /// Most bytes that SQLite's log keeps between two batches.
  private static let mostLogBytes = 4 << 20

  let database: any DatabaseWriter

  /// Opens a store to write it.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - creates: whether a missing file is made.
  /// - Throws: `EvidenceStoreError`; the file of something else stays as it is.
  public init(path: String, creates: Bool) throws {
    let file = SQLiteFile(path, firstMigration: EvidenceSchema.firstMigration)
    guard creates || file.exists else { throw Self.missing(path) }
    do {
      if try file.content() == .foreign { throw Self.foreign(path) }
    } catch let error as DatabaseError {
      throw EvidenceStoreError(
        .unreadable, "\(path) cannot be used as a store of evidence\(file.advice(error))",
        cause: error)
    }
    file.create()
    var configuration = Configuration()
    // Another process may be writing its batch; that takes milliseconds.
    configuration.busyMode = .timeout(5)
    configuration.foreignKeysEnabled = true
    // What one large batch made of the log is given back.
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA journal_size_limit = \(Self.mostLogBytes)")
    }
    do {
      database = try DatabasePool(path: path, configuration: configuration)
      let migrator = EvidenceSchema.migrator
      try Self.refuseNewer(database, path)
      if try !database.read(migrator.hasCompletedMigrations) { try migrator.migrate(database) }
    } catch let error as DatabaseError {
      throw EvidenceStoreError(
        .unreadable, "\(path) cannot be used as a store of evidence", cause: error)
    }
  }

  /// Opens a store to read it. Whatever the file is, nothing of it is changed.
  ///
  /// - Throws: `EvidenceStoreError`.
  public init(reading path: String) throws {
    let file = SQLiteFile(path, firstMigration: EvidenceSchema.firstMigration)
    guard file.exists else { throw Self.missing(path) }
    do {
      guard try file.content() == .ours else { throw Self.foreign(path) }
      database = try file.reading()
      try Self.refuseNewer(database, path)
    } catch let error as DatabaseError {
      throw EvidenceStoreError(
        .unreadable, "\(path) cannot be read as a store of evidence\(file.advice(error))",
        cause: error)
    }
  }

  private static func refuseNewer(_ database: some DatabaseReader, _ path: String) throws {
    guard try database.read(EvidenceSchema.migrator.hasBeenSuperseded) else { return }
    throw EvidenceStoreError(
      .newerSchema, "\(path) was written by a newer version of strangler; use that one")
  }

  private static func missing(_ path: String) -> EvidenceStoreError {
    EvidenceStoreError(.missing, "there is no evidence at \(path)")
  }

  private static func foreign(_ path: String) -> EvidenceStoreError {
    EvidenceStoreError(.unreadable, "\(path) is no store of evidence; name another file")
  }

  /// Begins a run and returns its number.
  public func begin(
    _ source: EvidenceRun.Source, legacy: String, extracted: String, at time: Int64
  ) async throws -> Int64 {
    try await database.write { db in
      try db.execute(
        sql: """
          INSERT INTO run (source, legacy, extracted, started_at, written_at)
          VALUES (?, ?, ?, ?, ?)
          """, arguments: [source.rawValue, legacy, extracted, time, time])
      return db.lastInsertedRowID
    }
  }

  /// Says that a run goes on, though nothing was found; one that is told of so seldom that
  /// `EvidenceRun.patience` passes counts as one whose process was killed.
  public func touch(run: Int64, at time: Int64) async throws {
    try await database.write { db in
      try db.execute(
        sql: "UPDATE run SET written_at = ? WHERE id = ?", arguments: [time, run])
    }
  }

  /// Names the sides of a run that more routes belong to than when it began.
  public func name(run: Int64, legacy: String, extracted: String) async throws {
    try await database.write { db in
      try db.execute(
        sql: "UPDATE run SET legacy = ?, extracted = ? WHERE id = ?",
        arguments: [legacy, extracted, run])
    }
  }

  /// Ends a run.
  public func end(run: Int64, at time: Int64) async throws {
    try await database.write { db in
      try db.execute(
        sql: "UPDATE run SET ended_at = ?, written_at = ? WHERE id = ?",
        arguments: [time, time, run])
    }
  }

  /// The run that people want to see: the newest of live traffic that goes on, or else the newest
  /// of all; nil when there is none.
  public func currentRun(at time: Int64) async throws -> EvidenceRun? {
    try await database.read { db in
      let live = try Row.fetchOne(
        db,
        sql: """
          SELECT * FROM run WHERE source = ? AND ended_at IS NULL AND written_at >= ?
          ORDER BY id DESC LIMIT 1
          """,
        arguments: [EvidenceRun.Source.live.rawValue, time - EvidenceRun.patience])
      return try (live ?? Row.fetchOne(db, sql: "SELECT * FROM run ORDER BY id DESC LIMIT 1"))
        .map(EvidenceRun.init)
    }
  }

  /// All runs, the newest first.
  public func runs() async throws -> [EvidenceRun] {
    try await database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM run ORDER BY id DESC").map(EvidenceRun.init)
    }
  }
}

extension EvidenceRun {
  init(_ row: Row) throws {
    let name: String = row["source"]
    guard let source = Source(rawValue: name) else {
      throw EvidenceStoreError(.corruptRow, "table run has the unknown source \"\(name)\"")
    }
    self.init(
      number: row["id"], source: source, legacy: row["legacy"], extracted: row["extracted"],
      startedAt: row["started_at"], endedAt: row["ended_at"], writtenAt: row["written_at"],
      comparisons: row["comparisons"])
  }
}
