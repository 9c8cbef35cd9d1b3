// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Testing

/// Two mappings between the same tables, each with tenants of its own, that move one after the
/// other.
@Suite("Tenants that move apart", .timeLimit(.minutes(10)))
struct TenantTests {
  /// How the new side says whose a row is.
  enum Form: CaseIterable {
    case renamed, valueTable

    var north: String { self == .renamed ? "north" : "N" }
    var south: String { self == .renamed ? "south" : "S" }
  }

  private struct World {
    let north: MigrationRig
    let south: MigrationRig
    let form: Form

    init(_ legacy: StoreKind, _ new: StoreKind, _ form: Form) async throws {
      func change(_ tenant: String) -> (inout TableMapping) -> Void {
        { mapping in
          mapping.tenant = RowCondition("note", .oneOf([tenant]))
          if form == .renamed { return }
          let table = ColumnRule.ValueTable([.init("north", "N"), .init("south", "S")])
          mapping = mapping.with("memo", .values("note", table))
        }
      }
      self.form = form
      north = try await MigrationRig(legacy, new, rows: 40, .init(), change("north"))
      south = try await MigrationRig(beside: north, "south", change("south"))
      try await north.old.run([
        "UPDATE orders SET note = CASE WHEN id % 2 = 0 THEN 'north' ELSE 'south' END"
      ])
    }

    /// Carries over until nothing is left, the mapping first that is named first: what the second
    /// has to give up yet is in its way.
    func carry(_ side: Doubt.Side, _ first: MigrationRig, _ second: MigrationRig) async throws {
      try await first.carry(from: side)
      try await second.carry(from: side)
      try await ChangeCarrier(first.run.check, from: side, first.run.stores)?.retry()
      try await first.carry(from: side)
      for rig in [first, second] {
        #expect(try await rig.run.waiting(try await rig.run.migration()).count == 0)
      }
    }

    func expectEqual(sourceLocation: SourceLocation = #_sourceLocation) async throws {
      let legacy = try await north.old.rows("SELECT id, cents, note FROM orders ORDER BY id")
      let new = try await north.new.rows(
        "SELECT number, pence, CASE memo WHEN 'N' THEN 'north' WHEN 'S' THEN 'south' ELSE memo END "
          + "FROM purchases ORDER BY number")
      #expect(legacy == new, sourceLocation: sourceLocation)
      #expect(legacy.count >= 40, sourceLocation: sourceLocation)
    }

    func stop() async {
      south.run.stores.close()
      await north.stop()
    }
  }

  @Test(arguments: InspectionTests.pairs, Form.allCases)
  func `each moves by itself, and a row that changes tenants is not lost`(
    kinds: (StoreKind, StoreKind), form: Form
  ) async throws {
    let world = try await World(kinds.0, kinds.1, form)
    let (north, south) = (world.north, world.south)
    try await north.advance(to: .newPrimary)
    // The other tenants did not begin: they are written where they are.
    try await north.old.run(["UPDATE orders SET cents = 1 WHERE id = 3"])
    for sql in [
      "UPDATE orders SET cents = 1 WHERE id = 4", "UPDATE orders SET note = 'north' WHERE id = 3",
      "UPDATE orders SET note = 'south' WHERE id = 4",
      "INSERT INTO orders VALUES (50, 1, 'north')", "DELETE FROM orders WHERE id = 4",
    ] {
      await #expect(throws: (any Error).self, "\(sql)") { try await north.old.run([sql]) }
    }
    try await north.new.run([
      "UPDATE purchases SET pence = 2 WHERE number = 4",
      "INSERT INTO purchases VALUES (52, 52, '\(form.north)')",
      "DELETE FROM purchases WHERE number = 6",
    ])
    try await north.carry(from: .new)
    #expect(
      try await north.old.rows("SELECT id, cents FROM orders WHERE id IN (3, 4, 6, 52) ORDER BY id")
        == ["3|1", "4|2", "52|52"])

    // Both are written in legacy; what goes from one to the other may be carried by either first.
    try await north.give(.retreat)
    try await south.advance(to: .newReads)
    try await world.carry(.legacy, north, south)
    try await world.expectEqual()
    for (first, second) in [(north, south), (south, north)] {
      try await north.old.run([
        "UPDATE orders SET note = CASE note WHEN 'north' THEN 'south' ELSE 'north' END "
          + "WHERE id BETWEEN 10 AND 15",
        "UPDATE orders SET id = id + 100, note = 'south' WHERE id = 20",
        "UPDATE orders SET id = 20 WHERE id = 120",
        "UPDATE orders SET cents = cents + 1000",
      ])
      try await world.carry(.legacy, first, second)
      try await world.expectEqual()
    }

