// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Synchronization
import Testing

/// Rows that refer to each other, in an order that no chunk has.
@Suite("Backfill of rows that refer to each other", .timeLimit(.minutes(10)))
struct BackfillTests {
  private struct World {
    let stores: MovingStores
    let run: MigrationRun
    let old: TestStore
    let new: TestStore

    init(_ legacy: StoreKind, _ new: StoreKind) async throws {
      (old, self.new) = (try await TestStore(legacy), try await TestStore(new))
      let table =
        "CREATE TABLE parts (id bigint PRIMARY KEY NOT NULL, whole bigint REFERENCES parts (id))"
      try await old.run([
        table,
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
        INSERT INTO parts SELECT i, CASE WHEN i < 500 THEN i + 1 END FROM n
        """,
      ])
      try await self.new.run([table])
      let mapping = TableMapping(
        name: "parts", legacy: .init(store: "legacy", table: "parts"),
        new: .init(store: "new", table: "parts"),
        columns: ["id", "whole"].map { .init($0, .rename($0)) })
      stores = try MigrationRig.stores(mapping, old, self.new)
      let check = MappingCheck(
        mapping,
        legacy: try await stores.legacy.reading.schema(of: ["parts"], within: .seconds(10)),
        new: try await stores.new.reading.schema(of: ["parts"], within: .seconds(10)))
      run = try #require(MigrationRun(check, stores))
    }

    func copy(chunkRows: Int, noting: BackfillRun.Noting?) async throws -> BackfillPosition {
      let copying = try #require(BackfillRun(run.check, legacy: stores.legacy.reading))
      var position = BackfillPosition(fingerprint: copying.fingerprint)
      position.step = (try await stores.backfill.position(of: "parts")?.step ?? -1) + 1
      try await stores.backfill.begin("parts", at: position)
      var limits = BackfillRun.Limits()
      (limits.pace.first, limits.pace.largest) = (chunkRows, chunkRows)
      limits.watchesNotes = noting != nil
      return try await copying.run(
        from: position, into: stores.backfill, limits, noting: noting)
    }

    func stop() async {
      stores.close()
      await old.stop()
      await new.stop()
    }
  }

  @Test(arguments: InspectionTests.pairs)
  func `they come with one chunk, or as changes do`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let world = try await World(legacy, new)
    let failure = await #expect(throws: StoreFailure.self) {
      _ = try await world.copy(chunkRows: 120, noting: nil)
    }
    #expect(failure?.code == .conflict)
    try await MigrationRig.force(.advance, world.run)
    let migration = try await world.run.migration()
    let end = try await world.copy(chunkRows: 120) { try await world.run.note($0, migration) }
    #expect(end.isFinished && end.read == 500)
    // Each round brings those whose whole came with the round before.
    let carrier = try #require(ChangeCarrier(world.run.check, from: .legacy, world.stores))
    for _ in 0..<500 {
      if try await world.run.facts().legacyWaiting == 0 { break }
      try await carrier.retry()
      while try await carrier.batch().read > 0 {}
    }
    #expect(try await world.run.waiting(migration).count == 0)
    guard case .equal(let rows, _) = try await world.run.comparison(migration, { _ in }) else {
      Issue.record("not equal")
      return
    }
    #expect(rows == 500)
    // Rows that refer to each other in a ring.
    try await world.old.run([
      "INSERT INTO parts VALUES (601, NULL), (602, 601)",
      "UPDATE parts SET whole = 602 WHERE id = 601",
    ])
    while try await carrier.batch().read > 0 {}
    #expect(
      try await world.new.rows("SELECT id, whole FROM parts WHERE id > 600 ORDER BY id")
        == ["601|602", "602|601"])
    await world.stop()
  }

  /// All of them in one chunk refer to each other in whatever order.
  @Test(arguments: InspectionTests.pairs)
  func `one chunk may have them in any order`(legacy: StoreKind, new: StoreKind) async throws {
    let world = try await World(legacy, new)
    let end = try await world.copy(chunkRows: 1_000, noting: nil)
    #expect(end.isFinished && end.added == 500)
    await world.stop()
  }

  @Test func `a chunk gives way to who writes the same rows, and comes again`() async throws {
    let world = try await World(.sqlite, .sqlite)
    let copying = try #require(BackfillRun(world.run.check, legacy: world.stores.legacy.reading))
    var limits = BackfillRun.Limits()
    (limits.pace.first, limits.pace.largest) = (1_000, 1_000)
    let start = BackfillPosition(fingerprint: copying.fingerprint)
    try await world.stores.backfill.begin("parts", at: start)
    let stubborn = LockedTarget(world.stores.backfill, refuses: limits.givesWay + 1)
    let failure = await #expect(throws: StoreFailure.self) {
      _ = try await copying.run(from: start, into: stubborn, limits)
    }
    #expect(failure?.code == .locked)
    let target = LockedTarget(world.stores.backfill, refuses: limits.givesWay)
    let end = try await copying.run(from: start, into: target, limits)
    #expect(end.isFinished && end.read == 500 && end.added == 500)
    await world.stop()
  }
}

/// Refuses chunks as a store does in which somebody else writes the same rows.
private final class LockedTarget: BackfillTarget {
  private let target: any BackfillTarget
  private let left: Mutex<Int>

  init(_ target: any BackfillTarget, refuses count: Int) {
    self.target = target
    left = Mutex(count)
  }

  func position(of mapping: String) async throws -> BackfillPosition? {
    try await target.position(of: mapping)
  }

  func begin(_ mapping: String, at position: BackfillPosition) async throws {
    try await target.begin(mapping, at: position)
  }

  func add(
    _ rows: [[FieldValue]], _ statements: MappingStatements, _ mapping: String,
    to position: BackfillPosition, key: String
  ) async throws -> Int {
    let isLocked = left.withLock { left in
      left -= 1
      return left >= 0
    }
    if isLocked { throw StoreFailure(.locked, "deadlock detected") }
    return try await target.add(rows, statements, mapping, to: position, key: key)
  }

  func close() { target.close() }
}
