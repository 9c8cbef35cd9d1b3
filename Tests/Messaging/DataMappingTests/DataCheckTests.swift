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
