// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Foundation
  import MessageStorePostgreSQL
  import ServerPrograms
  import TransactionalMessaging

  /// An hour's work in some minutes: writers at a steady rate beside a snapshot that somebody holds
  /// from before the first event until after the last, so that the server may clean up nothing.
  struct HourRow {
    private static let mostMegabytes = 40.0
    /// Most that tables of our own may still grow once the snapshot is gone, of what they have.
    private static let mostGrowth = 1.1

    private let world: BenchmarkWorld
    private let outbox = PostgreSQLOutbox()

    init(_ world: BenchmarkWorld) { self.world = world }

    func measure() async throws -> RowResult {
      try await world.database.query("CREATE EXTENSION pgstattuple")
      let relay = try await RelayProcess.start(world.relayRole())
      let seconds = world.plan.minutes * 60
      let before = try await tables()
      var (first, last, after) = (Turn(), Turn(), Tables())
      let held = try await holdingSnapshot {
        first = try await turn("first", seconds / 2, relay, 0)
        last = try await turn("last", seconds - seconds / 2, relay, first.written)
        return try await tables()
      }
      // The server may clean up now, as it does by itself once a minute.
      try await vacuum()
      _ = try await turn("again", max(1, seconds / 4), relay, first.written + last.written)
      try await vacuum()
      after = try await tables()
      let report = try relay.report
      await relay.end()
      let growth = Double(after.ownBytes) / Double(max(1, held.ownBytes))
      return RowResult(
        row: "hour",
        numbers: [
          "minutes": Double(world.plan.minutes), "events": Double(first.written + last.written),
          "events/s": last.rate, "dead tuples in event tables": Double(held.deadEvents),
          "events changed or deleted": Double(held.changedEvents),
          "own tables before MB": before.ownMegabytes,
          "own tables with the snapshot MB": held.ownMegabytes,
          "own tables after it MB": after.ownMegabytes,
          "waiting most first half": Double(first.mostWaiting),
          "waiting most second half": Double(last.mostWaiting),
          "relay RSS most MB": report.mostMegabytes,
        ],
        text: """
          compressed to \(world.plan.minutes) minutes: \(first.written + last.written) events at \
          \(last.rate.whole)/s beside a snapshot held all the time: \(held.deadEvents) dead tuples \
          in event tables, \(held.changedEvents) rows of them changed; tables of our own \
          \(before.ownMegabytes.fixed(1)) MB before, \(held.ownMegabytes.fixed(1)) MB with the \
          snapshot (\(held.largest)), \(after.ownMegabytes.fixed(1)) MB after a quarter of the \
          time more without it; at most \(first.mostWaiting) events not sent in the first half, \
          \(last.mostWaiting) in the second; RSS of the relay's process \
          \(report.mostMegabytes.fixed(1)) MB at most
          """,
        demand: "0 dead, bounded, RSS <= 40 MB",
        isAsDemanded: held.deadEvents == 0 && held.changedEvents == 0
          && growth <= Self.mostGrowth && report.mostMegabytes <= Self.mostMegabytes)
    }

    // MARK: - Load

    /// What was written in one part of the time.
    private struct Turn {
      var written = 0
      var seconds = 0.0
      /// Most events that were committed and not acknowledged yet.
      var mostWaiting = 0

      var rate: Double { Double(written) / max(seconds, 1e-9) }
    }

    /// Writes at the plan's rate and returns when the relay has sent all.
    private func turn(
      _ prefix: String, _ seconds: Int, _ relay: RelayProcess, _ before: Int
    ) async throws -> Turn {
      let clock = ContinuousClock()
      let start = clock.now
      var turn = Turn(written: world.plan.rate * seconds)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for number in 0..<turn.written {
          try await clock.sleep(until: start + Duration.seconds(1) * number / world.plan.rate)
          let aggregate = "\(prefix)-\(number % world.plan.aggregates)"
          tasks.addTask { try await write(aggregate) }
          if number >= world.plan.writers * 64 { try await tasks.next() }
          if number.isMultiple(of: world.plan.rate / 10 + 1) {
            let waiting = number + before - (try relay.report.acknowledged)
            turn.mostWaiting = max(turn.mostWaiting, waiting)
          }
        }
        try await tasks.waitForAll()
      }
      turn.seconds = BenchmarkWorld.seconds(clock.now - start)
      let all = turn.written + before
      _ = try await relay.reports { $0.acknowledged >= all }
      return turn
    }

    private func write(_ aggregate: String) async throws {
      let event = OutboxEvent(
        id: UUID().uuidString.lowercased(), aggregateType: BenchmarkWorld.aggregateType,
        aggregateID: aggregate, type: "benchmark-changed", occurredAt: 0,
        payload: BenchmarkWorld.payload)
      try await world.database.transaction { transaction in
        try await transaction.query(
          "INSERT INTO business (id, note) VALUES ($1::uuid, 'order')", [.text(event.id)])
        try await outbox.append(event, in: transaction)
      }
    }

    /// A report of somebody else's, as it were, that reads for as long as the body runs.
    private func holdingSnapshot<Value>(_ body: () async throws -> Value) async throws -> Value {
      var configuration = PostgreSQLDatabase.Configuration()
      configuration.connections = 1
      configuration.idling = .seconds(world.plan.minutes * 600)
      let database = try PostgreSQLDatabase(world.server.address, configuration: configuration)
      defer { database.close() }
      return try await database.transaction { transaction in
        try await transaction.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try await transaction.query("SELECT count(*) FROM business")
        return try await body()
      }
    }

    // MARK: - Tables

    private struct Tables {
      /// Of the outbox's partitions, counted row by row.
      var deadEvents: Int64 = 0
      /// As the server counted them.
      var changedEvents: Int64 = 0
      var ownBytes: Int64 = 0
      /// The table of our own that has most in it.
      var largest = ""

      var ownMegabytes: Double { Double(ownBytes) / 1_048_576 }
    }

    private static let events =
      "SELECT relid FROM pg_partition_tree('outbox') WHERE isleaf"

    private static let own = """
      unnest(ARRAY['aggregate_version', 'relay_shard', 'parked', 'inbox', 'inbox_hwm', \
      'inbox_parked', 'inbox_attempt', 'messaging_audit', 'messaging_database', \
      'messaging_schema']) AS name
      """

    private func tables() async throws -> Tables {
      func number(_ sql: String) async throws -> Int64 {
        try await world.database.query(sql).first?.integer(0) ?? 0
      }
      // Counted by sessions for themselves, and told once a second.
      try await ContinuousClock().sleep(for: .seconds(2))
      return Tables(
        deadEvents: try await number(
          """
          SELECT sum((pgstattuple(relid)).dead_tuple_count)::bigint FROM (\(Self.events)) AS p
          """),
        changedEvents: try await number(
          """
          SELECT sum(n_tup_upd + n_tup_del)::bigint FROM pg_stat_user_tables
          WHERE relid IN (\(Self.events))
          """),
        ownBytes: try await number(
          "SELECT sum(pg_total_relation_size(name::regclass))::bigint FROM \(Self.own)"),
        largest: try await world.database.query(
          """
          SELECT string_agg(name || ' ' || pg_size_pretty(size), ', ' ORDER BY size DESC)
          FROM (SELECT name, pg_total_relation_size(name::regclass) AS size FROM \(Self.own)
            ORDER BY size DESC LIMIT 2) AS s
          """
        ).first?.text(0) ?? "")
    }

    private func vacuum() async throws {
      try await world.database.query("VACUUM aggregate_version, relay_shard, parked")
    }
  }
#endif
