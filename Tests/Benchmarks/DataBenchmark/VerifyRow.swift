// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import DataMapping
  import MappedStores
  import ServerPrograms

  /// A comparison without a difference, beside what else reads both tables.
  struct VerifyRow {
    private static let rounds = 3

    private let plan: BenchmarkPlan
    private let reladiff: String?

    init(_ plan: BenchmarkPlan, reladiff: String?) {
      (self.plan, self.reladiff) = (plan, reladiff)
    }

    func measure() async throws -> RowResult {
      let world = try await BenchmarkWorld(plan)
      defer { world.end() }
      try await world.backfill()
      // The same rows under one name on both sides, for what knows no mapping.
      try await BenchmarkWorld.once(
        world.new,
        """
        CREATE TABLE orders AS SELECT number AS id, (total * 100)::bigint AS cents,
          CASE state WHEN 'open' THEN 'placed' ELSE 'shipped' END AS status, memo AS note
        FROM purchases
        """, "ALTER TABLE orders ADD PRIMARY KEY (id)", "ANALYZE orders")
      let clock = ContinuousClock()
      var (ours, selects, theirs): ([Double], [Double], [Double]) = ([], [], [])
      var isEqual = true
      for _ in 0..<Self.rounds {
        ours.append(
          try await clock.measure {
            let found = try await world.run.verification(listed: 20) { _ in }
            isEqual = isEqual && found?.isEqual == true
          }.inSeconds)
        selects.append(try await clock.measure { try await hashed(world) }.inSeconds)
        if let reladiff {
          theirs.append(
            try await clock.measure {
              try await Program.run(
                reladiff,
                [
                  Self.url(world.legacy), "orders", Self.url(world.new), "orders", "-k", "id",
                  "-c", "cents", "-c", "status", "-c", "note",
                ])
            }.inSeconds)
        }
      }
      let (own, select, other) = (
        ours.percentile(50), selects.percentile(50), theirs.percentile(50)
      )
      let beside = theirs.isEmpty ? "reladiff not measured" : "reladiff \(other.fixed(2)) s"
      return RowResult(
        row: "verify",
        numbers: [
          "rows": Double(plan.rows), "verifySeconds": own, "selectSeconds": select,
          "reladiffSeconds": other,
        ],
        text: "\(plan.rows) rows of each side in \(own.fixed(2)) s; a SELECT with a hash over both "
          + "\(select.fixed(2)) s; \(beside)",
        demand: "at most twice the SELECT, 4 times as fast as reladiff",
        isAsDemanded: isEqual && own <= 2 * select && (theirs.isEmpty || other >= 4 * own))
    }

    /// Both at the same time, as the comparison reads them.
    private func hashed(_ world: BenchmarkWorld) async throws {
      let sql = "SELECT count(*), bit_xor(hashtextextended(t::text, 0)) FROM"
      async let one: Void = BenchmarkWorld.once(world.legacy, "\(sql) orders AS t")
      async let other: Void = BenchmarkWorld.once(world.new, "\(sql) purchases AS t")
      _ = try await (one, other)
    }

    private static func url(_ place: DataSettings.Place) -> String {
      guard case .postgreSQL(let url) = place else { return "" }
      return String(url.prefix { $0 != "?" })
    }
  }
#endif
