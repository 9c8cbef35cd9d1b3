// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import DataMapping
  import DualWriteRouting
  import Foundation
  import GRDB
  import MappedStores
  import MessageStorePostgreSQL
  import ServerPrograms
  import Synchronization
  import TransactionalMessaging

  /// Services that write orders at a steady rate through routers, and who carries changes over,
  /// until it is stopped.
  final class Traffic: Sendable {
    private let isOver = Mutex(false)
    /// What each order came to that was acknowledged.
    private let acknowledged = Mutex<[Int64: Int64]>([:])
    private let milliseconds = Mutex<[Double]>([])
    private let world: BenchmarkWorld
    private let plan: BenchmarkPlan

    init(_ world: BenchmarkWorld, _ plan: BenchmarkPlan) {
      (self.world, self.plan) = (world, plan)
    }

    /// How long each write took.
    var latencies: [Double] { milliseconds.withLock { $0 } }

    /// Runs a body beside the traffic; when it is over, nothing waits any more.
    ///
    /// - Parameter follows: whether changes are carried over here.
    func around<Value: Sendable>(
      follows: Bool = true, _ body: () async throws -> Value
    ) async throws -> Value {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<plan.writers { group.addTask { try await self.write(writer) } }
        if follows { group.addTask { try await self.follow() } }
        defer { isOver.withLock { $0 = true } }
        let value = try await body()
        isOver.withLock { $0 = true }
        try await group.waitForAll()
        try await BenchmarkWorld.persistently {
          while let carrier = try world.run.carrier(try await world.run.migration()),
            try await carrier.batch().read > 0
          {}
        }
        return value
      }
    }

    /// Writes that were acknowledged and are not there.
    func lost() async throws -> Int {
      let store = world.run.stores.new.writing
      let expected = acknowledged.withLock { $0 }
      var found: [Int64: Int64] = [:]
      let rows = try await store.run([
        StoreStatement("SELECT number, (total * 100)::bigint FROM purchases")
      ])[0]
      for row in rows {
        if let key = row[0].flatMap({ Int64($0) }) { found[key] = row[1].flatMap { Int64($0) } }
      }
      return expected.count { found[$0.key] != $0.value }
    }

    private func write(_ writer: Int) async throws {
      let legacy = try Side(world.legacy, "orders (id, cents, status, note)", "placed", "$2")
      let new = try Side(
        world.new, "purchases (number, total, state, memo)", "open", "$2::bigint / 100.0")
      defer { for side in [legacy, new] { side.close() } }
      var configuration = DualWriteRouter.Configuration()
      configuration.patience = .seconds(30)
      let router = DualWriteRouter(
        mapping: "orders", legacy: legacy.store, new: new.store, configuration: configuration)
      let clock = ContinuousClock()
      var (next, count) = (clock.now, Int64(0))
      while !isOver.withLock({ $0 }) {
        count += 1
        // Each writer has keys of its own, so that it knows what each came to.
        let isNew = count % 4 == 0
        let place = isNew ? plan.rows / plan.writers + Int(count) : Int.random(in: 0..<10_000)
        let key = Int64(1 + place * plan.writers + writer)
        let value = count * 1_000 + Int64(writer) + 1_000
        let began = clock.now
        // Whoever gets no answer writes the same again, until it is told that it is there.
        _ = try await BenchmarkWorld.persistently {
          try await router.write(legacy: legacy.put(key, value), new: new.put(key, value))
        }
        milliseconds.withLock { $0.append((clock.now - began).inSeconds * 1_000) }
        acknowledged.withLock { $0[key] = value }
        next += .seconds(Double(plan.writers) / Double(plan.rate))
        if next > clock.now { try await clock.sleep(until: next) }
      }
    }

    private func follow() async throws {
      let clock = ContinuousClock()
      while !isOver.withLock({ $0 }) {
        do {
          let migration = try await world.run.migration()
          guard let carrier = try world.run.carrier(migration) else { continue }
          let end = clock.now + .milliseconds(200)
          while clock.now < end, !isOver.withLock({ $0 }) {
            if try await carrier.batch().read == 0 { try await clock.sleep(for: .milliseconds(2)) }
          }
        } catch let failure as StoreFailure where [.fenced, .locked, .moved].contains(failure.code)
        {
          try await clock.sleep(for: .milliseconds(2))
        }
      }
    }

    /// How a service writes an order on one side.
    private struct Side: Sendable {
      private enum Database: Sendable {
        case sqlite(DatabaseQueue)
        case postgreSQL(PostgreSQLDatabase)
      }

      private let database: Database
      private let put: String

      init(_ place: DataSettings.Place, _ table: String, _ state: String, _ amount: String) throws {
        let names = table.split { " (,)".contains($0) }
        put = """
          INSERT INTO \(table) VALUES ($1, \(amount), '\(state)', 'written')
          ON CONFLICT (\(names[1])) DO UPDATE SET \(names[2]) = excluded.\(names[2])
          """
        switch place {
        case .file(let path):
          var configuration = GRDB.Configuration()
          configuration.busyMode = .timeout(30)
          database = .sqlite(try DatabaseQueue(path: path, configuration: configuration))
        case .postgreSQL(let url):
          var configuration = PostgreSQLDatabase.Configuration()
          configuration.connections = 1
          database = .postgreSQL(try PostgreSQLDatabase(url, configuration: configuration))
        }
      }

      var store: RoutedStore {
        switch database {
        case .sqlite(let queue): .sqlite(queue)
        case .postgreSQL(let database): .postgreSQL(database)
        }
      }

      func put(_ key: Int64, _ value: Int64) -> RoutedWork<Void> {
        switch database {
        case .sqlite(let queue):
          .sqlite(queue) { [put] db in try db.execute(sql: put, arguments: [key, value]) }
        case .postgreSQL(let database):
          .postgreSQL(database) { [put] transaction in
            try await transaction.query(put, [.integer(key), .integer(value)])
          }
        }
      }

      func close() {
        switch database {
        case .sqlite(let queue): try? queue.close()
        case .postgreSQL(let database): database.close()
        }
      }
    }
  }
#endif
