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
      let event = try event(row, id: row["id"])
      payloadBytes += event.payload.count
      events.append(
        AppendedEvent(sequence: row["seq"], version: row["aggregateversion"], event: event))
    }
    return EventPage(events: events, truncated: false)
  }

  /// The columns that `outbox` and `inbox_parked` share.
  static func event(_ row: Row, id: String) throws -> OutboxEvent {
    let payload: Data = row["payload"]
    return OutboxEvent(
      id: id, aggregateType: row["aggregatetype"], aggregateID: row["aggregateid"],
      type: row["type"], schemaVersion: row["schema_version"], occurredAt: row["occurred_at"],
      headers: try HeaderText.decode(row["headers"], event: id), payload: Array(payload),
      tenant: row["tenant"], payloadReference: row["payload_ref"])
  }
}
