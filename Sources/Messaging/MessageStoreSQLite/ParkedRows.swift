// SPDX-License-Identifier: Apache-2.0

import GRDB
import TransactionalMessaging

/// Reads rows of `inbox_parked`.
enum ParkedRows {
  static func fetch(
    _ db: Database, sql: String, arguments: StatementArguments
  ) throws -> [ParkedEvent] {
    try Row.fetchAll(db, sql: sql, arguments: arguments).map { row in
      let (event, defect) = EventRows.event(row, id: row["event_id"])
      if let defect { throw MessageStoreError(.corruptRow, defect) }
      return ParkedEvent(
        received: ReceivedEvent(version: row["aggregateversion"], event: event),
        attempts: row["attempts"], nextAt: row["next_at"], lastError: row["last_error"],
        fingerprint: row["fingerprint"], state: try state(row["state"]))
    }
  }

  static func state(_ text: String) throws -> ParkedEvent.State {
    guard let state = ParkedEvent.State(rawValue: text) else {
      throw MessageStoreError(.corruptRow, "table inbox_parked has the unknown state \"\(text)\"")
    }
    return state
  }
}
