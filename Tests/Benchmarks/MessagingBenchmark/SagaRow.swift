// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Foundation
  import MessageStorePostgreSQL
  import SagaModel
  import SagaOrchestration
  import ServerPrograms
  import Synchronization
  import TransactionalMessaging

  /// Sagas of three steps that do nothing, so many of them at once, in turns with workflows of
  /// three steps of DBOS on the same server, which writes through to the disk for both.
  struct SagaRow {
    private static let leastRatio = 5.0
    private static let inFlight = 16

    private struct Order: Codable, Sendable {
      var number: String
    }

    private typealias Checkout = Saga<Order, PostgreSQLSagaStore>

    /// How DBOS is asked to run its steps; the better one counts.
    private enum Manner: String, CaseIterable {
      case coroutines, threads
    }

    /// Resumes whoever began a saga when its last step runs.
    private final class LastSteps: Sendable {
      private let waiting = Mutex<[String: CheckedContinuation<Void, Never>]>([:])

      func wait(for saga: String, _ begin: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
          waiting.withLock { $0[saga] = continuation }
          begin()
        }
      }

      func ran(_ saga: String) { waiting.withLock { $0.removeValue(forKey: saga) }?.resume() }
    }

    private let world: BenchmarkWorld
    private let interpreter: String

    init(_ world: BenchmarkWorld, interpreter: String) {
      self.world = world
      self.interpreter = interpreter
    }

    func measure() async throws -> RowResult {
      let folder = FileManager.default.temporaryDirectory.appending(
        path: "dbos-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let script = folder.appending(path: "workflows.py")
      try Data(Self.workflows.utf8).write(to: script)
      let count = world.plan.sagas
      var ours: [Double] = []
      var theirs: [Manner: [Double]] = [:]
      for round in 0..<world.plan.rounds {
        for manner in Manner.allCases {
          theirs[manner, default: []].append(try await workflows(count / 4, manner, script))
        }
        ours.append(try await sagas(count, round: round))
      }
      let medians = theirs.mapValues(\.median)
      let best = medians.values.max() ?? 0
      let ratio = ours.median / best
      var numbers = ["sagas/s": ours.median, "ratio": ratio]
      for (manner, rate) in medians { numbers["DBOS workflows/s by \(manner.rawValue)"] = rate }
      return RowResult(
        row: "saga", numbers: numbers,
        text: """
          \(Self.inFlight) in flight, three steps each: \(ours.median.whole) sagas/s, DBOS \
          \((medians[.coroutines] ?? 0).whole)/s by coroutines and \
          \((medians[.threads] ?? 0).whole)/s by threads: \(ratio.fixed(1)) times the better one
          """,
        demand: ">= 5 times DBOS", isAsDemanded: ratio >= Self.leastRatio)
    }

    /// As many tasks as sagas in flight begin one each when their last one ends, each beginning a
    /// transaction of its own.
    ///
    /// - Returns: sagas a second, from the first beginning to the last end that was stored.
    private func sagas(_ count: Int, round: Int) async throws -> Double {
      let last = LastSteps()
      let checkout = try Checkout("checkout", version: 1) {
        Step("reserve-stock", .call { _, _ in }, compensation: .call { _, _ in })
        Pivot("take-payment", .call { _, _ in })
        Retriable("confirm", .call { _, call in last.ran(call.sagaID) })
      }
      let store = PostgreSQLSagaStore(world.database)
      var configuration = OrchestratorConfiguration()
      configuration.inHand = Self.inFlight
      let orchestrator = SagaOrchestrator(
        name: "benchmark-\(round)", store: store, sagas: [checkout], configuration: configuration,
        logger: BenchmarkWorld.logger)
      return try await withThrowingTaskGroup(of: Void.self) { services in
        services.addTask { try await orchestrator.run() }
        let clock = ContinuousClock()
        let start = clock.now
        await withTaskGroup(of: Void.self) { beginners in
          for beginner in 0..<Self.inFlight {
            beginners.addTask {
              for number in stride(from: beginner, to: count, by: Self.inFlight) {
                let id = "\(round)-\(number)"
                await last.wait(for: id) { begin(id) }
              }
            }
          }
        }
        while orchestrator.status.completed < count {
          try await clock.sleep(for: .milliseconds(1))
        }
        let taken = BenchmarkWorld.seconds(clock.now - start)
        services.cancelAll()
        return Double(count) / taken
      }

      @Sendable func begin(_ id: String) {
        Task {
          do {
            let now = Int64(Date().timeIntervalSince1970 * 1_000)
            let saga = try checkout.begin(id, Order(number: id), now: now)
            try await world.database.transaction { try await store.begin(saga, in: $0) }
          } catch {
            fatalError("a saga could not be begun: \(error)")
          }
        }
      }
    }

    /// - Returns: workflows a second.
    private func workflows(_ count: Int, _ manner: Manner, _ script: URL) async throws -> Double {
      let worker = try Program.start(
        interpreter,
        [
          script.path(percentEncoded: false),
          "postgresql://postgres@127.0.0.1:\(world.server.port ?? 0)/dbos", "\(count)",
          "\(Self.inFlight)", manner.rawValue,
        ])
      await worker.ended()
      let rate = worker.text.split(separator: "\n").last { $0.hasPrefix("workflows/s ") }
      guard let rate = rate.flatMap({ Double($0.dropFirst(12)) }) else {
        throw Program.Failure(description: "dbos: \(worker.text)")
      }
      return rate
    }

    /// Settings are those that it has by itself. Creating its tables is not counted.
    private static let workflows = """
      import asyncio, sys, time
      from concurrent.futures import ThreadPoolExecutor
      from dbos import DBOS

      address, count, flight, manner = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
      DBOS(config={
          "name": "benchmark", "system_database_url": address, "run_admin_server": False,
          "log_level": "ERROR"})

      @DBOS.step()
      def reserve_stock(order): return order

      @DBOS.step()
      def take_payment(order): return order

      @DBOS.step()
      def confirm(order): return order

      @DBOS.workflow()
      def checkout(order): return confirm(take_payment(reserve_stock(order)))

      @DBOS.step()
      async def reserve_stock_async(order): return order

      @DBOS.step()
      async def take_payment_async(order): return order

      @DBOS.step()
      async def confirm_async(order): return order

      @DBOS.workflow()
      async def checkout_async(order):
          return await confirm_async(await take_payment_async(await reserve_stock_async(order)))

      async def coroutines():
          orders = iter(range(count))

          async def worker():
              for order in orders:
                  await checkout_async(order)

          await asyncio.gather(*[worker() for _ in range(flight)])

      def threads():
          with ThreadPoolExecutor(flight) as pool:
              if len(list(pool.map(checkout, range(count)))) != count:
                  sys.exit("some workflow did not end")

      DBOS.launch()
      start = time.perf_counter()
      asyncio.run(coroutines()) if manner == "coroutines" else threads()
      print("workflows/s", count / (time.perf_counter() - start), file=sys.stderr)
      DBOS.destroy()

      """
  }
#endif
