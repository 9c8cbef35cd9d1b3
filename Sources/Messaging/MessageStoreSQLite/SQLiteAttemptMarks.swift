// SPDX-License-Identifier: Apache-2.0

import GRDB
import TransactionalMessaging

/// Marks of attempts in SQLite. None of it is cancelled with the delivery: a mark that stays counts
/// as a death of the process, and a setting that is not put back lowers durability.
extension SQLiteInbox {
  func marks(
    of event: ReceivedEvent, now: Int64, in writer: some DatabaseWriter
  ) -> AttemptWatch.Marks {
    let transaction = InboxTransaction(inbox: self, event: event, now: now)
    return AttemptWatch.Marks(
      begin: { alone in
        try await Task {
          try await writer.writeWithoutTransaction { db in
            try Self.withoutWaiting(db) { try transaction.begin(db, alone: alone) }
          }
        }.value
      },
      // Who writes has the file alone, so whoever was at it is done by the time of the next step.
      settle: {},
      abandon: {
        _ = await Task { try? await writer.write { try transaction.abandon($0) } }.value
      })
  }

  /// What is committed outlives the process without a wait for the disk, which is all that a mark
  /// is for. With a rollback journal a power cut could damage the file then, so there it waits.
  private static func withoutWaiting<Value>(
    _ db: Database, _ body: () throws -> Value
  ) throws -> Value {
    let normal = 1
    guard try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal",
      let level = try Int.fetchOne(db, sql: "PRAGMA synchronous"), level > normal
    else { return try body() }
    try db.execute(sql: "PRAGMA synchronous = \(normal)")
    let result = Result { try body() }
    try db.execute(sql: "PRAGMA synchronous = \(level)")
    return try result.get()
  }
}

extension InboxTransaction {
  fileprivate func begin(_ db: Database, alone: Bool) throws -> Int? {
    var begun: Int?
    try db.inTransaction {
      begun = try Int.fetchOne(
        db.cachedStatement(sql: InboxStatements.beginAttempt),
        arguments: mark &+ ["now": now, "alone": alone ? 1 : 0])
      return .commit
    }
    return begun
  }

  fileprivate func abandon(_ db: Database) throws {
    for statement in InboxStatements.abandonAttempt {
      try db.execute(sql: statement, arguments: mark)
    }
  }

  private var mark: StatementArguments {
    aggregate &+ ["version": event.version, "owner": inbox.attempts.owner]
  }
}
