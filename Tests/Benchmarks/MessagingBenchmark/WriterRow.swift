// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Foundation
  import MessageStorePostgreSQL
  import TransactionalMessaging

  /// Business transactions with the outbox's row, in turns with those without.
  struct WriterRow {
    private static let leastShare = 0.95

    private let world: BenchmarkWorld
    private let outbox = PostgreSQLOutbox()

    init(_ world: BenchmarkWorld) { self.world = world }

    func measure() async throws -> RowResult {
      var (with, without): ([Double], [Double]) = ([], [])
      for _ in 0..<world.plan.rounds {
        without.append(try await turn(appends: false))
        with.append(try await turn(appends: true))
      }
      let share = with.median / without.median
      return RowResult(
        row: "writer",
        numbers: [
          "with outbox row /s": with.median, "without /s": without.median, "share": share,
        ],
        text: """
          \(with.median.whole) transactions/s with the outbox row, \
          \(without.median.whole) without, \
          \(world.plan.writers) writers: \((share * 100).fixed(1)) %
          """,
        demand: ">= 95 %", isAsDemanded: share >= Self.leastShare)
    }

    /// - Returns: transactions a second.
    private func turn(appends: Bool) async throws -> Double {
      let clock = ContinuousClock()
      let start = clock.now
      let end = start + .seconds(world.plan.seconds)
      let count = try await withThrowingTaskGroup(of: Int.self) { tasks in
        for writer in 0..<world.plan.writers {
          tasks.addTask {
            var count = 0
            while clock.now < end {
              try await write("w\(writer)-\(count % world.plan.aggregates)", appends: appends)
              count += 1
            }
            return count
          }
        }
        return try await tasks.reduce(0, +)
      }
      return Double(count) / BenchmarkWorld.seconds(clock.now - start)
    }

    private func write(_ aggregate: String, appends: Bool) async throws {
      let id = UUID().uuidString.lowercased()
      try await world.database.transaction { transaction in
        try await transaction.query(
          "INSERT INTO business (id, note) VALUES ($1::uuid, 'order')", [.text(id)])
        guard appends else { return }
        try await outbox.append(
          OutboxEvent(
            id: id, aggregateType: BenchmarkWorld.aggregateType, aggregateID: aggregate,
            type: "benchmark-changed", occurredAt: 0, payload: BenchmarkWorld.payload),
          in: transaction)
      }
    }
  }
#endif
