// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Foundation
  import MessageStorePostgreSQL
  import TransactionalMessaging

  /// Business transactions with the outbox's row, in turns with those without: the checkout of a
  /// shop, and, as the worst case, one row.
  struct WriterRow {
    private static let leastShare = 0.95

    private enum Business: CaseIterable {
      case checkout, oneRow
    }

    /// Transactions a second of each turn.
    private struct Turns {
      var with: [Double] = []
      var without: [Double] = []

      /// The median of what each round came to, since a machine is not as quick in one minute as in
      /// the next.
      var share: Double { zip(with, without).map { $0 / $1 }.median }
    }

    private let world: BenchmarkWorld
    private let outbox = PostgreSQLOutbox()

    init(_ world: BenchmarkWorld) { self.world = world }

    func measure() async throws -> RowResult {
      try await Checkout.prepare(world.database)
      var turns: [Business: Turns] = [:]
      for business in Business.allCases { _ = try await turn(business, appends: true, seconds: 1) }
      for round in 0..<world.plan.rounds {
        for business in Business.allCases {
          // Each goes first as often.
          for appends in round.isMultiple(of: 2) ? [false, true] : [true, false] {
            let rate = try await turn(business, appends: appends, seconds: world.plan.seconds)
            if appends {
              turns[business, default: Turns()].with.append(rate)
            } else {
              turns[business, default: Turns()].without.append(rate)
            }
          }
        }
      }
      let (checkout, oneRow) = (turns[.checkout] ?? Turns(), turns[.oneRow] ?? Turns())
      return RowResult(
        row: "writer",
        numbers: [
          "checkouts with outbox row /s": checkout.with.median,
          "checkouts without /s": checkout.without.median, "share of checkouts": checkout.share,
          "one row with outbox row /s": oneRow.with.median,
          "one row without /s": oneRow.without.median, "share of one row": oneRow.share,
        ],
        text: """
          \(world.plan.writers) writers: a checkout of 13 statements \
          \(checkout.with.median.whole)/s with the outbox row, \(checkout.without.median.whole)/s \
          without, \((checkout.share * 100).fixed(1)) %; at worst, with a business transaction of \
          one row, \(oneRow.with.median.whole)/s and \(oneRow.without.median.whole)/s, \
          \((oneRow.share * 100).fixed(1)) %
          """,
        demand: "checkout >= 95 %", isAsDemanded: checkout.share >= Self.leastShare)
    }

    /// - Returns: transactions a second.
    private func turn(
      _ business: Business, appends: Bool, seconds: Int
    ) async throws -> Double {
      let clock = ContinuousClock()
      let start = clock.now
      let end = start + .seconds(seconds)
      let count = try await withThrowingTaskGroup(of: Int.self) { tasks in
        for writer in 0..<world.plan.writers {
          tasks.addTask {
            var count = 0
            while clock.now < end {
              let aggregate = "w\(writer)-\(count % world.plan.aggregates)"
              try await write(business, aggregate, appends: appends)
              count += 1
            }
            return count
          }
        }
        return try await tasks.reduce(0, +)
      }
      return Double(count) / BenchmarkWorld.seconds(clock.now - start)
    }

    private func write(
      _ business: Business, _ aggregate: String, appends: Bool
    ) async throws {
      let id = UUID().uuidString.lowercased()
      try await world.database.transaction { transaction in
        switch business {
        case .checkout: _ = try await Checkout.place(in: transaction)
        case .oneRow:
          try await transaction.query(
            "INSERT INTO business (id, note) VALUES ($1::uuid, 'order')", [.text(id)])
        }
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
