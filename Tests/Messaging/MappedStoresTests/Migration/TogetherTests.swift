// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Testing

/// Mappings whose rows belong together change sides in one pause.
@Suite("Moved together", .timeLimit(.minutes(10)))
struct TogetherTests {
  /// Orders and their lines, which refer to them on both sides.
  private struct World {
    let old: TestStore
    let new: TestStore
    /// The lines first, which have to wait for their orders.
    let runs: [MigrationRun]

    init(_ legacy: StoreKind, _ new: StoreKind) async throws {
      (old, self.new) = (try await TestStore(legacy), try await TestStore(new))
      let tables = [
        "CREATE TABLE orders (id bigint PRIMARY KEY NOT NULL, cents bigint NOT NULL)",
        """
        CREATE TABLE lines (id bigint PRIMARY KEY NOT NULL,
          part bigint NOT NULL REFERENCES orders (id), sku text NOT NULL CHECK (sku <> 'gone'))
        """,
      ]
      try await old.run(tables.map { $0.replacing(" CHECK (sku <> 'gone')", with: "") })
      try await self.new.run(tables)
      try await old.run([
        "INSERT INTO orders VALUES (1, 10), (2, 20)",
        "INSERT INTO lines VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c')",
      ])
      var runs: [MigrationRun] = []
      for (table, columns) in [("lines", ["id", "part", "sku"]), ("orders", ["id", "cents"])] {
        let mapping = TableMapping(
          name: table, legacy: .init(store: "legacy", table: table),
          new: .init(store: "new", table: table), columns: columns.map { .init($0, .rename($0)) })
        let stores = try MigrationRig.stores(mapping, old, self.new)
        let check = MappingCheck(
          mapping,
          legacy: try await stores.legacy.reading.schema(of: [table], within: .seconds(10)),
          new: try await stores.new.reading.schema(of: [table], within: .seconds(10)))
        #expect(check.findings == [])
        runs.append(try #require(MigrationRun(check, stores)))
      }
      self.runs = runs
      try await give(.advance)
      for run in runs.reversed() { try await MigrationRig.backfill(run) }
      try await give(.advance)
    }

    /// Gives an order to both, whatever their gates say.
    @discardableResult
    func give(_ order: Migration.Order) async throws -> [MigrationRun.Outcome] {
      var orders: [MigrationRun.Order] = []
      for run in runs {
        let seen = try await run.migration()
        var evidence = MigrationEvidence(fingerprint: run.statements.fingerprint)
        evidence.backfill = .finished
        evidence.comparison = .equal(rows: 0, digest: "")
        switch seen.decide(order, evidence) {
        case .refuse(let reasons): Issue.record("refused: \(reasons)")
        case .goOn(let decision): orders.append(.init(run: run, decision: decision))
        case .begin(let decision):
          orders.append(
            .init(
              run: run, decision: decision, seen: seen,
              action: order == .advance ? .advance : .retreat, evidence: ""))
        }
      }
      return try await MigrationRun.carryOut(orders, MigrationRig.author)
    }

    func states() async throws -> [MigrationState] {
      var states: [MigrationState] = []
      for run in runs { states.append(try await run.migration().state) }
      return states
    }

    func expectEqual(sourceLocation: SourceLocation = #_sourceLocation) async throws {
      for table in ["orders", "lines"] {
        let sql = "SELECT * FROM \(table) ORDER BY id"
        #expect(
          try await old.rows(sql) == (try await new.rows(sql)), sourceLocation: sourceLocation)
      }
    }

    func stop() async {
      for run in runs { run.stores.close() }
      await old.stop()
      await new.stop()
    }
  }

  @Test(arguments: InspectionTests.pairs)
  func `rows that belong together come over in whatever order`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let world = try await World(legacy, new)
    try await world.old.run([
      "INSERT INTO orders VALUES (3, 30)", "INSERT INTO lines VALUES (4, 3, 'd'), (5, 3, 'e')",
    ])
    let there = try await world.give(.advance)
    #expect(there.allSatisfy { $0.turnedBack == nil && $0.pause > .zero })
    #expect(try await world.states() == [.newPrimary, .newPrimary])
    try await world.expectEqual()
    try await world.new.run([
      "INSERT INTO orders VALUES (6, 60)", "INSERT INTO lines VALUES (7, 6, 'f')",
      "DELETE FROM lines WHERE part = 2", "DELETE FROM orders WHERE id = 2",
    ])
    let back = try await world.give(.retreat)
    #expect(back.allSatisfy { $0.turnedBack == nil })
    #expect(try await world.states() == [.newReads, .newReads])
    try await world.expectEqual()
    #expect(try await world.old.rows("SELECT id FROM orders ORDER BY id") == ["1", "3", "6"])
    await world.stop()
  }

  /// Neither is opened on the new side where one of them cannot come over.
  @Test(arguments: InspectionTests.pairs)
  func `where one cannot, none does`(legacy: StoreKind, new: StoreKind) async throws {
    let world = try await World(legacy, new)
    try await world.old.run([
      "UPDATE lines SET sku = 'gone' WHERE id = 2", "UPDATE orders SET cents = 11 WHERE id = 1",
    ])
    let outcomes = try await world.give(.advance)
    #expect(outcomes.allSatisfy { $0.turnedBack == "1 changes could not be carried over" })
    #expect(try await world.states() == [.newReads, .newReads])
    for run in world.runs {
      let facts = try await run.facts()
      #expect(facts.legacy.role == .primary && facts.new.role == .follower)
      // It was never open: two decisions, and none of the new side's.
      #expect(facts.newWaiting == 0)
      #expect(try await run.history(limit: 2).map(\.action) == [.settle, .turnBack])
    }
    try await world.old.run(["UPDATE lines SET sku = 'x' WHERE id = 2"])
    for run in world.runs { try await run.carrier(run.migration())?.retry() }
    try await world.give(.advance)
    #expect(try await world.states() == [.newPrimary, .newPrimary])
    try await world.expectEqual()
    await world.stop()
  }

  /// One of both was brought there, or begun, before the process was killed.
  @Test(arguments: InspectionTests.kinds, [0, 1])
  func `what was begun goes on with the other`(kind: StoreKind, begun: Int) async throws {
    let world = try await World(kind, kind)
    try await MigrationRig.force(.advance, world.runs[begun])
    var seen: [Migration] = []
    for run in world.runs { seen.append(try await run.migration()) }
    #expect(Migration.behind(seen, .advance) == [1 - begun])
    #expect(Migration.behind(seen, .retreat) == [begun])
    try await MigrationRig.force(.advance, world.runs[1 - begun])
    #expect(try await world.states() == [.newPrimary, .newPrimary])
    try await world.give(.retreat)
    try await world.expectEqual()
    await world.stop()
  }
}
