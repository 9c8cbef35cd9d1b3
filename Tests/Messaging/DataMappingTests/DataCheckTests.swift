// SPDX-License-Identifier: Apache-2.0

import DataMapping
import Testing

/// What mappings do to each other, and what they ask of the rows.
@Suite struct DataCheckTests {
  private func settings(_ mappings: [TableMapping]) -> DataSettings {
    DataSettings(
      stores: [
        .init(name: "legacy", place: .file("a")), .init(name: "new", place: .file("b")),
      ], mappings: mappings)
  }

  private func named(_ name: String, _ change: (inout TableMapping) -> Void) -> TableMapping {
    let sample = SampleMapping.mapping
    var mapping = TableMapping(
      name: name, legacy: sample.legacy, new: sample.new, columns: sample.columns)
    change(&mapping)
    return mapping
  }

  private func findings(_ mappings: [TableMapping]) -> [String] {
    DataCheck(
      settings(mappings), schemas: ["legacy": SampleMapping.legacy, "new": SampleMapping.new]
    ).findings.map { "\($0.key): \($0.text)" }
  }

  @Test func `two mappings that write one column`() {
    let found = findings([named("a") { _ in }, named("b") { _ in }])
    #expect(
      found.first
        == "data.mappings.b.columns.tenant: the mapping a writes new.purchases's column tenant too; "
        + "give both a range of tenants that the other one does not have")
    #expect(found.count == 12)
    let apart = [
      named("a") { $0.tenant = RowCondition("tenant", .range(from: nil, to: 9)) },
      named("b") { $0.tenant = RowCondition("tenant", .range(from: 10, to: nil)) },
    ]
    #expect(findings(apart) == [])
    let overlapping = [
      named("a") { $0.tenant = RowCondition("tenant", .range(from: nil, to: 10)) },
      named("b") { $0.tenant = RowCondition("tenant", .oneOf(["10", "12"])) },
    ]
    #expect(findings(overlapping).count == 12)
  }

  @Test func `a table that would be carried over into itself`() {
    let table = SampleMapping.legacyOrders
    let mapping = TableMapping(
      name: "a", legacy: .init(store: "one", table: "orders"),
      new: .init(store: "other", table: "orders"),
      columns: table.columns.map { .init($0.name, .rename($0.name)) })
    for (file, count) in [("a", 1), ("b", 0)] {
      let settings = DataSettings(
        stores: [
          .init(name: "one", place: .file("a")), .init(name: "other", place: .file(file)),
        ], mappings: [mapping])
      let store = StoreSchema(.sqlite, encoding: "UTF-8", tables: [table])
      let found = DataCheck(settings, schemas: ["one": store, "other": store]).findings
      #expect(found.count == count)
      #expect(found.allSatisfy { $0.message.hasPrefix("it is the table that the rows come from") })
    }
  }

  /// Each keeps the other's rows from being written in legacy.
  @Test func `two mappings of one legacy table`() {
    func found(_ change: (inout TableMapping) -> Void, _ other: (inout TableMapping) -> Void)
      -> [String]
    {
      let two = named("b") {
        $0.new = .init(store: "new", table: "others")
        other(&$0)
      }
      let others = TableSchema(
        "others", columns: SampleMapping.newOrders.columns, primaryKey: ["order_id"])
      let new = StoreSchema(.postgreSQL, tables: [SampleMapping.newOrders, others])
      return DataCheck(
        settings([named("a", change), two]), schemas: ["legacy": SampleMapping.legacy, "new": new]
      ).findings.map { "\($0.key): \($0.message)" }
    }
    let both = found({ _ in }, { _ in })
    #expect(both.count == 1)
    #expect(
      both.first?.hasPrefix("data.mappings.b.from: the mapping a moves rows of legacy.orders too")
        == true)
    #expect(found({ $0.isReversed = false }, { _ in }).count == 1)
    #expect(found({ $0.isReversed = false }, { $0.isReversed = false }) == [])
    let apart = found(
      { $0.tenant = RowCondition("tenant", .range(from: nil, to: 9)) },
      { $0.tenant = RowCondition("tenant", .range(from: 10, to: nil)) })
    #expect(apart == [])
  }

  @Test func `what is wrong with another mapping is not asked`() {
    let broken = named("b") {
      $0.legacy = .init(store: "nowhere", table: "x")
      $0.new = .init(store: "new", table: "y")
    }
    let settings = settings([named("a") { _ in }, broken])
    let schemas = ["legacy": SampleMapping.legacy, "new": SampleMapping.new]
    #expect(DataCheck(settings, schemas: schemas).findings.count == 1)
    let one = DataCheck(settings, schemas: schemas, only: ["a"])
    #expect(one.findings == [] && one.mappings.map(\.mapping.name) == ["a"])
    // What it does to the chosen one is.
    let two = DataCheck(
      self.settings([named("a") { _ in }, named("b") { _ in }]), schemas: schemas, only: ["a"])
    #expect(two.findings.count == 12 && two.mappings.count == 1)
  }

  @Test func `mappings that foreign keys tie together`() {
    func table(_ name: String, _ references: [String]) -> TableSchema {
      TableSchema(
        name, columns: [ColumnSchema("id", SampleMapping.number)], primaryKey: ["id"],
        references: references)
    }
    let legacy = StoreSchema(
      .sqlite, encoding: "UTF-8", tables: [table("a", []), table("b", ["a"]), table("c", ["c"])])
    let new = StoreSchema(
      .sqlite, encoding: "UTF-8", tables: [table("a", []), table("b", []), table("c", ["b"])])
    let settings = settings(
      ["a", "b", "c"].map { name in
        TableMapping(
          name: name, legacy: .init(store: "legacy", table: name),
          new: .init(store: "new", table: name), columns: [.init("id", .rename("id"))])
      })
    let tied = settings.mappings.map { mapping in
      DataCheck.tied(to: mapping, settings, ["legacy": legacy, "new": new]).map(\.name)
    }
    #expect(tied == [["b"], ["a", "c"], ["b"]])
    #expect(DataCheck.tied(to: settings.mappings[0], settings, ["new": new]) == [])
  }

  @Test func `a sequence that does not know the numbers that are carried over`() {
    func numbered(_ schema: TableSchema, _ name: String) -> TableSchema {
      TableSchema(
        schema.name,
        columns: schema.columns.map { column in
          column.name == name
            ? ColumnSchema(name, column.type, hasDefault: true, isNumbered: true) : column
        }, primaryKey: schema.primaryKey)
    }
    let legacy = StoreSchema(
      .postgreSQL,
      tables: [numbered(SampleMapping.legacyOrders, "id"), SampleMapping.customers])
    let new = StoreSchema(.postgreSQL, tables: [numbered(SampleMapping.newOrders, "order_id")])
    let found = SampleMapping.check(legacy: legacy, new: new)
    #expect(found.findings.map(\.severity) == [.warning, .warning] && found.translation != nil)
    #expect(
      found.findings.first?.message.hasPrefix("a sequence numbers new.purchases's order_id") == true
    )
    #expect(found.findings.last?.message.hasPrefix("a sequence numbers legacy.orders's id") == true)
  }

  @Test func `stores that are not there, and texts that are not UTF-8`() {
    let lost = named("a") { $0.new = .init(store: "nwe", table: "purchases") }
    #expect(
      findings([lost]) == ["data.mappings.a.to: there is no store \"nwe\"; did you mean \"new\"?"])
    let latin = StoreSchema(.postgreSQL, encoding: "LATIN1", tables: [SampleMapping.newOrders])
    let check = DataCheck(
      settings([SampleMapping.mapping]), schemas: ["legacy": SampleMapping.legacy, "new": latin])
    #expect(
      check.findings.map(\.message) == [
        "its texts are encoded as LATIN1, and only UTF-8 is compared by bytes"
      ])
  }

  @Test func `tables are filled in the order of their foreign keys`() {
    func table(_ name: String, _ references: [String]) -> TableSchema {
      TableSchema(
        name, columns: [ColumnSchema("id", SampleMapping.number)], primaryKey: ["id"],
        references: references)
    }
    func check(_ tables: [TableSchema]) -> DataCheck {
      let store = StoreSchema(.sqlite, encoding: "UTF-8", tables: tables)
      let mappings = tables.map { table in
        TableMapping(
          name: table.name, legacy: .init(store: "legacy", table: table.name),
          new: .init(store: "new", table: table.name), columns: [.init("id", .rename("id"))])
      }
      return DataCheck(settings(mappings), schemas: ["legacy": store, "new": store])
    }
    let sound = check([table("c", ["b", "a"]), table("b", ["a", "b"]), table("a", ["other"])])
    #expect(sound.findings.isEmpty)
    #expect(sound.order.mappings.map(\.mapping.name) == ["a", "b", "c"])
    #expect(sound.order.circle.isEmpty)
    #expect(sound.unfilled.map(\.table) == ["other"])
    let circle = check([table("a", ["b"]), table("b", ["a"]), table("c", [])])
    #expect(circle.order.mappings.map(\.mapping.name) == ["c"])
    #expect(circle.order.circle.map(\.mapping.name) == ["a", "b"])
  }

  @Test func `what schemas prove is not asked of rows`() {
    let check = SampleMapping.check()
    let questions = check.doubts.map(\.question)
    #expect(!questions.contains { $0.contains("every id") || $0.contains("every cents") })
    #expect(questions.contains("every status is in the value table"))
    #expect(questions.contains("every customer leads to a row of customers"))
    let oneWay = SampleMapping.check { $0.isReversed = false }
    #expect(oneWay.doubts.allSatisfy { $0.side == .legacy })
  }

  @Test func `values stand quoted in statements`() throws {
    let check = SampleMapping.check {
      $0.isReversed = false
      $0.filter = [RowCondition("note", .oneOf(["it's \"so\"", nil]))]
      $0.tenant = RowCondition("tenant", .range(from: 1, to: 9))
    }
    let statements = try #require(MappingStatements(check))
    #expect(
      statements.allRows == """
        SELECT 1 FROM "orders" AS t
        WHERE ((t."note" IS NULL OR t."note" IN ('it''s "so"')))
          AND (t."tenant" >= 1 AND t."tenant" <= 9)
        """)
    #expect(statements.writesLegacy == nil)
    #expect(
      statements.writesNew.hasSuffix(
        "\"memo\" = excluded.\"memo\"\nWHERE (t.\"tenant\" >= 1 AND t.\"tenant\" <= 9)"))
    #expect(statements.addsNamed.hasSuffix("\nON CONFLICT (\"order_id\") DO NOTHING"))
    #expect(statements.chunk(rows: 5).contains("(t.\"id\" > :last_id)\nORDER BY t.\"id\"\nLIMIT 5"))
  }
}
