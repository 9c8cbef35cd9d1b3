// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Testing

/// A mapping that moves between real stores of each kind, and back.
@Suite("Migrations of real stores", .timeLimit(.minutes(10)))
struct MigrationTests {
  @Test(arguments: InspectionTests.pairs)
  func `forward and back, nothing that is written on the way is lost`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new)
    let early = try await rig.give(.retreat)
    #expect(early.refused == ["orders is at legacy-primary, which is where it began"])
    try await rig.give(.advance)
    #expect(try await rig.roles() == [.primary, .follower])
    let bare = try await rig.give(.advance)
    #expect(bare.refused.contains { $0.contains("run strangler data backfill") })

    // Written past every library: noted all the same.
    try await rig.old.run([
      "UPDATE orders SET cents = 1 WHERE id <= 10", "DELETE FROM orders WHERE id = 11",
      "INSERT INTO orders VALUES (5000, 5, NULL)", "UPDATE orders SET id = 5001 WHERE id = 12",
    ])
    #expect(try await rig.run.facts().legacyWaiting == 14)
    try await rig.backfill()
    #expect(try await rig.give(.advance).outcome?.migration.state == .newReads)
    try await rig.expectEqual(300)
    try await rig.old.run(["UPDATE orders SET note = 'x' WHERE id = 20"])

    let over = try await rig.give(.advance)
    #expect(over.outcome?.migration.state == .newPrimary && over.outcome?.turnedBack == nil)
    #expect(try await rig.roles() == [.follower, .primary])
    try await rig.expectEqual(300)
    try await rig.new.run([
      "UPDATE purchases SET pence = 2 WHERE number <= 10",
      "DELETE FROM purchases WHERE number = 13",
      "INSERT INTO purchases VALUES (6000, 6, 'new')",
    ])
    #expect(try await rig.run.facts().newWaiting == 12)
    #expect(try await rig.give(.retreat).outcome?.migration.state == .newReads)
    #expect(try await rig.roles() == [.primary, .follower])
    try await rig.expectEqual(300)
    #expect(try await rig.old.rows("SELECT note FROM orders WHERE id = 6000") == ["new"])

    try await rig.advance(to: .newPrimary)
    #expect(
      try await rig.give(.advance).refused
        == ["there is no way back from retired; use strangler data retire"])
    try await rig.advance(to: .retired)
    #expect(try await rig.roles() == [.closed, .free])
    await #expect(throws: (any Error).self) { try await rig.old.run(["DELETE FROM orders"]) }
    try await rig.new.run(["DELETE FROM purchases WHERE number = 1"])
    #expect(try await rig.give(.retreat).refused.count == 1)
    let history = try await rig.run.history(limit: 100)
    #expect(history.count == 12 && history.first?.action == .settle)
    #expect(history.allSatisfy { $0.actor == "test" && $0.reason == "to see" })
    #expect(history.last?.action == .advance && history.last?.to == .legacyReads)
    await rig.stop()
  }

  @Test(arguments: InspectionTests.pairs)
  func `only the primary side is written`(legacy: StoreKind, new: StoreKind) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 20)
    try await rig.give(.advance)
    let refused = ["UPDATE purchases SET pence = 1", "INSERT INTO purchases VALUES (100, 1, NULL)"]
    try await rig.backfill()
    for sql in refused {
      let error = await #expect(throws: (any Error).self) { try await rig.new.run([sql]) }
      #expect("\(error as Any)".contains("orders is not written in the new side now"))
    }
    try await rig.advance(to: .newPrimary)
    let error = await #expect(throws: (any Error).self) {
      try await rig.old.run(["DELETE FROM orders"])
    }
    #expect("\(error as Any)".contains("orders is not written in legacy now"))
    // Nor does a backfill add rows that the primary side has deleted.
    try await rig.new.run(["DELETE FROM purchases WHERE number = 3"])
    let target = rig.run.stores.backfill
    var again = BackfillPosition(fingerprint: rig.run.statements.fingerprint)
    again.step = 100
    try await target.begin("orders", at: again)
    let copying = try #require(BackfillRun(rig.run.check, legacy: rig.run.stores.legacy.reading))
    let failure = await #expect(throws: StoreFailure.self) {
      _ = try await copying.run(from: again, into: target, .init())
    }
    #expect(failure?.code == .fenced)
    try await rig.carry(from: .new)
    try await rig.expectEqual(19)
    await rig.stop()
  }

  @Test(arguments: InspectionTests.pairs)
  func `retreated to the start, both stores are as free as they were`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await MigrationRig(legacy, new, rows: 20)
    try await rig.advance(to: .newPrimary)
    for state in [MigrationState.newReads, .legacyReads, .legacyPrimary] {
      #expect(try await rig.give(.retreat).outcome?.migration.state == state)
    }
    #expect(try await rig.roles() == [.free, .free])
    try await rig.old.run(["DELETE FROM orders WHERE id = 1"])
    try await rig.new.run(["DELETE FROM purchases WHERE number = 2"])
    #expect(try await rig.run.facts().legacyWaiting == 0)
    // What was written while nothing followed keeps the sides apart, and the gates closed: rows
    // that were copied before count for nothing, and a backfill neither changes nor deletes any.
    try await rig.give(.advance)
    #expect(
      try await rig.give(.advance).refused == [
        "the backfill has read 0 rows and is not at its end; run strangler data backfill"
      ])
    try await rig.backfill()
    #expect(try await rig.give(.advance).refused.first?.contains("1 rows differ") == true)
    let found = try #require(try await rig.run.verification(listed: 10) { _ in })
    let mended = try await rig.run.mend(
      found.drifts, try await rig.run.migration(), MigrationRig.author)
    #expect(mended == 1)
    #expect(try await rig.give(.advance).outcome?.migration.state == .newReads)
    try await rig.expectEqual(19)
    await rig.stop()
  }

  /// Both tables in one store of one name.
  @Test(arguments: InspectionTests.kinds)
  func `a table moves to another one beside it`(kind: StoreKind) async throws {
    let store = try await TestStore(kind)
    try await store.run([
      "CREATE TABLE orders (id bigint PRIMARY KEY NOT NULL, note text)",
      "CREATE TABLE purchases (id bigint PRIMARY KEY NOT NULL, note text)",
      "INSERT INTO orders VALUES (1, 'a'), (2, 'b')",
    ])
    let mapping = TableMapping(
      name: "orders", legacy: .init(store: "shop", table: "orders"),
      new: .init(store: "shop", table: "purchases"),
      columns: [.init("id", .rename("id")), .init("note", .rename("note"))])
    let stores = try MovingStores(
      mapping,
      DataSettings(stores: [.init(name: "shop", place: store.place)], mappings: [mapping]))
    let schema = try await stores.legacy.reading.schema(
      of: ["orders", "purchases"], within: .seconds(10))
    let run = try #require(
      MigrationRun(MappingCheck(mapping, legacy: schema, new: schema), stores))
    try await MigrationRig.force(.advance, run)
    try await MigrationRig.backfill(run)
    let migration = try await run.migration()
    #expect(try await run.verification(listed: 1) { _ in }?.isEqual == true)
    guard case .equal = try await run.comparison(migration, { _ in }) else {
      Issue.record("not equal")
      return
    }
    for _ in 0..<2 { try await MigrationRig.force(.advance, run) }
    try await store.run(["UPDATE purchases SET note = 'c' WHERE id = 2"])
    try await MigrationRig.force(.retreat, run)
    #expect(try await store.rows("SELECT note FROM orders ORDER BY id") == ["a", "c"])
    stores.close()
    await store.stop()
  }

  /// A transaction that writes is in the way of a change of sides: that is given up, and writes go
  /// on.
  @Test func `what cannot be carried over turns a change of sides back`() async throws {
    let rig = try await MigrationRig(.sqlite, .sqlite, rows: 20)
    try await rig.advance(to: .newReads)
    let seen = try await rig.run.migration()
    guard
      case .begin(let decision) = seen.decide(
        .advance,
        try await rig.run.evidence(
          for: #require(seen.step(.advance)), seen, objections: [], acceptsNoReturn: false
        ) { _ in })
    else {
      Issue.record("refused")
      return
    }
    // Written after the gates looked: the new side does not take it.
    try await rig.old.run(["UPDATE orders SET cents = 666 WHERE id = 4"])
    let outcome = try await rig.run.carryOut(
      decision, over: seen, .advance, evidence: "", MigrationRig.author)
    #expect(outcome.turnedBack?.contains("could not be carried over") == true)
    #expect(outcome.migration.state == .newReads && outcome.migration.isSettled)
    #expect(try await rig.roles() == [.primary, .follower])
    try await rig.old.run(["UPDATE orders SET cents = 4 WHERE id = 5"])
    let refused = try await rig.give(.advance).refused
    #expect(refused.contains { $0.contains("changes could not be carried over") })
    // Mended where it was written, it goes on by itself.
    try await rig.old.run(["UPDATE orders SET cents = 667 WHERE id = 4"])
    #expect(try await rig.give(.advance).outcome?.migration.state == .newPrimary)
    try await rig.expectEqual(20)
    let actions = try await rig.run.history(limit: 4).map(\.action)
    #expect(actions == [.settle, .advance, .settle, .turnBack])
    await rig.stop()
  }

  /// Who decides on what it saw before somebody else decided writes nothing.
  @Test(arguments: InspectionTests.kinds)
  func `two people at once`(kind: StoreKind) async throws {
    let rig = try await MigrationRig(.sqlite, kind, rows: 20)
    let seen = try await rig.run.migration()
    var evidence = MigrationEvidence(fingerprint: rig.run.statements.fingerprint)
    evidence.backfill = .finished
    guard case .begin(let decision) = seen.decide(.advance, evidence) else { return }
    try await rig.advance(to: .newReads)
    let failure = await #expect(throws: StoreFailure.self) {
      _ = try await rig.run.carryOut(
        decision, over: seen, .advance, evidence: "", MigrationRig.author)
    }
    #expect(failure?.code == .moved)
    // Nor does one that comes back to a decision that is long past.
    let late = await #expect(throws: StoreFailure.self) {
      _ = try await rig.run.goOn(decision, MigrationRig.author)
    }
    #expect(late?.code == .moved)
    #expect(try await rig.run.migration().state == .newReads)
    #expect(try await rig.roles() == [.primary, .follower])
    await rig.stop()
  }
}
