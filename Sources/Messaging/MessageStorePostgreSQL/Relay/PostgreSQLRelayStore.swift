// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import Synchronization
  public import TransactionalMessaging

  /// The relay's side of the outbox tables: lease, position, parked aggregates.
  ///
  /// It reads what became visible between two snapshots, so that nothing is lost which commits
  /// late, and nothing waits for transactions of others. It needs no replication slot, no
  /// extension, no superuser, and leaves no transaction open. It does need connections of its own:
  /// not those of a pooler that gives each transaction another.
  public struct PostgreSQLRelayStore: RelayStore {
    /// Longest time that a page may take: of a relay that was away for long, the first one reads
    /// once over all that became visible since.
    private static let reading = Duration.seconds(900)

    let database: PostgreSQLDatabase
    /// For renewals, which must not wait for a page that is being read.
    private let renewals: PostgreSQLDatabase
    private let seen = SeenDatabase()

    /// Uses the outbox of a database, over two connections of its own.
    ///
    /// - Throws: `MessageStoreError` with the code `invalidAddress`.
    public init(_ address: String, name: String = "strangler-relay") throws {
      var configuration = PostgreSQLDatabase.Configuration()
      configuration.connections = 1
      configuration.name = name
      renewals = try PostgreSQLDatabase(address, configuration: configuration)
      configuration.answering = Self.reading
      // The windows that it reads are small beside the table, which statistics may not know yet.
      configuration.settings = ["enable_seqscan": "off", "jit": "off"]
      database = try PostgreSQLDatabase(address, configuration: configuration) { [seen] session in
        seen.note(try await DatabaseIdentity.check(session).payload)
        try await session.execute(
          PostgreSQLRelayStatements.nameSession.bind([
            "session": .text("\(UInt64.random(in: .min ... .max))")
          ]))
      }
    }

    /// Ends its connections.
    public func close() {
      database.close()
      renewals.close()
    }

    /// Looks at the database once, so that what is wrong with it shows before a relay waits it out.
    ///
    /// - Throws: `MessageStoreError`.
    public func check() async throws { try await database.query("SELECT 1") }

    /// Takes or renews the lease and reads where the relay stopped.
    ///
    /// - Throws: `MessageStoreError`, with the code `otherDatabase` where the tables were copied
    ///   here from elsewhere.
    public func acquire(_ request: LeaseRequest) async throws -> RelayPosition? {
      try await database.transaction { transaction in
        let row = try await transaction.execute(
          PostgreSQLRelayStatements.acquire.bind([
            "relay": .text(request.relay), "owner": .text(request.owner),
            "until": .integer(request.until), "now": .integer(request.now),
          ])
        ).first
        guard let row else {
          // No row either where `messaging_database` lost its own.
          return nil
        }
        seen.note(server: row.text(5), session: row.text(6))
        return RelayPosition(
          lease: RelayLease(
            relay: request.relay, owner: request.owner,
            epoch: try row.required("epoch", row.integer(0))),
          cursor: RelayCursor(
            tick: try row.required("tick", row.integer(1)),
            sequence: try row.required("done_seq", row.integer(2)),
            window: SnapshotWindow(
              previous: try row.required("prev_snap", row.text(3)), current: row.text(4))),
          parked: try PostgreSQLParkedRows.aggregates(
            try await transaction.execute(
              PostgreSQLRelayStatements.parked.bind(["relay": .text(request.relay)]))))
      }
    }

    /// What became visible behind the cursor, in sequence order.
    public func events(after cursor: RelayCursor, limit: PageLimit) async throws -> EventPage {
      var window = try Self.window(of: cursor)
      if window.current == nil, window.previous == PostgreSQLRelayStatements.beginning {
        // All there is belongs to this window, so it is walked from its first page on.
        window.current = try await database.query("SELECT pg_current_snapshot()::text").first?
          .text(0)
      }
      let form =
        window.current == nil
        ? PostgreSQLRelayStatements.firstPage : PostgreSQLRelayStatements.nextPage
      let rows = try await page(form, window, cursor.sequence, limit)
      let page = try PostgreSQLEventRows.page(rows, limit)
      try seen.check(session: page.session)
      let current = window.current ?? page.snapshot
      let done = RelayCursor(
        tick: cursor.tick + 1, sequence: page.events.last?.sequence ?? cursor.sequence,
        window: SnapshotWindow(previous: current))
      return EventPage(
        events: page.events, truncated: page.isTruncated,
        window: SnapshotWindow(previous: window.previous, current: current),
        end: page.isTruncated ? nil : done)
    }

    /// Events of one aggregate from a sequence on that the cursor has passed, in order.
    public func events(
      of aggregate: AggregateKey, from sequence: Int64, through cursor: RelayCursor,
      limit: PageLimit
    ) async throws -> EventPage {
      let rows = try await page(
        PostgreSQLRelayStatements.aggregatePage, try Self.window(of: cursor), cursor.sequence,
        limit,
        [
          "aggregateType": .text(aggregate.type), "aggregateID": .text(aggregate.id),
          "first": .integer(sequence),
        ])
      let page = try PostgreSQLEventRows.page(rows, limit)
      try seen.check(session: page.session)
      return EventPage(events: page.events, truncated: page.isTruncated)
    }

    /// Stores progress under the newest epoch only.
    public func save(_ progress: RelayProgress) async throws {
      let window = try Self.window(of: progress.cursor)
      let rows = try await database.execute(
        PostgreSQLRelayStatements.save.bind([
          "relay": .text(progress.lease.relay), "epoch": .integer(progress.lease.epoch),
          "until": .integer(progress.leaseUntil), "tick": .integer(progress.cursor.tick),
          "sequence": .integer(progress.cursor.sequence), "previous": .text(window.previous),
          "current": SQLParameter(window.current), "session": SQLParameter(seen.session),
          "parked": .text(try PostgreSQLParkedRows.text(progress.parked)),
          "released": .text(try PostgreSQLParkedRows.text(progress.released)),
        ]))
      guard rows.first?.integer(0) == 1 else { throw RelayFenced(lease: progress.lease) }
    }

    /// Moves the end of the lease under the newest epoch only.
    public func renew(_ lease: RelayLease, until: Int64) async throws {
      let rows = try await renewals.execute(
        PostgreSQLRelayStatements.renew.bind([
          "relay": .text(lease.relay), "epoch": .integer(lease.epoch), "until": .integer(until),
          "server": SQLParameter(seen.server),
        ]))
      guard !rows.isEmpty else { throw RelayFenced(lease: lease) }
    }

    /// Gives the lease back.
    public func release(_ lease: RelayLease) async throws {
      try await database.execute(
        PostgreSQLRelayStatements.release.bind([
          "relay": .text(lease.relay), "epoch": .integer(lease.epoch),
        ]))
    }

    private func page(
      _ form: (bytes: NamedStatement, json: NamedStatement), _ window: SnapshotWindow,
      _ sequence: Int64, _ limit: PageLimit, _ further: [String: SQLParameter] = [:]
    ) async throws -> [SQLRow] {
      let values: [String: SQLParameter] = [
        "previous": .text(window.previous), "current": SQLParameter(window.current),
        "sequence": .integer(sequence), "limit": .integer(Int64(limit.events) + 1),
        "bytes": .integer(Int64(limit.payloadBytes)),
      ]
      // Known once there is a connection; `acquire` opened one.
      let statement = seen.payload == .json ? form.json : form.bytes
      return try await database.execute(
        statement.bind(values.merging(further, uniquingKeysWith: { _, last in last })))
    }

    private static func window(of cursor: RelayCursor) throws -> SnapshotWindow {
      guard let window = cursor.window else {
        throw MessageStoreError(
          .corruptRow, "a cursor without snapshots is none of an outbox in PostgreSQL")
      }
      return window
    }
  }

  /// What is behind the address: a lost connection is opened anew, and may lead elsewhere.
  private final class SeenDatabase: Sendable {
    private struct State {
      /// Type of the column `payload`, as the last connection saw it.
      var payload = PostgreSQLOutboxLayout.Payload.bytes
      /// The server that gave the lease.
      var server: String?
      /// The connection over which the lease was taken.
      var session: String?
    }

    private let state = Mutex(State())

    var payload: PostgreSQLOutboxLayout.Payload { state.withLock(\.payload) }
    var server: String? { state.withLock(\.server) }
    func note(_ payload: PostgreSQLOutboxLayout.Payload) { state.withLock { $0.payload = payload } }
    var session: String? { state.withLock(\.session) }
    func note(server: String?, session: String?) {
      state.withLock {
        $0.server = server
        $0.session = session
      }
    }

    /// - Throws: what makes a relay read its position again.
    func check(session: String?) throws {
      guard let known = self.session, session != known else { return }
      throw MessageStoreError(
        .unavailable,
        """
        the connection is not the one over which the lease was taken, so the server may be another \
        or have crashed: the relay begins anew. A pooler in between must keep sessions
        """)
    }
  }

  // MARK: - What an operator does

  extension PostgreSQLRelayStore {
    /// Aggregates that wait in a relay, by key.
    public func parked(relay: String) async throws -> [ParkedAggregate] {
      try PostgreSQLParkedRows.aggregates(
        try await database.execute(
          PostgreSQLRelayStatements.parked.bind(["relay": .text(relay)])))
    }

    /// Tries a parked aggregate again at once, with all its attempts.
    ///
    /// - Returns: false when it is not parked.
    @discardableResult
    public func replay(_ aggregate: AggregateKey, relay: String) async throws -> Bool {
      try await change(aggregate, relay: relay, PostgreSQLRelayStatements.replay)
    }

    /// Gives up the first waiting event of a parked aggregate; the later ones are tried at once.
    /// Consumers will see a gap in its versions and wait until an operator decides there too.
    ///
    /// - Returns: false when it is not parked.
    @discardableResult
    public func skip(_ aggregate: AggregateKey, relay: String) async throws -> Bool {
      try await change(aggregate, relay: relay, PostgreSQLRelayStatements.skip)
    }

    private func change(
      _ aggregate: AggregateKey, relay: String, _ statement: NamedStatement
    ) async throws -> Bool {
      try await database.transaction { transaction in
        try await transaction.execute(PostgreSQLRelayStatements.hold.bind(["relay": .text(relay)]))
        let changed = try await transaction.execute(
          statement.bind([
            "relay": .text(relay), "aggregateType": .text(aggregate.type),
            "aggregateID": .text(aggregate.id),
          ]))
        guard !changed.isEmpty else { return false }
        try await transaction.execute(
          PostgreSQLRelayStatements.supersede.bind(["relay": .text(relay)]))
        return true
      }
    }
  }
#endif
