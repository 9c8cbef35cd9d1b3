// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import DataMapping
  import Foundation
  import GRDB
  import MappedStores
  import ServerPrograms

  /// Two stores with a mapping between them, which a row fills and moves.
  final class BenchmarkWorld: Sendable {
    /// Rows that are compared by SQL at a time.
    private static let page = 20_000
    /// Longer than a server that was killed takes to be there again.
    private static let patience = Duration.seconds(30)
    private static let author = MigrationRun.Author(actor: "benchmark", reason: "to measure") { 0 }

    let legacy: DataSettings.Place
    let new: DataSettings.Place
    let run: MigrationRun
    private let servers: [PostgreSQLProgram]
    private let folder: URL

    init(_ plan: BenchmarkPlan, from kind: StoreKind = .postgreSQL) async throws {
      folder = FileManager.default.temporaryDirectory
        .appending(path: "data-benchmark-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      var servers = [try await PostgreSQLProgram.start(listensOn: .loopback, isDurable: true)]
      new = .postgreSQL(servers[0].address)
      if kind == .postgreSQL {
        servers.append(try await PostgreSQLProgram.start(listensOn: .loopback, isDurable: true))
        legacy = .postgreSQL(servers[1].address)
      } else {
        let path = folder.appending(path: "legacy.sqlite").path(percentEncoded: false)
        _ = try DatabasePool(path: path)
        legacy = .file(path)
      }
      self.servers = servers
      try await Self.fill(legacy, new, plan.rows)
      let mapping = Self.mapping
      let stores = try MovingStores(
        mapping,
        DataSettings(
          stores: [.init(name: "legacy", place: legacy), .init(name: "new", place: new)],
          mappings: [mapping]))
      let check = MappingCheck(
        mapping,
        legacy: try await stores.legacy.reading.schema(of: ["orders"], within: .seconds(60)),
        new: try await stores.new.reading.schema(of: ["purchases"], within: .seconds(60)))
      guard let run = MigrationRun(check, stores) else {
        throw Program.Failure(description: check.findings.map(\.text).joined(separator: "\n"))
      }
      self.run = run
    }

    func end() {
      run.stores.close()
      for server in servers { server.end() }
      try? FileManager.default.removeItem(at: folder)
    }

    /// Ends the server of a side as a crash would, and starts it again where it was.
    func crash(_ side: Doubt.Side) async throws {
      let server = side == .new ? servers[0] : servers[servers.count - 1]
      await server.kill()
      try await server.restart()
    }

    /// Does something again while a store is away.
    static func persistently<Value>(_ body: () async throws -> Value) async throws -> Value {
      let clock = ContinuousClock()
      let end = clock.now + patience
      while true {
        do {
          return try await body()
        } catch {
          guard clock.now < end else { throw error }
          try await clock.sleep(for: .milliseconds(20))
        }
      }
    }

    private static var mapping: TableMapping {
      var cents = ColumnRule.Cast(.decimal)
      cents.scale = 2
      return TableMapping(
        name: "orders", legacy: .init(store: "legacy", table: "orders"),
        new: .init(store: "new", table: "purchases"),
        columns: [
          .init("number", .rename("id")), .init("total", .cast("cents", cents)),
          .init(
            "state", .values("status", .init([.init("placed", "open"), .init("shipped", "sent")]))),
          .init("memo", .rename("note")),
        ])
    }

    private static func fill(
      _ legacy: DataSettings.Place, _ new: DataSettings.Place, _ rows: Int
    ) async throws {
      let store = try legacy.openWritable()
      defer { store.close() }
      try await store.run([
        StoreStatement(
          """
          CREATE TABLE orders (id bigint PRIMARY KEY NOT NULL, cents bigint NOT NULL,
            status text NOT NULL, note text)
          """),
        StoreStatement(
          """
          WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))
          INSERT INTO orders SELECT i, i * 7 + 1000,
            CASE i % 3 WHEN 0 THEN 'placed' ELSE 'shipped' END, 'Zoë ordered ' || i FROM n
          """),
      ])
      try await Self.once(
        new,
        """
        CREATE TABLE purchases (number bigint PRIMARY KEY NOT NULL,
          total numeric(14, 2) NOT NULL CHECK (total <> 6.66), state text NOT NULL, memo text)
        """)
      if store.kind == .postgreSQL { try await store.run([StoreStatement("ANALYZE orders")]) }
    }

    /// The same as a configuration, for commands.
    func configuration() throws -> String {
      func store(_ place: DataSettings.Place) -> String {
        switch place {
        case .file(let path): "{ sqlite: \(path) }"
        case .postgreSQL(let url): "{ url: \"\(url)\" }"
        }
      }
      let text = """
        data:
          stores:
            legacy: \(store(legacy))
            new: \(store(new))
          mappings:
            orders:
              from: legacy.orders
              to: new.purchases
              columns:
                number: id
                total: { from: cents, cast: decimal, scale: 2 }
                state: { from: status, values: { placed: open, shipped: sent } }
                memo: note

        """
      let file = folder.appending(path: "strangler.yaml")
      try Data(text.utf8).write(to: file)
      return file.path(percentEncoded: false)
    }

    static func once(_ place: DataSettings.Place, _ sql: String...) async throws {
      let store = try place.openWritable()
      defer { store.close() }
      try await store.run(sql.map { StoreStatement($0) })
    }

    // MARK: - Moving

    /// Gives an order past the comparison of its gates, which a row measures for itself.
    func force(_ order: Migration.Order) async throws -> MigrationRun.Outcome? {
      let seen = try await run.migration()
      var evidence = MigrationEvidence(fingerprint: run.statements.fingerprint)
      evidence.backfill = .finished
      evidence.comparison = .equal(rows: 0, digest: "")
      guard case .begin(let decision) = seen.decide(order, evidence) else { return nil }
      return try await run.carryOut(
        decision, over: seen, order == .advance ? .advance : .retreat, evidence: "", Self.author)
    }

    /// Gives an order as the command does, with all that its gates ask for.
    func give(_ order: Migration.Order) async throws -> MigrationRun.Outcome {
      let seen = try await run.migration()
      var evidence = MigrationEvidence(fingerprint: run.statements.fingerprint)
      if let step = seen.step(order) {
        evidence = try await run.evidence(
          for: step, seen, objections: [], acceptsNoReturn: false
        ) { _ in }
      }
      switch seen.decide(order, evidence) {
      case .refuse(let reasons):
        throw Program.Failure(description: reasons.joined(separator: "; "))
      case .goOn(let migration): return try await run.goOn(migration, Self.author)
      case .begin(let decision):
        return try await run.carryOut(
          decision, over: seen, order == .advance ? .advance : .retreat,
          evidence: evidence.summary, Self.author)
      }
    }

    func backfill() async throws {
      guard let copying = BackfillRun(run.check, legacy: run.stores.legacy.reading) else { return }
      let start = BackfillPosition(fingerprint: copying.fingerprint)
      try await run.stores.backfill.begin("orders", at: start)
      _ = try await copying.run(from: start, into: run.stores.backfill, .init())
    }

    func mend(_ drifts: [Drift]) async throws -> Int? {
      try await run.mend(drifts, try await run.migration(), Self.author)
    }

    // MARK: - Comparing

    func live(chunk: Int, listed: Int = 20) async throws -> LiveVerification {
      var limits = LiveVerificationRun.Limits()
      (limits.chunk, limits.found.listed) = (chunk, listed)
      let migration = try await run.migration()
      guard let comparing = try run.liveVerification(migration, limits) else {
        throw Program.Failure(description: "neither side follows the other")
      }
      return try await comparing.run()
    }

    /// Rows that differ, by SQL that knows nothing of the mapping.
    func differingRows() async throws -> Int {
      let (one, other) = (run.stores.legacy.writing, run.stores.new.writing)
      var (last, differing): (Int64, Int) = (.min, 0)
      while true {
        let legacy = try await one.run([
          StoreStatement(
            "SELECT id, cents, status, note FROM orders WHERE id > \(last) ORDER BY id "
              + "LIMIT \(Self.page)")
        ])[0]
        let end = legacy.count < Self.page ? Int64.max : Int64((legacy.last?[0]) ?? "") ?? .max
        let new = try await other.run([
          StoreStatement(
            """
            SELECT number, (total * 100)::bigint,
              CASE state WHEN 'open' THEN 'placed' WHEN 'sent' THEN 'shipped' END, memo
            FROM purchases WHERE number > \(last) AND number <= \(end) ORDER BY number
            """)
        ])[0]
        if legacy != new { differing += Set(legacy).symmetricDifference(new).count }
        if end == .max { return differing }
        last = end
      }
    }
  }
#endif
