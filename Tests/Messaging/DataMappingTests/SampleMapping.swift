// SPDX-License-Identifier: Apache-2.0

import DataMapping

/// SplitMix64: small, seeded, the same on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// A legacy table of PostgreSQL, the new one, and a mapping between them without a fault, which
/// tests spoil.
enum SampleMapping {
  static let text = ColumnType.text(limit: nil)
  static let number = ColumnType.integer(bits: 64)

  static let legacyOrders = TableSchema(
    "orders",
    columns: [
      ColumnSchema("id", number), ColumnSchema("tenant", number),
      ColumnSchema("customer", text, isNullable: true), ColumnSchema("cents", number),
      ColumnSchema("code", text), ColumnSchema("placed", .timestamp(hasZone: true, digits: 6)),
      ColumnSchema("status", text, isNullable: true), ColumnSchema("name", text, isNullable: true),
      ColumnSchema("street", text), ColumnSchema("city", text),
      ColumnSchema("weight", .real(bits: 64)), ColumnSchema("note", text, isNullable: true),
    ], primaryKey: ["id"])

  static let customers = TableSchema(
    "customers",
    columns: [
      ColumnSchema("number", number), ColumnSchema("email", text),
      ColumnSchema("country", text, isNullable: true),
    ], primaryKey: ["number"], uniqueKeys: [["email"]])

  static let newOrders = TableSchema(
    "purchases",
    columns: [
      ColumnSchema("order_id", number), ColumnSchema("tenant", number),
      ColumnSchema("customer_id", number, isNullable: true),
      ColumnSchema("total", .decimal(precision: 20, scale: 2)), ColumnSchema("code", number),
      ColumnSchema("placed_at", text), ColumnSchema("state", .integer(bits: 16), isNullable: true),
      ColumnSchema("first", text, isNullable: true), ColumnSchema("last", text, isNullable: true),
      ColumnSchema("address", text),
      ColumnSchema("kilograms", .decimal(precision: nil, scale: nil)),
      ColumnSchema("origin", text, hasDefault: true), ColumnSchema("memo", text, isNullable: true),
      ColumnSchema("search", text, isNullable: true, isGenerated: true),
    ], primaryKey: ["order_id"])

  static func cast(
    _ family: ColumnType.Family, scale: Int? = nil, unit: TimeText.Unit? = nil,
    form: TimeText.Form? = nil
  ) -> ColumnRule.Cast {
    var cast = ColumnRule.Cast(family)
    (cast.scale, cast.unit, cast.form) = (scale, unit, form)
    return cast
  }

  static let states = ColumnRule.ValueTable([
    .init("placed", "1"), .init("shipped", "2"), .init("", "3"),
  ])

  static var columns: [TableMapping.Column] {
    [
      .init("order_id", .rename("id")), .init("tenant", .rename("tenant")),
      .init(
        "customer_id",
        .join(.init("customers", on: [.init(own: "customer", other: "email")], take: "number"))),
      .init("total", .cast("cents", cast(.decimal, scale: 2))),
      .init("code", .cast("code", cast(.integer))),
      .init("placed_at", .cast("placed", cast(.text, unit: .microseconds, form: .iso))),
      .init("state", .values("status", states)),
      .init("first", .split("name", separator: " ", part: 1, of: 2)),
      .init("last", .split("name", separator: " ", part: 2, of: 2)),
      .init("address", .concat(["street", "city"], separator: ", ")),
      .init("kilograms", .cast("weight", cast(.decimal))),
      .init("origin", .constant("shop")), .init("memo", .rename("note")),
    ]
  }

  static var mapping: TableMapping {
    TableMapping(
      name: "orders", legacy: .init(store: "legacy", table: "orders"),
      new: .init(store: "new", table: "purchases"), columns: columns)
  }

  static let legacy = StoreSchema(.postgreSQL, tables: [legacyOrders, customers])
  static let new = StoreSchema(.postgreSQL, tables: [newOrders])

  static func check(
    legacy: StoreSchema = legacy, new: StoreSchema = new,
    _ change: (inout TableMapping) -> Void = { _ in }
  ) -> MappingCheck {
    var mapping = mapping
    change(&mapping)
    return MappingCheck(mapping, legacy: legacy, new: new)
  }
}

extension TableMapping {
  /// The same with another rule for a column.
  mutating func set(_ name: String, _ rule: ColumnRule, isReversed: Bool = true) {
    columns.removeAll { $0.name == name }
    columns.append(Column(name, rule, isReversed: isReversed))
  }
}
