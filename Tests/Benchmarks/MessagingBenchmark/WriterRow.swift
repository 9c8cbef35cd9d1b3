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

    private enum Appending: CaseIterable {
      case nothing, atCommit, before
    }

    /// Transactions a second of each turn.
    private struct Turns {
      private var rates: [Appending: [Double]] = [:]

      mutating func add(_ rate: Double, _ appending: Appending) {
        rates[appending, default: []].append(rate)
      }

      func rate(_ appending: Appending) -> Double { (rates[appending] ?? []).median }

      /// The median of what each round came to, since a machine is not as quick in one minute as in
      /// the next.
      func share(_ appending: Appending) -> Double {
        zip(rates[appending] ?? [], rates[.nothing] ?? []).map { $0 / $1 }.median
      }
    }

    private let world: BenchmarkWorld
    private let outbox = PostgreSQLOutbox()

    init(_ world: BenchmarkWorld) { self.world = world }

    func measure() async throws -> RowResult {
      try await Checkout.prepare(world.database)
      var turns: [Business: Turns] = [:]
      for business in Business.allCases {
        for appending in Appending.allCases { _ = try await turn(business, appending, seconds: 1) }
      }
      for round in 0..<world.plan.rounds {
        for business in Business.allCases {
          // Each goes first as often.
          for place in Appending.allCases.indices {
            let appending = Appending.allCases[(place + round) % Appending.allCases.count]
            let rate = try await turn(business, appending, seconds: world.plan.seconds)
            turns[business, default: Turns()].add(rate, appending)
          }
        }
      }
      let (checkout, oneRow) = (turns[.checkout] ?? Turns(), turns[.oneRow] ?? Turns())
      return RowResult(
        row: "writer",
        numbers: [
          "checkouts with outbox row /s": checkout.rate(.atCommit),
          "checkouts without /s": checkout.rate(.nothing),
          "share of checkouts": checkout.share(.atCommit),
          "share of checkouts that append before": checkout.share(.before),
          "one row with outbox row /s": oneRow.rate(.atCommit),
          "one row without /s": oneRow.rate(.nothing), "share of one row": oneRow.share(.atCommit),
          "share of one row, appended before": oneRow.share(.before),
        ],
        text: """
          \(world.plan.writers) writers: a checkout of 13 statements \(text(checkout)); at worst, \
          with a business transaction of one row, \(text(oneRow))
          """,
        demand: "checkout >= 95 %", isAsDemanded: checkout.share(.atCommit) >= Self.leastShare)
    }

    private func text(_ turns: Turns) -> String {
      """
      \(turns.rate(.atCommit).whole)/s with the outbox row sent with COMMIT, \
      \(turns.rate(.before).whole)/s with it before, \(turns.rate(.nothing).whole)/s without, \
      \((turns.share(.atCommit) * 100).fixed(1)) % and \
      \((turns.share(.before) * 100).fixed(1)) %
      """
    }

    /// - Returns: transactions a second.
    private func turn(
      _ business: Business, _ appending: Appending, seconds: Int
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
              try await write(business, aggregate, appending)
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
      _ business: Business, _ aggregate: String, _ appending: Appending
    ) async throws {
      let id = UUID().uuidString.lowercased()
      try await world.database.transaction { transaction in
        switch business {
        case .checkout: _ = try await Checkout.place(in: transaction)
        case .oneRow:
          try await transaction.query(
            "INSERT INTO business (id, note) VALUES ($1::uuid, 'order')", [.text(id)])
        }
        guard appending != .nothing else { return }
        let event = OutboxEvent(
          id: id, aggregateType: BenchmarkWorld.aggregateType, aggregateID: aggregate,
          type: "benchmark-changed", occurredAt: 0, payload: BenchmarkWorld.payload)
        if appending == .atCommit {
          try await outbox.appendAtCommit(event, in: transaction)
        } else {
          try await outbox.append(event, in: transaction)
        }
      }
    }
  }
#endif
