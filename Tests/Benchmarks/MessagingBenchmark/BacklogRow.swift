// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  /// A full outbox with one aggregate that the broker refuses, and the memory of the process that
  /// drains it.
  struct BacklogRow {
    private static let mostMegabytes = 40.0
    private static let poisoned = "b-7"

    private let world: BenchmarkWorld

    init(_ world: BenchmarkWorld) { self.world = world }

    func measure() async throws -> RowResult {
      let count = world.plan.backlog
      let aggregates = world.plan.aggregates
      // Versions of the refused aggregate: one in so many events.
      let refused = (0..<count).count { $0 % aggregates == 7 }
      try await world.fill(count, aggregates: "b-")
      let clock = ContinuousClock()
      let start = clock.now
      let relay = try await RelayProcess.start(world.relayRole(refused: Self.poisoned))
      let reports = try await relay.reports { $0.acknowledged >= count - refused }
      let time = clock.now - start
      await relay.end()
      let rate = Double(count - refused) / BenchmarkWorld.seconds(time)
      let most = reports.last?.mostMegabytes ?? 0
      let half = reports.suffix(reports.count / 2).map(\.megabytes)
      let parked = reports.last?.parked ?? 0
      return RowResult(
        row: "backlog",
        numbers: [
          "events": Double(count), "events/s": rate,
          "RSS at the start MB": reports.first?.megabytes ?? 0, "RSS most MB": most,
          "RSS of the second half MB": half.median, "parked aggregates": Double(parked),
        ],
        text: """
          \(count) events at \(rate.whole)/s with the start of the process; RSS of the relay's \
          process \(most.fixed(1)) MB at most, \(half.median.fixed(1)) MB in the second half, \
          \(parked) aggregate parked
          """,
        demand: "RSS <= 40 MB, 1 parked",
        isAsDemanded: most <= Self.mostMegabytes && parked == 1)
    }
  }
#endif
