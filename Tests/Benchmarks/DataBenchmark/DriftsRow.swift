// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import DataMapping
  import MappedStores
  import ServerPrograms

  /// Differences of each kind that are planted, found while rows are written, and repaired.
  struct DriftsRow {
    private let plan: BenchmarkPlan

    init(_ plan: BenchmarkPlan) { self.plan = plan }

    func measure() async throws -> RowResult {
      let world = try await BenchmarkWorld(plan)
      defer { world.end() }
      _ = try await world.give(.advance)
      try await world.backfill()
      _ = try await world.give(.advance)
      let planted = try await plant(world)
      // Writers keep to the rows before those.
      var quiet = plan
      quiet.rows = plan.rows * 2
      quiet.writers = 1
      let traffic = Traffic(world, quiet)
      let found = try await traffic.around {
        try await world.live(chunk: 1_000, listed: plan.drifts + 1_000)
      }
      var wrong = 0
      for kind in Drift.Kind.allCases {
        let places = Set(found.drifts.filter { $0.kind == kind }.map(\.place))
        wrong += places.symmetricDifference(planted[kind] ?? []).count
      }
      // What the new side does not take is mended where it was written.
      try await BenchmarkWorld.once(world.legacy, "UPDATE orders SET cents = 667 WHERE cents = 666")
      let repaired = try await world.mend(found.drifts) ?? 0
      let left = try await world.live(chunk: 1_000)
      let differing = try await world.differingRows()
      let all = found.counts.all
      return RowResult(
        row: "drifts",
        numbers: [
          "planted": Double(planted.values.reduce(0) { $0 + $1.count }), "found": Double(all),
          "wrong": Double(wrong), "repaired": Double(repaired), "left": Double(left.counts.all),
          "differingRows": Double(differing),
        ],
        text: "\(plan.drifts) of each of \(planted.count) kinds planted, \(all) found, \(wrong) of "
          + "them others; \(repaired) repaired, \(left.counts.all) left, \(differing) rows differ",
        demand: "all found, exactly those, all repaired",
        isAsDemanded: wrong == 0 && left.isEqual && differing == 0)
    }

    /// - Returns: the keys of what was planted.
    private func plant(_ world: BenchmarkWorld) async throws -> [Drift.Kind: Set<String>] {
      // Behind the rows that are written, and behind one another.
      let (count, start) = (plan.drifts, plan.rows - 5 * plan.drifts)
      func keys(_ part: Int) -> ClosedRange<Int> {
        (start + part * count + 1)...(start + (part + 1) * count)
      }
      func sql(_ range: ClosedRange<Int>) -> String {
        "BETWEEN \(range.lowerBound) AND \(range.upperBound)"
      }
      let extra = (10 * plan.rows + 1)...(10 * plan.rows + count)
      let passing = FenceStatements(world.run.statements, .new)
      try await world.run.stores.new.writing.run(
        passing.openBackfill
          + [
            "DELETE FROM purchases WHERE number \(sql(keys(0)))",
            "UPDATE purchases SET total = total + 0.01 WHERE number \(sql(keys(1)))",
            "UPDATE purchases SET memo = replace(memo, 'ë', 'Ã«') WHERE number \(sql(keys(2)))",
            """
            INSERT INTO purchases SELECT i, 1, 'open', NULL
            FROM generate_series(\(extra.lowerBound), \(extra.upperBound)) AS i
            """,
          ].map { StoreStatement($0) } + passing.close)
      try await BenchmarkWorld.once(
        world.legacy, "UPDATE orders SET cents = 666 WHERE id \(sql(keys(3)))")
      func places(_ range: ClosedRange<Int>) -> Set<String> { Set(range.map { "number = \($0)" }) }
      return [
        .missing: places(keys(0)), .differs: places(keys(1)), .encoding: places(keys(2)),
        .extra: places(extra), .stale: places(keys(3)),
      ]
    }
  }
#endif
