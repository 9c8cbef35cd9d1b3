// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import Foundation
  import TransactionalMessaging

  /// Parked aggregates as rows, and as the JSON that one statement takes them in.
  enum PostgreSQLParkedRows {
    private struct Entry: Encodable {
      var aggregatetype: String
      var aggregateid: String
      var first_seq: Int64?
      var attempts: Int?
      var next_at: Int64?
      var last_error: String?
      var fingerprint: String?
      var state: String?
    }

    static func aggregates(_ rows: [SQLRow]) throws -> [ParkedAggregate] {
      try rows.map { row in
        let state = try row.required("state", row.text(7))
        guard let state = ParkedAggregate.State(rawValue: state) else {
          throw MessageStoreError(.corruptRow, "table parked has the unknown state \"\(state)\"")
        }
        return ParkedAggregate(
          aggregate: AggregateKey(
            type: try row.required("aggregatetype", row.text(0)),
            id: try row.required("aggregateid", row.text(1))),
          firstSequence: try row.required("first_seq", row.integer(2)),
          attempts: Int(try row.required("attempts", row.integer(3))),
          nextAt: try row.required("next_at", row.integer(4)),
          lastError: try row.required("last_error", row.text(5)),
          fingerprint: try row.required("fingerprint", row.text(6)), state: state)
      }
    }

    /// Rows of `inbox_parked`.
    static func events(_ rows: [SQLRow]) throws -> [ParkedEvent] {
      try rows.map { row in
        let (event, defect) = try PostgreSQLEventRows.event(row, from: 0)
        if let defect { throw MessageStoreError(.corruptRow, defect) }
        return ParkedEvent(
          received: ReceivedEvent(
            version: try row.required("aggregateversion", row.integer(5)), event: event),
          attempts: Int(try row.required("attempts", row.integer(11))),
          nextAt: try row.required("next_at", row.integer(12)),
          lastError: try row.required("last_error", row.text(13)),
          fingerprint: try row.required("fingerprint", row.text(14)),
          state: try state(try row.required("state", row.text(15))))
      }
    }

    static func state(_ text: String) throws -> ParkedEvent.State {
      guard let state = ParkedEvent.State(rawValue: text) else {
        throw MessageStoreError(
          .corruptRow, "table inbox_parked has the unknown state \"\(text)\"")
      }
      return state
    }

    static func text(_ parked: [ParkedAggregate]) throws -> String {
      try text(
        parked.map {
          Entry(
            aggregatetype: $0.aggregate.type, aggregateid: $0.aggregate.id,
            first_seq: $0.firstSequence, attempts: $0.attempts, next_at: $0.nextAt,
            last_error: $0.lastError, fingerprint: $0.fingerprint, state: $0.state.rawValue)
        })
    }

    static func text(_ released: [AggregateKey]) throws -> String {
      try text(released.map { Entry(aggregatetype: $0.type, aggregateid: $0.id) })
    }

    private static func text(_ entries: [Entry]) throws -> String {
      guard !entries.isEmpty else { return "[]" }
      return String(decoding: try JSONEncoder().encode(entries), as: UTF8.self)
    }
  }
#endif
