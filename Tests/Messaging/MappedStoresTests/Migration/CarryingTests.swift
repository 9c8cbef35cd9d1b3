// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Testing

/// Changes that are carried over between real stores.
@Suite("Changes carried over", .timeLimit(.minutes(10)))
struct CarryingTests {
  @Test(arguments: InspectionTests.pairs)
  func `a row that one side does not take waits, and others go on`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new)
    try await rig.advance(to: .newReads)
    try await rig.old.run([
      "UPDATE orders SET cents = 666 WHERE id IN (5, 250)",
      "UPDATE orders SET cents = 8 WHERE id IN (4, 6, 251)",
    ])
    let carrier = try #require(ChangeCarrier(rig.run.check, from: .legacy, rig.run.stores))
    let batch = try await carrier.batch()
    #expect(batch.read == 5 && batch.written == 3 && batch.refused == 2)
    #expect(try await carrier.batch().read == 0)
    let migration = try await rig.run.migration()
    let waiting = try await rig.run.waiting(migration)
    #expect(waiting.count == 2 && waiting.refused.count == 2)
    #expect(
      try await rig.new.rows("SELECT number FROM purchases WHERE pence = 8 ORDER BY number")
        == ["4", "6", "251"])
    // A later change of the same row is carried over; what was refused is tried again.
    try await rig.old.run(["UPDATE orders SET cents = 9 WHERE id IN (5, 250)"])
    try await carrier.retry()
    try await rig.carry(from: .legacy)
    #expect(try await rig.run.waiting(migration).count == 0)
    try await rig.expectEqual(300)
    await rig.stop()
  }

  /// A row that is deleted once a backfill has read it must not come back with its chunk.
  @Test(arguments: InspectionTests.pairs)
  func `deletions wait for a backfill that is under way`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new)
    try await rig.give(.advance)
    let target = rig.run.stores.backfill
    let statements = rig.run.statements
    var position = BackfillPosition(fingerprint: statements.fingerprint)
    try await target.begin("orders", at: position)
    let chunk = try await rig.run.stores.legacy.reading.rows(
      statements.chunk(behind: nil, rows: 1_000), statements.chunkTypes, within: .seconds(10))
    let rows = try chunk.compactMap { try statements.forward($0) }
    // Read, but not written yet; meanwhile:
    try await rig.old.run([
      "DELETE FROM orders WHERE id IN (7, 8)", "UPDATE orders SET note = 'later' WHERE id = 9",
    ])
    try await rig.carry(from: .legacy)
    #expect(try await rig.run.facts().legacyWaiting == 2)
    position.step += 1
    position.isFinished = true
    _ = try await target.add(rows, statements, "orders", to: position, key: "")
    #expect(try await rig.new.rows("SELECT count(*) FROM purchases") == ["300"])
    try await rig.carry(from: .legacy)
    #expect(try await rig.run.facts().legacyWaiting == 0)
    try await rig.expectEqual(298)
    await rig.stop()
  }

  /// What was read before others carried something over is not written any more.
  @Test(arguments: InspectionTests.pairs)
  func `a batch that was overtaken writes nothing`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 20)
    try await rig.advance(to: .newReads)
    let carry = CarryStatements(rig.run.statements, from: .legacy)
    let seen = try await rig.run.facts().new
    try await rig.old.run(["UPDATE orders SET cents = 1 WHERE id = 5"])
    try await rig.carry(from: .legacy)
    let late: [[FieldValue]] = [[.integer(5), .integer(99), .null]]
    let store = rig.run.stores.new.writing
    let failure = await #expect(throws: StoreFailure.self) {
      try await store.run(carry.fence.open(seen) + carry.writes(late) + carry.fence.close)
    }
    #expect(failure?.code == .moved)
    // Nor after a change of sides there and back, whatever step it has.
    try await rig.give(.advance)
    try await rig.give(.retreat)
    var same = try await rig.run.facts().new
    same.epoch = seen.epoch
    let other = await #expect(throws: StoreFailure.self) {
      try await store.run(carry.fence.open(same) + carry.writes(late) + carry.fence.close)
    }
    #expect(other?.code == .moved)
    try await rig.expectEqual(20)
    await rig.stop()
  }

  /// A mapping that begins to move again counts its notes from 1: who removes what it carried over
  /// before must not remove those.
  @Test(arguments: InspectionTests.pairs)
  func `notes of another beginning stay`(legacy: StoreKind, new: StoreKind) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 20)
    try await rig.advance(to: .newReads)
    try await rig.old.run(["UPDATE orders SET cents = 1 WHERE id = 5"])
    let carry = CarryStatements(rig.run.statements, from: .legacy)
    let seen = try await rig.run.facts().legacy
    try await rig.carry(from: .legacy)
    for order in [Migration.Order.retreat, .retreat, .advance] { try await rig.give(order) }
    try await rig.backfill()
    try await rig.old.run(["UPDATE orders SET cents = 2 WHERE id = 5"])
    let store = rig.run.stores.legacy.writing
    try await store.run([
      carry.remove([1], seen), carry.refuse([1], "late", seen), carry.hold([1], seen),
    ])
    #expect(try await rig.run.facts().legacyWaiting == 1)
    try await rig.carry(from: .legacy)
    #expect(try await rig.run.facts().legacyWaiting == 0)
    try await rig.expectEqual(20)
    await rig.stop()
  }

  /// The rows of a side that follows may be older than those of the other side, whatever its notes
  /// say; nor does it take any.
  @Test(arguments: InspectionTests.pairs)
  func `nothing is carried over from a side that follows`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 20)
    try await rig.advance(to: .newPrimary)
    try await rig.new.run(["UPDATE purchases SET pence = 1 WHERE number = 5"])
    let carry = CarryStatements(rig.run.statements, from: .legacy)
    let epoch = try await rig.run.migration().epoch
    let store = rig.run.stores.legacy.writing
    let refused = await #expect(throws: StoreFailure.self) {
      try await store.run(carry.note([[.integer(5)]], epoch: epoch))
    }
    #expect(refused?.code == .moved)
    // Were there one all the same, and the new side about to give its writes away:
    try await rig.old.run(["INSERT INTO strangler_legacy_changes_orders (key_1) VALUES (5)"])
    try await rig.new.run(["UPDATE strangler_fence SET role = 'closed' WHERE side = 'new'"])
    let carrier = try #require(ChangeCarrier(rig.run.check, from: .legacy, rig.run.stores))
    let failure = await #expect(throws: StoreFailure.self) { _ = try await carrier.batch() }
    #expect(failure?.code == .fenced)
    #expect(try await rig.new.rows("SELECT pence FROM purchases WHERE number = 5") == ["1"])
    await rig.stop()
  }

  /// A chunk that was read before the new side took the writes, and came back only after.
  @Test(arguments: InspectionTests.pairs)
  func `a backfill does not bring back what the new side deleted`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 20)
    try await rig.advance(to: .newReads)
    let target = rig.run.stores.backfill
    let statements = rig.run.statements
    var position = try #require(try await target.position(of: "orders"))
    position.step += 1
    position.last = nil
    position.isFinished = false
    try await target.begin("orders", at: position)
    let again = await #expect(throws: StoreFailure.self) {
      try await target.begin("orders", at: position)
    }
    #expect(again?.code == .moved)
    let chunk = try await rig.run.stores.legacy.reading.rows(
      statements.chunk(behind: nil, rows: 1_000), statements.chunkTypes, within: .seconds(10))
    let rows = try chunk.compactMap { try statements.forward($0) }
    try await MigrationRig.force(.advance, rig.run)
    try await rig.new.run(["DELETE FROM purchases WHERE number = 5"])
    try await rig.give(.retreat)
    position.step += 1
    position.isFinished = true
    let failure = await #expect(throws: StoreFailure.self) {
      _ = try await target.add(rows, statements, "orders", to: position, key: "")
    }
    #expect(failure?.code == .moved)
    try await rig.expectEqual(19)
    await rig.stop()
  }

  /// Rows that a filter leaves out are nobody's business, in either direction.
  @Test(arguments: InspectionTests.pairs)
  func `rows outside of the filter stay where they are`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 20) { mapping in
      mapping.filter = [RowCondition("id", .range(from: 1, to: 10))]
      mapping.isReversed = false
    }
    try await rig.give(.advance)
    try await rig.backfill()
    try await rig.old.run([
      "UPDATE orders SET cents = 1", "UPDATE orders SET id = 110 WHERE id = 10",
      "UPDATE orders SET id = 1000 - id WHERE id = 15",
    ])
    try await rig.carry(from: .legacy)
    #expect(
      try await rig.new.rows("SELECT count(*), max(number), max(pence) FROM purchases") == ["9|9|1"]
    )
    // Frozen is the mapping's part of the table alone.
    let refused = try await rig.give(.advance)
    #expect(refused.outcome?.migration.state == .newReads)
    #expect(
      try await rig.give(.advance).refused.contains { $0.contains("there would be no way back") })
    await rig.stop()
  }

  /// Nor is one of those written over by a row of the new side that has its key.
  @Test(arguments: InspectionTests.pairs)
  func `a row outside of the filter is not written over`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 4) { mapping in
      mapping.columns.removeAll { $0.name == "memo" }
      mapping.filter = [RowCondition("note", .oneOf(["live"]))]
      mapping.fill = ["note": "live"]
    }
    try await rig.old.run(["UPDATE orders SET note = 'live' WHERE id <> 2"])
    try await rig.advance(to: .newPrimary)
    try await rig.new.run([
      "INSERT INTO purchases (number, pence) VALUES (2, 99), (5, 5)",
      "UPDATE purchases SET pence = 1 WHERE number = 1",
    ])
    try await rig.carry(from: .new)
    let waiting = try await rig.run.waiting(try await rig.run.migration())
    #expect(
      waiting.refused == [
        "new.purchases number = 2: the row of legacy.orders with that key is outside of the filter, "
          + "and was left as it is"
      ])
    let rows = "SELECT id, cents FROM orders WHERE id IN (1, 2, 5) ORDER BY id"
    #expect(try await rig.old.rows(rows) == ["1|1", "2|14", "5|5"])
    #expect(try await rig.give(.retreat).refused.first?.contains("number = 2") == true)
    try await rig.new.run(["DELETE FROM purchases WHERE number = 2"])
    #expect(try await rig.give(.retreat).outcome?.migration.state == .newReads)
    #expect(try await rig.old.rows(rows) == ["1|1", "2|14", "5|5"])
    await rig.stop()
  }

  /// The fence of another mapping holds up its own rows, not those beside them.
  @Test(arguments: InspectionTests.pairs)
  func `what another mapping keeps from being written waits with its name`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 4)
    let other = try await MigrationRig(beside: rig, "others") { _ in }
    try await rig.advance(to: .newPrimary)
    try await rig.new.run(["UPDATE purchases SET pence = 1 WHERE number = 3"])
    try await other.give(.advance)
    let batch = try await #require(
      ChangeCarrier(rig.run.check, from: .new, rig.run.stores)
    ).batch()
    #expect(batch.refused == 1)
    let refused = try await rig.run.waiting(try await rig.run.migration()).refused.first
    #expect(refused?.hasPrefix("new.purchases number = 3: ") == true)
    #expect(refused?.contains("others is not written in legacy now") == true)
    other.run.stores.close()
    await rig.stop()
  }

  /// What a mapping notes that was changed meanwhile, nobody carries over by the changed one.
  @Test func `a changed mapping writes nothing`() async throws {
    let rig = try await MigrationRig(.sqlite, .sqlite, rows: 4)
    try await rig.advance(to: .newReads)
    try await rig.old.run(["UPDATE orders SET cents = 1, note = 'x' WHERE id = 3"])
    let changed = try await MigrationRig(beside: rig, "orders") { mapping in
      mapping.columns.removeAll { $0.name == "memo" }
      mapping.columns.append(.init("memo", .constant(nil)))
      mapping.left = ["note"]
    }
    let migration = try await changed.run.migration()
    let refused = try await changed.give(.advance).refused
    #expect(refused.first == MigrationGate.changed)
    #expect(throws: StoreFailure.self) { try changed.run.carrier(migration) }
    #expect(throws: StoreFailure.self) {
      try changed.run.liveVerification(migration, LiveVerificationRun.Limits())
    }
    await #expect(throws: StoreFailure.self) {
      _ = try await changed.run.mend([], migration, MigrationRig.author)
    }
    #expect(try await rig.run.facts().legacyWaiting == 1)
    #expect(
      try await rig.new.rows("SELECT pence, memo FROM purchases WHERE number = 3") == ["21|é 3"])
    #expect(try await rig.run.history(limit: 1).first?.action == .settle)
    changed.run.stores.close()
    await rig.stop()
  }

  #if PostgreSQL
    /// A text of SQLite that PostgreSQL cannot hold becomes no other text.
    @Test func `a NUL waits`() async throws {
      let rig = try await MigrationRig(.postgreSQL, .sqlite, rows: 4)
      try await rig.advance(to: .newPrimary)
      try await rig.new.run([
        "UPDATE purchases SET memo = CAST(x'610062' AS TEXT) WHERE number = 3",
        "UPDATE purchases SET pence = 1 WHERE number = 4",
      ])
      try await rig.carry(from: .new)
      let refused = try await rig.run.waiting(try await rig.run.migration()).refused
      #expect(refused.count == 1 && refused.first?.contains("number = 3") == true)
      #expect(refused.first?.contains("holds a NUL") == true)
      #expect(
        try await rig.old.rows("SELECT cents, note FROM orders WHERE id > 2 ORDER BY id")
          == ["21|é 3", "1|é 4"])
      await rig.stop()
    }
  #endif

  /// Keys of several columns, texts among them, as each store keeps them.
  @Test(arguments: InspectionTests.pairs)
  func `keys of texts come over as they are`(legacy: StoreKind, new: StoreKind) async throws {
    let (old, other) = (try await TestStore(legacy), try await TestStore(new))
    let table = "(shop text NOT NULL, line bigint NOT NULL, name text, PRIMARY KEY (shop, line))"
    try await old.run(["CREATE TABLE lines \(table)"])
    try await other.run(["CREATE TABLE lines \(table)"])
    let mapping = TableMapping(
      name: "the 'lines'", legacy: .init(store: "legacy", table: "lines"),
      new: .init(store: "new", table: "lines"),
      columns: ["shop", "line", "name"].map { .init($0, .rename($0)) })
    let stores = try MovingStores(
      mapping,
      DataSettings(
        stores: [.init(name: "legacy", place: old.place), .init(name: "new", place: other.place)],
        mappings: [mapping]))
    let check = MappingCheck(
      mapping, legacy: try await stores.legacy.reading.schema(of: ["lines"], within: .seconds(10)),
      new: try await stores.new.reading.schema(of: ["lines"], within: .seconds(10)))
    let run = try #require(MigrationRun(check, stores))
    let seen = try await run.migration()
    guard
      case .begin(let decision) = seen.decide(
        .advance, MigrationEvidence(fingerprint: run.statements.fingerprint))
    else { return }
    _ = try await run.carryOut(decision, over: seen, .advance, evidence: "", MigrationRig.author)
    try await old.run([
      "INSERT INTO lines VALUES ('it''s', 1, 'a'), ('é', 2, ''), ('', 3, NULL), ('x', 4, 'b')",
      "UPDATE lines SET shop = 'X' WHERE shop = 'x'", "DELETE FROM lines WHERE shop = ''",
    ])
    let carrier = try #require(ChangeCarrier(check, from: .legacy, stores))
    while try await carrier.batch().read > 0 {}
    let rows = try await other.rows("SELECT shop, line, name FROM lines ORDER BY line")
    #expect(rows == ["it's|1|a", "é|2|", "X|4|b"])
    // And many of them at once, as a chunk of a comparison asks for them.
    try await old.run([
      """
      WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
      INSERT INTO lines SELECT CASE WHEN i % 2 = 0 THEN 'a' ELSE 'A' END, i, 'x' FROM n
      """
    ])
    while try await carrier.batch().read > 0 {}
    var limits = LiveVerificationRun.Limits()
    limits.chunk = 2_000
    let comparing = try #require(LiveVerificationRun(check, from: .legacy, stores, limits))
    let found = try await comparing.run()
    #expect(found.isEqual && found.digests.new.count == 2_494)
    stores.close()
    await old.stop()
    await other.stop()
  }
}
