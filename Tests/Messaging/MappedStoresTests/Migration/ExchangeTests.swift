// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Testing

/// Values that no two rows may have, and that rows exchange.
@Suite("Exchanged values", .timeLimit(.minutes(10)))
struct ExchangeTests {
  private struct World {
    let stores: MovingStores
    let run: MigrationRun
    let old: TestStore
    let new: TestStore

    init(_ legacy: StoreKind, _ new: StoreKind, _ columns: String) async throws {
      (old, self.new) = (try await TestStore(legacy), try await TestStore(new))
      let table = "CREATE TABLE seats (id bigint PRIMARY KEY NOT NULL, \(columns))"
      try await old.run([table])
      try await self.new.run([table])
      let mapping = TableMapping(
        name: "seats", legacy: .init(store: "legacy", table: "seats"),
        new: .init(store: "new", table: "seats"),
        columns: ["id", "place", "number"].map { .init($0, .rename($0)) })
      stores = try MigrationRig.stores(mapping, old, self.new)
      let check = MappingCheck(
        mapping,
        legacy: try await stores.legacy.reading.schema(of: ["seats"], within: .seconds(10)),
        new: try await stores.new.reading.schema(of: ["seats"], within: .seconds(10)))
      #expect(check.findings == [])
      run = try #require(MigrationRun(check, stores))
      try await MigrationRig.force(.advance, run)
      try await MigrationRig.backfill(run)
    }

    func stop() async {
      stores.close()
      await old.stop()
      await new.stop()
    }
  }

  private static let query = "SELECT id, place, number FROM seats ORDER BY id"
  private static let columns = [
    "place text UNIQUE, number bigint NOT NULL", "place text NOT NULL, number int NOT NULL UNIQUE",
    "place text NOT NULL, number bigint NOT NULL, UNIQUE (place, number)",
  ]

  @Test(arguments: InspectionTests.pairs, columns)
  func `rows that exchange them come over`(
    pair: (legacy: StoreKind, new: StoreKind), columns: String
  ) async throws {
    let world = try await World(pair.legacy, pair.new, columns)
    try await world.old.run([
      "INSERT INTO seats VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (4, 'd', 4)"
    ])
    try await MigrationRig.carry(from: .legacy, world.run)
    // Round in a ring, and one row beside it.
    try await world.old.run([
      "UPDATE seats SET place = 'x', number = 100 WHERE id = 1",
      "UPDATE seats SET place = 'a', number = 1 WHERE id = 2",
      "UPDATE seats SET place = 'b', number = 2 WHERE id = 3",
      "UPDATE seats SET place = 'c', number = 3 WHERE id = 1",
      "UPDATE seats SET place = 'e', number = 5 WHERE id = 4",
    ])
    try await MigrationRig.carry(from: .legacy, world.run)
    #expect(try await world.run.facts().legacyWaiting == 0)
    #expect(try await world.new.rows(Self.query) == ["1|c|3", "2|a|1", "3|b|2", "4|e|5"])
    for _ in 0..<2 { try await MigrationRig.force(.advance, world.run) }
    try await world.new.run([
      "UPDATE seats SET place = 'x', number = 100 WHERE id = 1",
      "UPDATE seats SET place = 'c', number = 3 WHERE id = 2",
      "UPDATE seats SET place = 'a', number = 1 WHERE id = 1",
    ])
    try await MigrationRig.force(.retreat, world.run)
    #expect(try await world.old.rows(Self.query) == ["1|a|1", "2|c|3", "3|b|2", "4|e|5"])
    await world.stop()
  }

  /// What is in the way for another reason waits as before, and nothing of it is written.
  @Test(arguments: InspectionTests.kinds)
  func `others wait still`(kind: StoreKind) async throws {
    let world = try await World(kind, kind, "place text UNIQUE, number bigint NOT NULL")
    try await world.old.run(["INSERT INTO seats VALUES (1, 'a', 1), (2, 'b', 2)"])
    try await MigrationRig.carry(from: .legacy, world.run)
    try await world.new.run(
      kind == .sqlite
        ? [
          "CREATE TRIGGER full BEFORE UPDATE ON seats WHEN NEW.number > 9 BEGIN "
            + "SELECT RAISE(ABORT, 'full'); END"
        ] : ["ALTER TABLE seats ADD CHECK (number < 10)"])
    try await world.old.run([
      "UPDATE seats SET number = 10", "UPDATE seats SET place = 'c' WHERE id = 1",
    ])
    try await MigrationRig.carry(from: .legacy, world.run)
    // A change of each row at least.
    #expect(try await world.run.facts().legacyWaiting >= 2)
    #expect(try await world.new.rows(Self.query) == ["1|a|1", "2|b|2"])
    await world.stop()
  }
}