    // And the same on the new side.
    try await south.advance(to: .newPrimary)
    try await north.advance(to: .newPrimary)
    for (first, second) in [(north, south), (south, north)] {
      try await north.new.run([
        "UPDATE purchases SET memo = CASE memo WHEN '\(form.north)' THEN '\(form.south)' "
          + "ELSE '\(form.north)' END WHERE number BETWEEN 21 AND 26",
        "UPDATE purchases SET pence = pence + 1000",
      ])
      try await world.carry(.new, first, second)
      try await world.expectEqual()
    }
    try await south.give(.advance, acceptsNoReturn: true)
    #expect(try await south.run.migration().state == .retired)
    await #expect(throws: (any Error).self) {
      try await north.old.run(["UPDATE orders SET cents = 5 WHERE note = 'south'"])
    }
    await world.stop()
  }

  /// Rows of other tenants are not the mapping's, whoever gives a key twice.
  @Test(arguments: InspectionTests.pairs, Form.allCases)
  func `a row of another tenant is not written over`(
    kinds: (StoreKind, StoreKind), form: Form
  ) async throws {
    let world = try await World(kinds.0, kinds.1, form)
    let north = world.north
    try await north.give(.advance)
    try await north.new.run(["INSERT INTO purchases VALUES (100, 1, '\(form.south)')"])
    try await north.old.run(["INSERT INTO orders VALUES (100, 2, 'north'), (102, 2, 'north')"])
    try await north.carry(from: .legacy)
    var waiting = try await north.run.waiting(try await north.run.migration())
    #expect(
      waiting.refused == [
        "legacy.orders id = 100: the row of new.purchases with that key belongs to another tenant, "
          + "and was left as it is"
      ])
    let rows = "SELECT number, pence, memo FROM purchases WHERE number >= 100 ORDER BY number"
    #expect(try await north.new.rows(rows) == ["100|1|\(form.south)", "102|2|\(form.north)"])
    try await north.old.run(["DELETE FROM orders WHERE id = 100"])
    try await north.carry(from: .legacy)
    try await north.new.run(["DELETE FROM purchases WHERE number = 100"])

    try await ChangeCarrier(north.run.check, from: .legacy, north.run.stores)?.retry()
    try await north.carry(from: .legacy)
    try await north.advance(to: .newPrimary)
    try await north.new.run([
      "INSERT INTO purchases VALUES (3, 9, '\(form.north)'), (104, 9, '\(form.north)')"
    ])
    try await north.carry(from: .new)
    waiting = try await north.run.waiting(try await north.run.migration())
    #expect(waiting.count == 1)
    #expect(
      waiting.refused == [
        "new.purchases number = 3: the row of legacy.orders with that key belongs to another "
          + "tenant, and was left as it is"
      ])
    #expect(
      try await north.old.rows(
        "SELECT id, cents, note FROM orders WHERE id IN (3, 104) ORDER BY id")
        == ["3|21|south", "104|9|north"])
    #expect(try await north.give(.retreat).refused.count == 1)
    await world.stop()
  }

  @Test func `a new side that does not say whose a row is cannot follow`() async throws {
    let rig = try await MigrationRig(.sqlite, .sqlite, rows: 4) { mapping in
      mapping.tenant = RowCondition("note", .oneOf(["north"]))
      mapping = mapping.with("memo", .constant("x"))
      mapping.isReversed = false
    }
    let refused = try await rig.give(.advance).refused
    #expect(
      refused.contains {
        $0.contains("no column of new.purchases says whose a row is, as note or by a value table")
      })
    await rig.stop()
  }
}

extension TableMapping {
  /// The same with another rule for a column.
  fileprivate func with(_ column: String, _ rule: ColumnRule) -> TableMapping {
    var mapping = TableMapping(
      name: name, legacy: legacy, new: new,
      columns: columns.map { $0.name == column ? .init(column, rule) : $0 })
    mapping.tenant = tenant
    return mapping
  }
}
