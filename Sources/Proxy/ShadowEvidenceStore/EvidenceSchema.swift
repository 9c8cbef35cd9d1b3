// SPDX-License-Identifier: Apache-2.0

internal import GRDB

/// The tables, in the order in which they came to be. A step that was released is never changed.
enum EvidenceSchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration(firstMigration) { db in try db.execute(sql: first) }
    return migrator
  }

  /// By which a file is known to be a store of evidence.
  static let firstMigration = "1: runs, counters, path-kinds, pairs, approvals"

  /// Counters are rows of kind and name, so that a new outcome, reason or latency bucket needs no
  /// new column.
  private static let first = """
    CREATE TABLE run (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      source TEXT NOT NULL,
      legacy TEXT NOT NULL,
      extracted TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      written_at INTEGER NOT NULL,
      ended_at INTEGER,
      comparisons INTEGER NOT NULL DEFAULT 0,
      reasks INTEGER NOT NULL DEFAULT 0,
      reasks_over_budget INTEGER NOT NULL DEFAULT 0,
      dropped_comparisons INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE counter (
      run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
      endpoint TEXT NOT NULL,
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (run_id, endpoint, kind, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE path_kind (
      run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
      endpoint TEXT NOT NULL,
      path TEXT NOT NULL,
      kind TEXT NOT NULL,
      count INTEGER NOT NULL,
      extracted_odd INTEGER NOT NULL,
      legacy_odd INTEGER NOT NULL,
      volatile INTEGER NOT NULL,
      has_been_real INTEGER NOT NULL,
      legacy_example TEXT,
      extracted_example TEXT,
      PRIMARY KEY (run_id, endpoint, path, kind)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE pair (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
      endpoint TEXT NOT NULL,
      request TEXT NOT NULL,
      compared_at INTEGER NOT NULL,
      legacy_status TEXT NOT NULL,
      legacy_headers TEXT NOT NULL,
      legacy_body TEXT NOT NULL,
      legacy_is_cut INTEGER NOT NULL,
      extracted_status TEXT NOT NULL,
      extracted_headers TEXT NOT NULL,
      extracted_body TEXT NOT NULL,
      extracted_is_cut INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX pair_of_run ON pair (run_id);
    CREATE TABLE pair_difference (
      pair_id INTEGER NOT NULL REFERENCES pair(id) ON DELETE CASCADE,
      path TEXT NOT NULL,
      kind TEXT NOT NULL,
      legacy TEXT,
      extracted TEXT,
      PRIMARY KEY (pair_id, path, kind)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE approval (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      endpoint TEXT NOT NULL,
      path TEXT NOT NULL,
      kind TEXT NOT NULL,
      actor TEXT NOT NULL,
      reason TEXT NOT NULL,
      approved_at INTEGER NOT NULL,
      revoked_by TEXT,
      revoked_reason TEXT,
      revoked_at INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX approval_in_force ON approval (endpoint, path, kind)
      WHERE revoked_at IS NULL;
    """
}
