// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Logging
  import MessageBrokerNATS
  import MessageRelay
  import MessageStorePostgreSQL
  import ServerPrograms
  import ServiceLifecycle
  import TransactionalMessaging

  /// Servers of a row's own, with an outbox and a stream.
  struct BenchmarkWorld {
    static let aggregateType = "benchmark"
    static let stream = "BENCHMARK"
    static let logger = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
    /// What each event carries: an order of everyday size.
    static let payload = Array(
      #"{"order":"4711","customer":"c-100","lines":[{"sku":"A-1","count":2}],"total":4999}"#.utf8)
    /// Most events of one statement.
    private static let chunk = 50_000

    let plan: BenchmarkPlan
    let server: PostgreSQLProgram
    let nats: NATSProgram
    let database: PostgreSQLDatabase

    init(_ plan: BenchmarkPlan) async throws {
      self.plan = plan
      server = try await PostgreSQLProgram.start(listensOn: .loopback, isDurable: true)
      nats = try await NATSProgram.start()
      var configuration = PostgreSQLDatabase.Configuration()
      configuration.connections = plan.writers + 2
      configuration.waiting = 100_000
      database = try PostgreSQLDatabase(server.address, configuration: configuration)
      try await PostgreSQLMessageTables.install(in: database)
      try await database.query("CREATE TABLE business (id uuid PRIMARY KEY, note text NOT NULL)")
    }

    func end() {
      database.close()
      server.end()
      nats.end()
    }

    /// A broker whose stream is there.
    func broker() async throws -> NATSBroker {
      let broker = try NATSBroker(
        NATSBrokerConfiguration(
          NATSServer([nats.address]), stream: Self.stream, creation: .init()),
        logger: Self.logger)
      try await broker.check()
      return broker
    }

    func relay(to publisher: any MessagePublisher, signal: WakeSignal = WakeSignal()) throws
      -> Relay
    {
      var configuration = RelayConfiguration()
      configuration.concurrency = plan.concurrency
      if let page = plan.page { configuration.page = PageLimit(events: page) }
      return Relay(
        store: try PostgreSQLRelayStore(server.address), broker: publisher, signal: signal,
        configuration: configuration, logger: Self.logger)
    }

    /// Runs a relay while the body runs; it gives its lease back, so that the next one need not
    /// wait until that has run out.
    func relaying<Value>(
      _ relay: Relay, _ body: () async throws -> Value
    ) async throws -> Value {
      let services = ServiceGroup(services: [relay], logger: Self.logger)
      return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await services.run() }
        let value = try await body()
        await services.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return value
      }
    }

    /// Fills the outbox at once, by the rows that `PostgreSQLOutbox.append` would write.
    func fill(_ count: Int, aggregates prefix: String) async throws {
      for start in stride(from: 0, to: count, by: Self.chunk) {
        try await database.query(
          """
          INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, aggregateversion,
            occurred_at, headers, schema_version)
          SELECT gen_random_uuid(), $1::varchar, $2::text || n % $3::bigint, 'benchmark-changed',
            $4::bytea, n / $3::bigint + 1, 0, '{}'::jsonb, 1
          FROM generate_series($5::bigint, $6::bigint) AS n ORDER BY n
          """,
          [
            .text(Self.aggregateType), .text(prefix), .integer(Int64(plan.aggregates)),
            .bytes(Self.payload), .integer(Int64(start)),
            .integer(Int64(min(count, start + Self.chunk) - 1)),
          ])
      }
      try await database.query("ANALYZE outbox")
    }

    static func seconds(_ duration: Duration) -> Double {
      Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
  }

  extension Relay {
    /// Returns when so many publications were acknowledged.
    func acknowledged(_ count: Int) async throws {
      while status.acknowledged < count { try await ContinuousClock().sleep(for: .milliseconds(2)) }
    }
  }
#endif
