// SPDX-License-Identifier: Apache-2.0

import GRDB
import Synchronization
import TransactionalMessaging

/// Takes away what an audit has noted of a transaction that appends an event.
///
/// SQLite has no number of a transaction, so this watches where those of a connection end. Until it
/// has seen one end it takes all that the connection may have noted: it finds less then, and
/// nothing that is not so.
final class BypassCover: Sendable {
  private let attached = Mutex<(database: ObjectIdentifier, boundary: TransactionBoundary)?>(nil)

  /// After each event. What goes wrong with it is no reason to give the transaction up: a note that
  /// stays is looked at by a person.
  func cover(_ db: Database) {
    try? takeAway(db)
  }

  private func takeAway(_ db: Database) throws {
    let exists = try Bool.fetchOne(db.cachedStatement(sql: SQLiteBypassStatements.exists))
    guard exists == true else { return }
    let boundary = boundary(of: db)
    if let rest = boundary.takeRest() {
      try db.execute(
        sql: SQLiteBypassStatements.coverRest,
        arguments: [
          "after": rest.after, "start": rest.changes.lowerBound, "now": rest.changes.upperBound,
        ])
    }
    try db.execute(
      sql: SQLiteBypassStatements.cover,
      arguments: ["start": boundary.start, "now": db.totalChangesCount])
    boundary.covered(
      last: try Int64.fetchOne(db, sql: SQLiteBypassStatements.last) ?? 0,
      changes: db.totalChangesCount)
  }

  private func boundary(of db: Database) -> TransactionBoundary {
    let id = ObjectIdentifier(db)
    let known = attached.withLock { $0 }
    // A new connection may have the place of an old one, but not its number of changes.
    if let known, known.database == id, known.boundary.start <= db.totalChangesCount {
      return known.boundary
    }
    let boundary = TransactionBoundary()
    db.add(transactionObserver: boundary, extent: .observerLifetime)
    attached.withLock { $0 = (id, boundary) }
    return boundary
  }
}

/// How many rows a connection had changed when its last transaction ended.
private final class TransactionBoundary: TransactionObserver, Sendable {
  /// Notes that were made behind the last event of a transaction.
  struct Rest {
    /// Number of the last note before them.
    var after: Int64
    var changes: Range<Int>
  }

  private struct State {
    var start = 0
    /// What the transaction under way has covered so far.
    var covered: (last: Int64, changes: Int)?
    var rest: Rest?
  }

  private let state = Mutex(State())

  var start: Int { state.withLock(\.start) }

  func takeRest() -> Rest? {
    state.withLock { state in
      defer { state.rest = nil }
      return state.rest
    }
  }

  func covered(last: Int64, changes: Int) {
    state.withLock { $0.covered = (last, changes) }
  }

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }

  func databaseDidChange(with event: DatabaseEvent) {}

  func databaseDidCommit(_ db: Database) {
    let now = db.totalChangesCount
    state.withLock { state in
      if let covered = state.covered, covered.changes < now {
        state.rest = Rest(after: covered.last, changes: covered.changes..<now)
      }
      state.start = now
      state.covered = nil
    }
  }

  func databaseDidRollback(_ db: Database) {
    let now = db.totalChangesCount
    state.withLock { state in
      state.start = now
      state.covered = nil
    }
  }
}
