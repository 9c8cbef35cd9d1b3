// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import MessageStorePostgreSQL
  internal import Synchronization
  internal import TortureModel
  internal import TransactionalMessaging

  /// Reads an outbox in PostgreSQL by rules that others use, so that one sees what they do. Lease,
  /// fencing, publishing and saving are as with the product's own rule: only what is read differs.
  ///
  /// Events are numbered as they are read, since the fence's order is not that of sequences.
  final class ComparedRelayStore: RelayStore {
    /// Beside the product's own.
    static let tables = [
      """
      CREATE TABLE torture_relay (
        relay text PRIMARY KEY, owner text, epoch bigint NOT NULL, lease_until bigint NOT NULL,
        number bigint NOT NULL, xid text NOT NULL, seq bigint NOT NULL)
      """
    ]

    private struct Place {
      var xid: String
      var seq: Int64
    }

    private let database: PostgreSQLDatabase
    private let rule: TortureSettings.Rule
    /// Where numbers are, of the last page and of the cursor.
    private let places = Mutex<[Int64: Place]>([:])

    init(_ address: String, _ rule: TortureSettings.Rule) throws {
      database = try PostgreSQLDatabase(address)
      self.rule = rule
    }

    func acquire(_ request: LeaseRequest) async throws -> RelayPosition? {
      let rows = try await database.query(
        """
        INSERT INTO torture_relay AS t VALUES ($1::text, $2::text, 1, $3::bigint, 0, '0', 0)
        ON CONFLICT (relay) DO UPDATE
          SET owner = $2::text, epoch = t.epoch + 1, lease_until = $3::bigint
          WHERE t.owner IS NULL OR t.owner = $2::text OR t.lease_until <= $4::bigint
        RETURNING epoch, number, xid, seq
        """,
        [
          .text(request.relay), .text(request.owner), .integer(request.until),
          .integer(request.now),
        ])
      guard let row = rows.first else { return nil }
      let number = row.integer(1) ?? 0
      places.withLock {
        $0 = [number: Place(xid: row.text(2) ?? "0", seq: row.integer(3) ?? 0)]
      }
      return RelayPosition(
        lease: RelayLease(
          relay: request.relay, owner: request.owner, epoch: row.integer(0) ?? 0),
        cursor: RelayCursor(sequence: number), parked: [])
    }

    func events(after cursor: RelayCursor, limit: PageLimit) async throws -> EventPage {
      let place = try place(of: cursor)
      let found =
        rule == .naive
        ? "seq > $2::bigint AND $1::text IS NOT NULL ORDER BY seq"
        : """
        (xid, seq) > ($1::text::xid8, $2::bigint)
          AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY outbox.xid, seq
        """
      let rows = try await database.query(
        """
        SELECT seq, xid::text, id::text, aggregateid, aggregateversion, type, occurred_at, payload
        FROM outbox WHERE \(found) LIMIT $3::bigint
        """, [.text(place.xid), .integer(place.seq), .integer(Int64(limit.events) + 1)])
      let read = rows.prefix(limit.events)
      places.withLock { places in
        places = [cursor.sequence: place]
        for (index, row) in read.enumerated() {
          places[cursor.sequence + Int64(index) + 1] = Place(
            xid: row.text(1) ?? "0", seq: row.integer(0) ?? 0)
        }
      }
      return EventPage(
        events: read.enumerated().map { index, row in
          Self.event(row, number: cursor.sequence + Int64(index) + 1)
        }, truncated: rows.count > limit.events)
    }

    /// Nothing is ever parked: no attempt is the last one.
    func events(
      of aggregate: AggregateKey, from sequence: Int64, through cursor: RelayCursor,
      limit: PageLimit
    ) async throws -> EventPage {
      throw MessageStoreError(.unsupported, "a relay that is compared parks nothing")
    }

    func save(_ progress: RelayProgress) async throws {
      let place = try place(of: progress.cursor)
      try await change(
        progress.lease,
        "lease_until = $3::bigint, number = $4::bigint, xid = $5::text, seq = $6::bigint",
        [
          .integer(progress.leaseUntil), .integer(progress.cursor.sequence), .text(place.xid),
          .integer(place.seq),
        ])
    }

    func renew(_ lease: RelayLease, until: Int64) async throws {
      try await change(lease, "lease_until = $3::bigint", [.integer(until)])
    }

    func release(_ lease: RelayLease) async throws {
      try await change(lease, "owner = NULL, lease_until = $3::bigint", [.integer(0)])
    }

    private func change(
      _ lease: RelayLease, _ assignments: String, _ values: [SQLParameter]
    ) async throws {
      let rows = try await database.query(
        """
        UPDATE torture_relay SET \(assignments)
        WHERE relay = $1::text AND epoch = $2::bigint RETURNING 1
        """, [.text(lease.relay), .integer(lease.epoch)] + values)
      guard !rows.isEmpty else { throw RelayFenced(lease: lease) }
    }

    private func place(of cursor: RelayCursor) throws -> Place {
      guard let place = places.withLock({ $0[cursor.sequence] }) else {
        throw MessageStoreError(.unavailable, "the page was given up")
      }
      return place
    }

    private static func event(_ row: SQLRow, number: Int64) -> AppendedEvent {
      AppendedEvent(
        sequence: number, version: row.integer(4) ?? 0,
        event: OutboxEvent(
          id: row.text(2) ?? "", aggregateType: TortureNames.aggregateType,
          aggregateID: row.text(3) ?? "", type: row.text(5) ?? "",
          occurredAt: row.integer(6) ?? 0, payload: row.bytes(7) ?? []))
    }
  }
#endif
