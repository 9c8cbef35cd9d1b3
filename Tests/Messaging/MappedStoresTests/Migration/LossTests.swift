// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Testing

/// What would be lost or mixed up on the way back.
@Suite("Nothing lost", .timeLimit(.minutes(10)))
struct LossTests {
  /// Legacy's columns that the new side does not have stay with the key that they were written for.
  @Test(arguments: InspectionTests.pairs)
  func `a row keeps its key while legacy has columns of its own`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 4) { mapping in
      mapping.columns.removeAll { $0.name == "memo" }
      mapping.left = ["note"]
    }
    try await rig.advance(to: .newPrimary)
    let error = await #expect(throws: (any Error).self) {
      try await rig.new.run(["UPDATE purchases SET number = 40 WHERE number = 4"])
    }
    #expect("\(error as Any)".contains("legacy's note would not follow to another key"))
    try await rig.new.run([
      "UPDATE purchases SET number = 3, pence = 1 WHERE number = 3",
      "DELETE FROM purchases WHERE number = 2",
      "INSERT INTO purchases (number, pence) VALUES (20, 2)",
    ])
    try await rig.give(.retreat)
    #expect(
      try await rig.old.rows("SELECT id, cents, coalesce(note, '-') FROM orders ORDER BY id")
        == ["1|7|é 1", "3|1|é 3", "4|28|é 4", "20|2|-"])
    // The side that legacy's keys come from is free to change them.
    try await rig.old.run(["UPDATE orders SET id = 40 WHERE id = 4"])
    try await rig.carry(from: .legacy)
    #expect(
      try await rig.new.rows("SELECT number FROM purchases ORDER BY number")
        == ["1", "3", "20", "40"])
    await rig.stop()
  }

  /// Where all columns are carried, nothing is left behind.
  @Test(arguments: InspectionTests.pairs)
  func `a row of all columns may get another key`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 4)
    try await rig.advance(to: .newPrimary)
    try await rig.new.run(["UPDATE purchases SET number = 40 WHERE number = 4"])
    try await rig.give(.retreat)
    try await rig.expectEqual(4)
    await rig.stop()
  }

  /// Two rows of one side are never one row of the other.
  @Test(arguments: [Doubt.Side.legacy, .new])
  func `keys that a table takes for equal are not mixed up`(coarse: Doubt.Side) async throws {
    let (old, other) = (try await TestStore(.sqlite), try await TestStore(.sqlite))
    func table(_ side: Doubt.Side) -> String {
      let collation = side == coarse ? "COLLATE NOCASE" : ""
      return "CREATE TABLE users (name text PRIMARY KEY NOT NULL \(collation), age int)"
    }
    try await old.run([table(.legacy), "INSERT INTO users VALUES ('Ann', 1), ('bob', 2)"])
    try await other.run([table(.new)])
    let mapping = TableMapping(
      name: "users", legacy: .init(store: "legacy", table: "users"),
      new: .init(store: "new", table: "users"),
      columns: ["name", "age"].map { .init($0, .rename($0)) })
    let stores = try MigrationRig.stores(mapping, old, other)
    let check = MappingCheck(
      mapping, legacy: try await stores.legacy.reading.schema(of: ["users"], within: .seconds(10)),
      new: try await stores.new.reading.schema(of: ["users"], within: .seconds(10)))
    let run = try #require(MigrationRun(check, stores))
    try await MigrationRig.force(.advance, run)
    try await MigrationRig.backfill(run)
    let fine = coarse.other
    for _ in 0..<(fine == .new ? 2 : 0) { try await MigrationRig.force(.advance, run) }
    let (source, target) = fine == .new ? (other, old) : (old, other)
    try await source.run([
      "UPDATE users SET name = 'BOB' WHERE name = 'bob'", "INSERT INTO users VALUES ('Bob', 5)",
    ])
    try await MigrationRig.carry(from: fine, run)
    #expect(
      try await target.rows("SELECT name, age FROM users ORDER BY age") == ["Ann|1", "BOB|2"])
    let refused = try await run.waiting(try await run.migration()).refused
    #expect(refused.count == 1)
    #expect(refused.first?.contains("whose key that table takes for equal") == true)
    // Mended where it was written.
    try await source.run(["DELETE FROM users WHERE name = 'BOB'"])
    let carrier = try #require(ChangeCarrier(check, from: fine, stores))
    try await carrier.retry()
    while try await carrier.batch().read > 0 {}
    #expect(
      try await target.rows("SELECT name, age FROM users ORDER BY age") == ["Ann|1", "Bob|5"])
    stores.close()
    await old.stop()
    await other.stop()
  }

  /// Who makes a table anew takes its triggers away, and what is written then nobody notes: it must
  /// not get lost on the way back.
  @Test(arguments: InspectionTests.pairs)
  func `a table without its triggers goes no step`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 4)
    try await rig.advance(to: .newPrimary)
    #expect(try await rig.run.unguarded() == [])
    try await rig.new.run(
      new == .sqlite
        ? ["DROP TRIGGER strangler_new_update_orders"]
        : ["ALTER TABLE purchases DISABLE TRIGGER strangler_new_change_orders"])
    try await rig.new.run(["UPDATE purchases SET pence = 99 WHERE number = 2"])
    let refused = try await rig.give(.retreat).refused
    #expect(refused == [MigrationGate.unguarded(["new.purchases"])])
    let migration = try await rig.run.migration()
    #expect(try await rig.run.rearm(migration, MigrationRig.author) == ["new.purchases"])
    #expect(try await rig.run.unguarded() == [])
    try await rig.new.run(["UPDATE purchases SET pence = 98 WHERE number = 3"])
    let found = try #require(try await rig.run.verification(listed: 10) { _ in })
    _ = try await rig.run.mend(found.drifts, migration, MigrationRig.author)
    #expect(try await rig.give(.retreat).outcome?.migration.state == .newReads)
    try await rig.expectEqual(4)
    let cents = try await rig.old.rows("SELECT cents FROM orders ORDER BY id")
    #expect(cents == ["7", "99", "98", "28"])
    await rig.stop()
  }

  /// What legacy need not know does not keep it from being current, nor the data from being
  /// retired.
  @Test(arguments: InspectionTests.pairs)
  func `columns of the new side alone are no difference while it is written`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 4) { mapping in
      mapping.columns.removeAll { $0.name == "memo" }
      mapping.columns.append(.init("memo", .constant("shop"), isReversed: false))
      mapping.left = ["note"]
    }
    try await rig.advance(to: .newReads)
    #expect(
      try await rig.new.rows("SELECT DISTINCT memo FROM purchases") == ["shop"])
    try await rig.advance(to: .newPrimary)
    try await rig.new.run([
      "UPDATE purchases SET memo = 'web' WHERE number = 2",
      "INSERT INTO purchases VALUES (9, 9, 'phone')",
    ])
    try await rig.carry(from: .new)
    let migration = try await rig.run.migration()
    #expect(try await rig.run.verification(listed: 9) { _ in }?.isEqual == true)
    let live = try #require(
      try rig.run.liveVerification(migration, LiveVerificationRun.Limits()))
    #expect(try await live.run().isEqual)
    try await rig.new.run(["UPDATE purchases SET pence = 8 WHERE number = 2"])
    #expect(try await rig.run.verification(listed: 9) { _ in }?.counts[.differs] == 1)
    let retired = try await rig.give(.advance, acceptsNoReturn: true)
    #expect(retired.refused == [] && retired.outcome?.migration.state == .retired)
    let cents = try await rig.old.rows("SELECT cents FROM orders WHERE id IN (2, 9) ORDER BY id")
    #expect(cents == ["8", "9"])
    await rig.stop()
  }

  #if PostgreSQL
    /// A service's own role asks the fence and the notes, each time that the data begins to move.
    @Test func `who may read a table may read what is noted of it`() async throws {
      let rig = try await MigrationRig(.postgreSQL, .postgreSQL, rows: 4)
      for (store, table) in [(rig.old, "orders"), (rig.new, "purchases")] {
        try await store.run([
          #"CREATE ROLE "the service" LOGIN"#,
          #"GRANT SELECT, INSERT, UPDATE, DELETE ON \#(table) TO "the service""#,
        ])
      }
      for _ in 0..<2 {
        try await rig.advance(to: .newReads)
        try await rig.old.run([
          #"SET ROLE "the service""#, "UPDATE orders SET cents = cents + 1 WHERE id = 2",
          "SELECT role FROM strangler_fence",
          "SELECT max(sequence) FROM strangler_legacy_changes_orders",
        ])
        try await rig.new.run([
          #"SET ROLE "the service""#, "SELECT state FROM strangler_migration",
          "SELECT max(sequence) FROM strangler_new_changes_orders",
        ])
        try await rig.carry(from: .legacy)
        for _ in 0..<2 { try await rig.give(.retreat) }
      }
      await rig.stop()
    }
  #endif
}
