// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageStorePostgreSQL
  import MessagingConformance
  import Synchronization
  import TransactionalMessaging

  /// An outbox with its tables, writers, and readers that go over it as a relay does.
  final class RelayWorld: Sendable {
    struct Aborted: Error {}

    let database: PostgreSQLDatabase
    let store: PostgreSQLRelayStore
    let address: String
    private let done = Mutex(0)
    private let time = Mutex<Int64>(0)

    init(_ layout: PostgreSQLOutboxLayout = PostgreSQLOutboxLayout()) async throws {
      address = try await DatabaseTrait.address()
      database = try PostgreSQLDatabase(address)
      let schema = address.split(separator: "%3D").last ?? ""
      store = try PostgreSQLRelayStore(address, name: "relay of \(schema)")
      try await PostgreSQLMessageTables.install(in: database, layout: layout)
    }

    /// Name of the schema, unique on the server.
    var schema: Substring { address.split(separator: "%3D").last ?? "" }

    /// Writers that have ended.
    var finished: Int { done.withLock { $0 } }

    var subject: RelayStoreUnderTest {
      RelayStoreUnderTest(
        store: store,
        append: { try await self.append($0) },
        appendAborted: { events in
          do {
            try await self.append(events) { throw Aborted() }
          } catch is Aborted {}
        },
        open: { events in
          let held = self.hold(events)
          try await held.hasAppended()
          return RelayStoreUnderTest.OpenTransaction { try await held.commit(with: $0) }
        })
    }

    @discardableResult
    func append(
      _ events: [OutboxEvent], finally: @Sendable () async throws -> Void = {}
    ) async throws -> [AppendedEvent] {
      try await database.transaction { transaction in
        var appended: [AppendedEvent] = []
        for event in events {
          appended.append(try await PostgreSQLOutbox().append(event, in: transaction))
        }
        try await finally()
        return appended
      }
    }

    /// A transaction that stays open until it is told to commit.
    func hold(_ events: [OutboxEvent]) -> HeldTransaction {
      HeldTransaction(database, events)
    }

    /// Small transactions of a writer: some abort, some take their time with aggregates locked.
    func write(_ transactions: Int, writer: Int, seed: UInt64) async throws {
      defer { done.withLock { $0 += 1 } }
      var random = SeededGenerator(seed: seed &* 1_000 &+ UInt64(writer))
      for number in 0..<transactions {
        // In one order, so that no two wait for each other.
        let aggregates = (0..<Int.random(in: 1...2, using: &random)).map { _ in
          Int.random(in: 0..<8, using: &random)
        }.sorted()
        let aborts = Int.random(in: 0..<8, using: &random) == 0
        let delay = Int.random(in: 0..<4, using: &random) == 0 ? 0.004 : 0
        try? await database.transaction { transaction in
          // Its number comes before the aggregates are locked.
          try await transaction.query("SELECT pg_current_xact_id(), pg_sleep(\(delay))")
          for (place, aggregate) in aggregates.enumerated() {
            let id = (writer * transactions + number) * 4 + place
            try await PostgreSQLOutbox().append(
              SampleEvents.event(id, aggregate: "k\(aggregate)"), in: transaction)
          }
          try await transaction.query("SELECT pg_sleep(\(delay))")
          if aborts { throw Aborted() }
        }
      }
    }

    /// Returns once somebody waits for a lock on a table of this schema.
    func isWaitedFor() async throws {
      while try await database.query(
        """
        SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE NOT l.granted AND c.relnamespace = to_regnamespace($1)
        """, [.text(String(schema))]
      ).isEmpty {
        try Task.checkCancellation()
        await Task.yield()
      }
    }

    func reader() async throws -> Reader {
      Reader(store: store, cursor: try await position().cursor)
    }

    /// A successor that finds what its predecessor has saved.
    func reader(from predecessor: Reader) async throws -> Reader {
      let lease = try await position().lease
      try await store.save(
        RelayProgress(lease: lease, leaseUntil: 0, cursor: predecessor.cursor))
      return Reader(store: store, cursor: try await position().cursor)
    }

    /// Each takes over from the one before it, whose lease has ended.
    private func position() async throws -> RelayPosition {
      let now = time.withLock { time in
        time += 1
        return time
      }
      let request = LeaseRequest(relay: "r", owner: "o\(now)", now: now, until: now + 1)
      guard let position = try await store.acquire(request) else {
        throw ConformanceFailure(description: "no lease")
      }
      return position
    }
  }

  /// Goes over the outbox page by page.
  struct Reader {
    let store: PostgreSQLRelayStore
    private(set) var cursor: RelayCursor

    init(store: PostgreSQLRelayStore, cursor: RelayCursor) {
      self.store = store
      self.cursor = cursor
    }

    /// The next page: aggregate and version of each event.
    mutating func read(limit: Int = 100) async throws -> [String] {
      let page = try await store.events(after: cursor, limit: PageLimit(events: limit))
      cursor = page.end(from: cursor)
      return page.events.map { "\($0.event.aggregateID) \($0.version)" }
    }
  }

  /// A transaction that a test holds open.
  final class HeldTransaction: Sendable {
    private let appended = WakeSignal()
    private let released = WakeSignal()
    private let last = Mutex<[OutboxEvent]>([])
    private let task: Mutex<Task<Void, any Error>?> = Mutex(nil)

    init(_ database: PostgreSQLDatabase, _ events: [OutboxEvent]) {
      let task = Task {
        defer { self.appended.raise() }
        try await database.transaction { transaction in
          for event in events {
            try await PostgreSQLOutbox().append(event, in: transaction)
          }
          self.appended.raise()
          await self.released.wait(after: 0)
          for event in self.last.withLock({ $0 }) {
            try await PostgreSQLOutbox().append(event, in: transaction)
          }
        }
      }
      self.task.withLock { $0 = task }
    }

    func hasAppended() async throws { await appended.wait(after: 0) }

    func commit(with events: [OutboxEvent] = []) async throws {
      last.withLock { $0 = events }
      released.raise()
      try await task.withLock { $0 }?.value
    }
  }
#endif
