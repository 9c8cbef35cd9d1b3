// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import TransactionalMessaging

  /// Reads events out of rows.
  enum PostgreSQLEventRows {
    struct Page {
      var snapshot: String
      var events: [AppendedEvent]
      var isTruncated: Bool
      /// Which connection it came over.
      var session: String?
    }

    /// The rows of a page: snapshot, number of rows found, then the event from its sequence on.
    static func page(_ rows: [SQLRow], _ limit: PageLimit) throws -> Page {
      guard let first = rows.first else {
        throw MessageStoreError(.corruptRow, "a page came without its snapshot")
      }
      let found = rows.filter { $0.integer(2) != nil }
      let events = try found.prefix(limit.events).map { row in
        let (event, defect) = try event(row, from: 3)
        return AppendedEvent(
          sequence: try row.required("seq", row.integer(2)),
          version: try row.required("aggregateversion", row.integer(8)), event: event,
          defect: defect)
      }
      return Page(
        snapshot: try first.required("snapshot", first.text(0)), events: events,
        isTruncated: first.integer(1) ?? 0 > Int64(events.count), session: first.text(14))
    }

    /// The columns that outbox and `inbox_parked` share: id, aggregate type and id, type, payload,
    /// version, time, headers, schema version, tenant, reference. With what is wrong with them.
    static func event(
      _ row: SQLRow, from index: Int
    ) throws -> (event: OutboxEvent, defect: String?) {
      let id = try row.required("id", row.text(index))
      let (headers, defect) = HeaderText.read(
        try row.required("headers", row.text(index + 7)), event: id)
      let event = OutboxEvent(
        id: id, aggregateType: try row.required("aggregatetype", row.text(index + 1)),
        aggregateID: try row.required("aggregateid", row.text(index + 2)),
        type: try row.required("type", row.text(index + 3)),
        schemaVersion: Int(try row.required("schema_version", row.integer(index + 8))),
        occurredAt: try row.required("occurred_at", row.integer(index + 6)),
        headers: headers, payload: try row.required("payload", row.bytes(index + 4)),
        tenant: row.text(index + 9), payloadReference: row.text(index + 10))
      return (event, defect)
    }
  }
#endif
