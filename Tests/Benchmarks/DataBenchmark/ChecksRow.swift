// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import DataMapping
  import MappedStores

  /// Chunks that are compared while they are written: none differs.
  struct ChecksRow {
    private static let rows = 20_000
    private static let chunk = 50

    private let plan: BenchmarkPlan

    init(_ plan: BenchmarkPlan) {
      var plan = plan
      plan.rows = min(plan.rows, Self.rows)
      self.plan = plan
    }

    func measure() async throws -> RowResult {
      let world = try await BenchmarkWorld(plan)
      defer { world.end() }
      _ = try await world.give(.advance)
      try await world.backfill()
      let traffic = Traffic(world, plan)
      let clock = ContinuousClock()
      let began = clock.now
      let (checks, alarms, unsettled, retries) = try await traffic.around {
        var (checks, alarms, unsettled, retries) = (0, 0, 0, 0)
        while checks < plan.checks {
          let found = try await world.live(chunk: Self.chunk)
          checks += found.checks
          alarms += found.counts.all
          unsettled += found.unsettled
          retries += found.retries
        }
        return (checks, alarms, unsettled, retries)
      }
      let seconds = (clock.now - began).inSeconds
      let writes = traffic.latencies.count
      return RowResult(
        row: "checks",
        numbers: [
          "checks": Double(checks), "falseAlarms": Double(alarms), "unsettled": Double(unsettled),
          "retries": Double(retries), "seconds": seconds, "writes": Double(writes),
        ],
        text:
          "\(checks) chunks compared in \(seconds.fixed(1)) s beside \(writes) writes: \(alarms) "
          + "false alarms, \(unsettled) rows unsettled, \(retries) positions taken again",
        demand: "0 false alarms", isAsDemanded: alarms == 0 && unsettled == 0)
    }
  }
#endif
