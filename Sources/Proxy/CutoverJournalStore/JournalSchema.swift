// SPDX-License-Identifier: Apache-2.0

internal import GRDB

/// The tables, in the order in which they came to be. A step that was released is never changed.
enum JournalSchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration(firstMigration) { db in try db.execute(sql: first) }
    return migrator
  }

  /// By which a file is known to be a journal.
  static let firstMigration = "1: journal, entry"

  /// An entry is kept as the bytes that were hashed, so that an auditor's own program can check
  /// them without knowing the fields.
  private static let first = """
    CREATE TABLE journal (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      installation TEXT NOT NULL
    ) STRICT;
    CREATE TABLE entry (
      sequence INTEGER PRIMARY KEY,
      hash TEXT NOT NULL UNIQUE,
      bytes BLOB NOT NULL
    ) STRICT;
    CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
      BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
    CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
      BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
    CREATE TRIGGER journal_keeps_its_owner BEFORE UPDATE ON journal
      BEGIN SELECT RAISE(ABORT, 'a journal keeps its installation'); END;
    """
}
