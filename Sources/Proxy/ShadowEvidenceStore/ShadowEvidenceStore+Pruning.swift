// SPDX-License-Identifier: Apache-2.0

internal import GRDB

extension ShadowEvidenceStore {
  /// What is left of the bytes allowed, in tenths, once there were too many: not every batch should
  /// have to delete some.
  private static let tenthsLeft = 9
  /// Pairs that are deleted at once, at least.
  private static let fewestPairs = 16

  /// Deletes what exceeds the limits, in one transaction. A run that goes on is kept, however many
  /// newer ones there are: its process writes to it.
  public func prune(_ retention: EvidenceRetention, at time: Int64) async throws {
    let isWasteful = try await database.write { db in
      try db.execute(
        sql: "DELETE FROM run WHERE written_at < ?", arguments: [time - retention.age])
      try db.execute(
        sql: """
          DELETE FROM run WHERE id NOT IN (SELECT id FROM run ORDER BY id DESC LIMIT ?)
            AND (ended_at IS NOT NULL OR written_at < ?)
          """, arguments: [retention.runs, time - EvidenceRun.patience])
      try db.execute(
        sql: "DELETE FROM pair WHERE id NOT IN (SELECT id FROM pair ORDER BY id DESC LIMIT ?)",
        arguments: [retention.pairs])
      if try Size(db).used > retention.bytes { try Self.shrink(to: retention, at: time, db) }
      return try Size(db).file > retention.bytes + retention.bytes / 4
    }
    // Of a file from when more was allowed; one that has always been within its limit uses its
    // empty pages again.
    guard isWasteful else { return }
    try await database.vacuum()
    // Whoever reads just now keeps the log from being emptied; it is the next time.
    _ = try? await database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
  }

  /// Whether more is kept than may be; quick enough to ask after each batch.
  public func exceeds(_ retention: EvidenceRetention) async throws -> Bool {
    try await database.read { try Size($0).used > retention.bytes }
  }

  private static func shrink(
    to retention: EvidenceRetention, at time: Int64, _ db: Database
  ) throws {
    let goal = retention.bytes / 10 * tenthsLeft
    while try Size(db).used > goal {
      // The oldest run goes once its pairs are gone, before pairs of newer ones.
      try db.execute(
        sql: """
          DELETE FROM run WHERE id = (SELECT id FROM run
            WHERE ended_at IS NOT NULL OR written_at < ? ORDER BY id LIMIT 1)
            AND NOT EXISTS (SELECT 1 FROM pair WHERE run_id = run.id)
          """, arguments: [time - EvidenceRun.patience])
      if db.changesCount > 0 { continue }
      try db.execute(
        sql: """
          DELETE FROM pair WHERE id IN (SELECT id FROM pair ORDER BY id
            LIMIT max(?, (SELECT COUNT(*) FROM pair) / 10))
          """, arguments: [fewestPairs])
      // What is left is of runs that go on, and those are bounded by their own limits.
      if db.changesCount == 0 { return }
    }
  }
}

/// How many bytes the tables take.
private struct Size {
  /// Of the file, empty pages included.
  let file: Int
  /// Of what is in it.
  let used: Int

  init(_ db: Database) throws {
    func value(_ name: String) throws -> Int {
      try Int.fetchOne(db, sql: "PRAGMA \(name)") ?? 0
    }
    let size = try value("page_size")
    file = try value("page_count") * size
    used = file - (try value("freelist_count")) * size
  }
}
