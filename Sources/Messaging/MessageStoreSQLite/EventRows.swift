// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import TransactionalMessaging

/// Reads outbox rows.
enum EventRows {
  static func page(
    _ db: Database, sql: String, arguments: StatementArguments, limit: PageLimit
  ) throws -> EventPage {
    var events: [AppendedEvent] = []
    var payloadBytes = 0
    let rows = try Row.fetchCursor(
      db.cachedStatement(sql: sql), arguments: arguments &+ ["limit": limit.events + 1])
    while let row = try rows.next() {
      guard events.count < limit.events, payloadBytes < limit.payloadBytes else {
        return EventPage(events: events, truncated: true)
      }
      let (event, defect) = event(row, id: row["id"])
      payloadBytes += event.payload.count
      events.append(
        AppendedEvent(
          sequence: row["seq"], version: row["aggregateversion"], event: event, defect: defect))
    }
    return EventPage(events: events, truncated: false)
  }

  /// The columns that `outbox` and `inbox_parked` share, with what is wrong with them.
  static func event(_ row: Row, id: String) -> (event: OutboxEvent, defect: String?) {
    let payload: Data = row["payload"]
    let (headers, defect) = HeaderText.read(row["headers"], event: id)
    let event = OutboxEvent(
      id: id, aggregateType: row["aggregatetype"], aggregateID: row["aggregateid"],
      type: row["type"], schemaVersion: row["schema_version"], occurredAt: row["occurred_at"],
      headers: headers, payload: Array(payload), tenant: row["tenant"],
      payloadReference: row["payload_ref"])
    return (event, defect)
  }
}
