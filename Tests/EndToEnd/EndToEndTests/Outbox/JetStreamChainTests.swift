// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Foundation
  import Logging
  import MessageBrokerNATS
  import MessageRelay
  import MessageStorePostgreSQL
  import ServerPrograms
  import Synchronization
  import Testing
  import TransactionalMessaging

  /// PostgreSQL's outbox, relays of the command, JetStream, an inbox: the whole way of an event
  /// while the server and the relays are killed.
  @Suite("From outbox to inbox over JetStream", .timeLimit(.minutes(1)))
  struct JetStreamChainTests {
    private static let aggregates = 12
    private static let writers = 4
    private static let transactions = 150

    @Test func `kills lose, double and reorder nothing`() async throws {
      let begin = ContinuousClock.now
      let chain = try await Chain.start()
      let seed = UInt64.random(in: 0...UInt64(UInt32.max))
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        let consumer = chain.consumer()
        tasks.addTask { try await consumer.run() }
        try await withThrowingTaskGroup(of: Void.self) { work in
          for writer in 0..<Self.writers {
            work.addTask { try await chain.write(Self.transactions, seed: seed + UInt64(writer)) }
          }
          work.addTask { try await Self.kill(chain) }
          try await work.waitForAll()
        }
        try await chain.isDrained()
        tasks.cancelAll()
      }
      try await chain.check(seed: seed)
      await chain.stop()
      let elapsed = ContinuousClock.now - begin
      #expect(elapsed < .seconds(30), "seed \(seed): \(elapsed)")
    }

    /// Each kill waits for effects since the one before, so that it hits a chain at work.
    private static func kill(_ chain: Chain) async throws {
      var seen = 0
      func more(_ count: Int) async {
        seen = await chain.effects.count(reaches: max(seen, chain.effects.count) + count)
      }
      await more(40)
      try await chain.killRelay(0)
      await more(40)
      await chain.nats.kill()
      try await chain.nats.restart()
      await more(40)
      try await chain.killRelay(1)
      await more(40)
      await chain.nats.kill()
      try await chain.killRelay(0)
      try await chain.killRelay(1)
      try await chain.nats.restart()
      await more(40)
      try await chain.killRelay(0)
    }
  }

  /// Counts, and lets others wait for a number.
  private final class Counter: Sendable {
    private let number = Mutex(0)
    private let changed = WakeSignal()

    var count: Int { number.withLock { $0 } }

    func add() {
      number.withLock { $0 += 1 }
      changed.raise()
    }

    /// - Returns: the count once it is that large; bound it with the test's time limit.
    @discardableResult
    func count(reaches least: Int) async -> Int {
      while case let generation = changed.generation, count < least, !Task.isCancelled {
        await changed.wait(after: generation)
      }
      return count
    }
  }

  /// Servers, relays and tables of the test.
  private final class Chain: Sendable {
    let nats: NATSProgram
    let effects = Counter()
    private let server: PostgreSQLProgram
    private let producer: PostgreSQLDatabase
    private let reader: PostgreSQLDatabase
    private let broker: NATSBroker
    private let scratch: Scratch
    private let file: String
    private let relays: Mutex<[RunningProgram]>
    private let outbox = PostgreSQLOutbox()

    private init(
      _ server: PostgreSQLProgram, _ nats: NATSProgram, _ producer: PostgreSQLDatabase,
      _ scratch: Scratch
    ) throws {
      (self.server, self.nats, self.producer, self.scratch) = (server, nats, producer, scratch)
      reader = try PostgreSQLDatabase(server.address)
      file = try scratch.write(
        """
        outbox:
          database: "\(server.address)"
          publish: { nats: { servers: ["\(nats.address)"], stream: SHOP, create: {} } }
          lease: 300ms
          batch: 64
        """, to: "strangler.yaml")
      var configuration = NATSBrokerConfiguration(
        NATSServer([nats.address]), stream: "SHOP",
        groups: [.init("effects", topics: [BrokerMessage.topic(forAggregateType: "order")])],
        creation: .init())
      configuration.ackWait = 2_000
      broker = try NATSBroker(configuration, logger: Self.logger)
      let file = file
      relays = Mutex(try (0..<2).map { _ in try Self.relay(file) })
    }

    private static let logger = Logger(label: "chain") { _ in SwiftLogNoOpLogHandler() }

    private static func relay(_ file: String) throws -> RunningProgram {
      try Executable.strangler.start(["outbox", "relay", "--config", file])
    }

    static func start() async throws -> Chain {
      let server = try await PostgreSQLProgram.start()
      let nats = try await NATSProgram.start()
      let database = try PostgreSQLDatabase(server.address)
      try await PostgreSQLMessageTables.install(in: database)
      for table in ["business", "effect"] {
        try await database.query(
          """
          CREATE TABLE \(table) (
            n bigint GENERATED ALWAYS AS IDENTITY, aggregate text NOT NULL, id text NOT NULL)
          """)
      }
      return try Chain(server, nats, database, try Scratch())
    }

    func stop() async {
      for relay in relays.withLock({ $0 }) {
        relay.signal(SIGTERM)
        let outcome = await relay.outcome()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
      }
      broker.close()
      producer.close()
      reader.close()
      await server.stop()
    }

    // MARK: - Work

    private struct Aborted: Error {}

    /// Transactions of one to three events of an aggregate and their rows; some are undone.
    func write(_ transactions: Int, seed: UInt64) async throws {
      var random = SeededGenerator(seed: seed)
      for _ in 0..<transactions {
        let aggregate = "a\(Int.random(in: 0..<12, using: &random))"
        let count = Int.random(in: 1...3, using: &random)
        let aborts = Int.random(in: 0..<6, using: &random) == 0
        let outbox = outbox
        do {
          try await producer.transaction { transaction in
            for _ in 0..<count {
              let id = UUID().uuidString.lowercased()
              try await transaction.query(
                "INSERT INTO business (aggregate, id) VALUES ($1, $2)",
                [.text(aggregate), .text(id)])
              try await outbox.append(
                OutboxEvent(
                  id: id, aggregateType: "order", aggregateID: aggregate, type: "order-changed",
                  occurredAt: Int64(Date().timeIntervalSince1970 * 1_000),
                  payload: Array("{}".utf8)),
                in: transaction)
            }
            if aborts { throw Aborted() }
          }
        } catch is Aborted {}
      }
    }

    func consumer() -> Consumer {
      let effects = effects
      let inbox = PostgreSQLInbox(consumer: "effects").bound(to: reader) { event, transaction in
        try await transaction.query(
          "INSERT INTO effect (aggregate, id) VALUES ($1, $2)",
          [.text(event.event.aggregateID), .text(event.event.id)])
        transaction.afterCommit { effects.add() }
      }
      return Consumer(broker: broker, inbox: inbox, logger: Self.logger)
    }

    /// With SIGKILL; another takes its place.
    func killRelay(_ index: Int) async throws {
      let next = try Self.relay(file)
      let old = relays.withLock { relays in
        defer { relays[index] = next }
        return relays[index]
      }
      old.signal(SIGKILL)
      _ = await old.outcome()
    }

    /// Returns once as many effects are there as events.
    func isDrained() async throws {
      let events = try await rows("SELECT '', '' FROM outbox").count
      await effects.count(reaches: events)
    }

    // MARK: - What must be

    private func rows(_ sql: String) async throws -> [(String, String)] {
      try await producer.query(sql).map { ($0.text(0) ?? "", $0.text(1) ?? "") }
    }

    func check(seed: UInt64) async throws {
      func grouped(_ sql: String) async throws -> [String: [String]] {
        Dictionary(try await rows(sql).map { ($0, [$1]) }, uniquingKeysWith: +)
      }
      let committed = try await grouped("SELECT aggregate, id FROM business ORDER BY n")
      let events = try await grouped("SELECT aggregateid, id FROM outbox ORDER BY seq")
      let effects = try await grouped("SELECT aggregate, id FROM effect ORDER BY n")
      // Rows of one aggregate are numbered before its lock is taken.
      #expect(
        events.mapValues(Set.init) == committed.mapValues(Set.init),
        "seed \(seed): rows and events differ")
      #expect(effects == events, "seed \(seed): effects are lost, doubled or out of order")
      #expect(committed.values.map(\.count).reduce(0, +) > 400, "seed \(seed): too little happened")
      for (command, expected) in [
        ("dead-letters", "nothing waits\n"), ("verify", "every event is there once and in order\n"),
      ] {
        let outcome = try await Executable.strangler.run(["outbox", command, "--config", file])
        #expect(outcome.output == expected, "seed \(seed): \(outcome.errors)")
      }
    }
  }
#endif
