// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import MessageRelay
  internal import MessageStorePostgreSQL
  internal import TortureModel
  internal import TransactionalMessaging

  /// Producer and consumer in one database.
  struct PostgreSQLTortureDatabase: TortureDatabase {
    private let address: String
    private let database: PostgreSQLDatabase
    private let outbox = PostgreSQLOutbox()

    init(_ address: String) throws {
      self.address = address
      database = try PostgreSQLDatabase(address)
    }

    func install() async throws {
      try await PostgreSQLMessageTables.install(in: database)
      try await database.query("CREATE TABLE business (txn text NOT NULL, id text NOT NULL)")
      try await database.query(
        """
        CREATE TABLE effect (
          n bigint GENERATED ALWAYS AS IDENTITY, id text NOT NULL, aggregate text NOT NULL,
          version bigint NOT NULL)
        """)
      try await database.query("CREATE TABLE cured (id text PRIMARY KEY)")
      for statement in ComparedRelayStore.tables { try await database.query(statement) }
    }

    func write(
      _ transaction: WriterTransaction, _ points: CrashPoints
    ) async -> TortureRecord.Outcome {
      let isAtCommit = ReachedCommit()
      do {
        try await database.transaction { session in
          for event in transaction.events {
            try await session.query(
              "INSERT INTO business (txn, id) VALUES ($1, $2)",
              [.text(transaction.name), .text(event.id)])
          }
          try await Self.pause(transaction.pauseBeforeAppend)
          points.pass(.beforeAppend)
          for event in transaction.outboxEvents(now: SystemMessagingClock().now()) {
            if transaction.appendsAtCommit {
              try await outbox.appendAtCommit(event, in: session)
            } else {
              try await outbox.append(event, in: session)
            }
          }
          try await Self.pause(transaction.pauseBeforeCommit)
          points.pass(.beforeCommit)
          if transaction.aborts { throw TortureAbort() }
          isAtCommit.note()
        }
      } catch {
        return isAtCommit.isNoted ? .unknown : .aborted
      }
      points.pass(.committed)
      return .committed
    }

    private static func pause(_ milliseconds: Int64) async throws {
      if milliseconds > 0 { try await Task.sleep(for: .milliseconds(milliseconds)) }
    }

    func relayStore(_ rule: TortureSettings.Rule) throws -> any RelayStore {
      switch rule {
      case .snapshot: try PostgreSQLRelayStore(address)
      case .naive, .fence: try ComparedRelayStore(address, rule)
      }
    }

    func inbox(_ points: CrashPoints) -> any EventInbox {
      PostgreSQLInbox(consumer: TortureNames.consumer, policy: .torture).bound(
        to: database
      ) { received, session in
        try await session.query(
          "INSERT INTO effect (id, aggregate, version) VALUES ($1, $2, $3)",
          [
            .text(received.event.id), .text(received.event.aggregateID),
            .integer(received.version),
          ])
        points.pass(.effectsUncommitted)
        guard received.event.type == TortureNames.poison else { return }
        let cured = try await session.query(
          "SELECT 1 FROM cured WHERE id = $1", [.text(received.event.id)])
        // What the effect has written by now is undone with it.
        if cured.isEmpty { try points.fail(at: received.event) }
        points.pass(.letterUncommitted)
      }
    }

    var operators: any OperatorDatabase { PostgreSQLOperatorDatabase(database) }

    func cure(_ ids: [String]) async throws {
      for id in ids {
        try await database.query(
          "INSERT INTO cured (id) VALUES ($1) ON CONFLICT DO NOTHING", [.text(id)])
      }
    }

    func counts() async throws -> TortureCounts {
      let row = try await database.query(
        """
        SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM effect),
          (\(TortureCounts.behind)), (\(TortureCounts.dead)), (\(TortureCounts.begun))
        """
      ).first
      func count(_ column: Int) -> Int64 { row?.integer(column) ?? 0 }
      return TortureCounts(
        events: count(0), effects: count(1), behind: count(2), dead: count(3), begun: count(4))
    }

    func standstill() async throws -> Standstill {
      let done = try await database.query("SELECT id FROM effect").compactMap { $0.text(0) }
      let dead = try await database.query(TortureCounts.firstDead).map { row in
        (row.text(0) ?? "", row.integer(1) ?? 0)
      }
      return Standstill(
        done: Set(done), dead: Dictionary(dead, uniquingKeysWith: { first, _ in first }))
    }

    func evidence() async throws -> TortureEvidence {
      var evidence = TortureEvidence()
      for row in try await database.query("SELECT txn, id FROM business") {
        evidence.rows[row.text(0) ?? "", default: []].insert(row.text(1) ?? "")
      }
      evidence.outbox = try await database.query(
        "SELECT seq, id::text, aggregateid, aggregateversion FROM outbox ORDER BY seq"
      ).map { row in
        TortureEvidence.Stored(
          sequence: row.integer(0) ?? 0, sighting: Self.sighting(row, from: 1))
      }
      evidence.effects = try await database.query(
        "SELECT id, aggregate, version FROM effect ORDER BY n"
      ).map { Self.sighting($0, from: 0) }
      evidence.waiting = Set(
        try await database.query("SELECT event_id::text FROM inbox_parked")
          .compactMap { $0.text(0) })
      evidence.parked = Set(
        try await database.query("SELECT aggregateid FROM parked").compactMap { $0.text(0) })
      return evidence
    }

    private static func sighting(_ row: SQLRow, from index: Int) -> Sighting {
      Sighting(
        id: row.text(index) ?? "", aggregate: row.text(index + 1) ?? "",
        version: row.integer(index + 2) ?? 0)
    }
  }
#endif
