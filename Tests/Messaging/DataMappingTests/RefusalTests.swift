// SPDX-License-Identifier: Apache-2.0

import DataMapping
import Testing

/// Everything that schemas alone refuse, with its key and its text.
@Suite struct RefusalTests {
  private func expect(
    _ lines: [String], legacy: StoreSchema = SampleMapping.legacy,
    new: StoreSchema = SampleMapping.new, sourceLocation: SourceLocation = #_sourceLocation,
    _ change: (inout TableMapping) -> Void
  ) {
    let check = SampleMapping.check(legacy: legacy, new: new, change)
    let found = check.findings.map {
      "\($0.key.replacing("data.mappings.orders.", with: "")): \($0.text)"
    }
    #expect(found == lines, sourceLocation: sourceLocation)
    #expect((check.translation == nil) == !lines.isEmpty, sourceLocation: sourceLocation)
  }

  @Test func `the sample has no fault`() { expect([]) { _ in } }

  @Test func `names that are not there`() {
    expect(["from: there is no table legacy.oders; did you mean \"orders\"?"]) {
      $0.legacy = .init(store: "legacy", table: "oders")
    }
    expect(["to: there is no table new.x; expected one of purchases"]) {
      $0.new = .init(store: "new", table: "x")
    }
    expect([
      "columns.memo: legacy.orders has no column nte; did you mean \"note\"?",
      "columns: legacy.orders's column note goes nowhere; map it, or name it in leave",
    ]) { $0.set("memo", .rename("nte")) }
    expect(["columns.totl: new.purchases has no column totl; did you mean \"total\"?"]) {
      $0.columns.append(.init("totl", .rename("cents")))
    }
    expect(["leave[0]: legacy.orders has no column nte; did you mean \"note\"?"]) {
      $0.left = ["nte"]
    }
  }

  @Test func `columns that are written twice, by nobody, or by the store`() {
    expect(["columns.memo: the column memo is written twice"]) {
      $0.columns.append(.init("memo", .constant(nil)))
    }
    expect([
      "columns: nothing writes new.purchases's column code, which may not be NULL and has no default",
      "columns: legacy.orders's column code goes nowhere; map it, or name it in leave",
      "columns: the reverse stream writes nothing into legacy.orders's column code, which may not be "
        + "NULL and has no default; map it, or give it a value in fill",
    ]) { $0.columns.removeAll { $0.name == "code" } }
    expect(["columns.search: new.purchases computes search itself; leave it out"]) {
      $0.columns.append(.init("search", .constant(nil)))
    }
    expect(["leave[0]: note is carried; take it out of this list"]) { $0.left = ["note"] }
  }

  @Test func `casts that lose`() {
    expect(["columns.total: text does not become decimal(20, 2) by itself; say \"cast: decimal\""])
    {
      $0.set("total", .rename("code"), isReversed: false)
      $0.fill = ["cents": "0"]
    }
    expect([
      "columns.code: loses information: real of 64 bits does not fit into integer of 64 bits"
    ]) {
      $0.set("code", .cast("weight", .init(.integer)), isReversed: false)
      $0.fill = ["code": "0"]
    }
  }

  @Test func `value tables`() {
    let twice = ColumnRule.ValueTable([.init("placed", "1"), .init("shipped", "1")])
    expect([
      "columns.state: not invertible: \"placed\" and \"shipped\" both become 1, so the reverse stream "
        + "cannot tell them apart"
    ]) { $0.set("state", .values("status", twice)) }
    expect([]) { $0.set("state", .values("status", twice), isReversed: false) }
    let open = ColumnRule.ValueTable([.init("placed", "1")], otherwise: "2")
    expect([
      "columns.state: not invertible: \"otherwise\" makes all other values one, and the reverse "
        + "stream cannot tell which it was; say \"reverse: false\" if legacy does not need it"
    ]) { $0.set("state", .values("status", open)) }
    expect([]) {
      $0.set("state", .values("status", open))
      $0.isReversed = false
    }
    expect(["columns.state: \"open\" is no integer of 16 bits"]) {
      $0.set("state", .values("status", .init([.init("placed", "open")])))
    }
    expect(["columns.state: \"x\" is no integer of 64 bits, which tenant is"]) {
      $0.set("state", .values("tenant", .init([.init("x", "1")])), isReversed: false)
      $0.left = ["status"]
    }
    expect(["columns.state: the value 1 stands in the table twice"]) {
      $0.set(
        "state", .values("tenant", .init([.init("1", "1"), .init("01", "2")])), isReversed: false)
      $0.left = ["status"]
    }
  }

  @Test func `splits and joined texts`() {
    expect([
      "columns.first: name cannot be joined again: part 2 of 2 goes nowhere"
    ]) { $0.columns.removeAll { $0.name == "last" } }
    expect([
      "columns.first: name cannot be joined again: its parts are split by different separators or "
        + "into different numbers of parts"
    ]) { $0.set("last", .split("name", separator: "-", part: 2, of: 2)) }
    expect([
      "columns.first: name cannot be joined again: part 1 of 2 goes to several columns"
    ]) { $0.set("last", .split("name", separator: " ", part: 1, of: 2)) }
    expect(["columns.first: expected a part of 1 to 2, and two parts or more"]) {
      $0.set("first", .split("name", separator: " ", part: 3, of: 2), isReversed: false)
      $0.isReversed = false
    }
    expect(["columns.address: expected two columns or more to join"]) {
      $0.set("address", .concat(["street"], separator: ","))
      $0.left = ["city"]
      $0.isReversed = false
    }
    expect(["columns.address: an empty separator leaves nothing to take texts apart by"]) {
      $0.set("address", .concat(["street", "city"], separator: ""))
      $0.isReversed = false
    }
    expect([
      "columns.memo: cents is integer of 64 bits, and only texts are joined and split"
    ]) {
      $0.set("memo", .concat(["note", "cents"], separator: ","))
      $0.isReversed = false
    }
  }

  @Test func `joins`() {
    func join(_ table: String, _ own: String, _ other: String, _ take: String) -> ColumnRule {
      .join(.init(table, on: [.init(own: own, other: other)], take: take))
    }
    expect([
      "columns.memo: not invertible: nothing carries note, and customers.country may be NULL or the "
        + "same in several rows, so it does not lead back; map the column too, or say "
        + "\"reverse: false\""
    ]) { $0.set("memo", join("customers", "note", "email", "country")) }
    expect([]) { $0.set("memo", join("customers", "note", "email", "country"), isReversed: false) }
    expect(["columns.memo: there is no table legacy.custmers; did you mean \"customers\"?"]) {
      $0.set("memo", join("custmers", "note", "email", "country"), isReversed: false)
    }
    expect(["columns.memo: customers has no column contry; did you mean \"country\"?"]) {
      $0.set("memo", join("customers", "note", "email", "contry"), isReversed: false)
    }
    expect([
      "columns.memo: no unique index of customers says that one row at most has the same country, so "
        + "the join may find several"
    ]) { $0.set("memo", join("customers", "note", "country", "email"), isReversed: false) }
    expect([
      "columns.memo: note is text and customers.number is integer of 64 bits, so they never agree"
    ]) { $0.set("memo", join("customers", "note", "number", "email"), isReversed: false) }
  }

  @Test func `constants`() {
    expect(["columns.state: \"x\" is no integer of 16 bits"]) {
      $0.set("state", .constant("x"))
      $0.left = ["status"]
    }
    expect(["columns.origin: the column may not be NULL"]) { $0.set("origin", .constant(nil)) }
  }

  @Test func `keys`() {
    expect([
      "key: no unique index of new.purchases says that no two rows agree in tenant",
      "key: no unique index of legacy.orders says that no two rows agree in tenant, of which the key "
        + "is made",
    ]) { $0.key = ["tenant"] }
    expect(
      ["key: new.purchases has no primary key; name columns here that no two rows agree in"],
      new: StoreSchema(
        .postgreSQL,
        tables: [TableSchema("purchases", columns: SampleMapping.newOrders.columns)])
    ) { _ in }
    expect([
      "columns.order_id: it is part of the key, by which the reverse stream finds rows",
      "columns: the reverse stream writes nothing into legacy.orders's column id, which may not be "
        + "NULL and has no default; map it, or give it a value in fill",
    ]) { $0.set("order_id", .rename("id"), isReversed: false) }
  }

  @Test func `two columns that come back as one`() {
    expect([
      "columns.memo: last and memo both hold legacy's note, and the reverse stream would write it "
        + "from both; say \"reverse: false\" in one of them"
    ]) {
      $0.columns.removeAll { ["first", "last", "memo"].contains($0.name) }
      $0.columns += [.init("last", .rename("note")), .init("memo", .rename("note"))]
      $0.left = ["name"]
    }
  }

  @Test func `what the reverse stream fills in`() {
    expect(["fill.note: the reverse stream carries note; leave this out"]) {
      $0.fill = ["note": "x"]
    }
    expect(["fill.weight: \"x\" is no real of 64 bits"]) {
      $0.set("kilograms", .constant("1"))
      $0.fill = ["weight": "x"]
    }
    expect(["fill.weight: weight may not be NULL"]) {
      $0.set("kilograms", .constant("1"))
      $0.fill = ["weight": nil]
    }
  }

  @Test func `filters that the reverse stream would leave`() {
    expect([
      "filter.status: the reverse stream leaves the filter: where the new side writes 2 into state, "
        + "legacy's status becomes \"shipped\""
    ]) { $0.filter = [RowCondition("status", .oneOf(["placed", ""]))] }
    expect([]) { $0.filter = [RowCondition("status", .oneOf(["placed", "shipped", ""]))] }
    expect([
      "filter.note: the reverse stream may leave the filter: nothing keeps the new side from writing "
        + "another note; a value table with the values of the filter does"
    ]) { $0.filter = [RowCondition("note", .oneOf(["x"]))] }
    expect([
      "filter.note: the reverse stream leaves the filter: rows that the new side adds get NULL as "
        + "note; give it a value in fill"
    ]) {
      $0.columns.removeAll { $0.name == "memo" }
      $0.filter = [RowCondition("note", .oneOf(["x"]))]
    }
    expect([]) {
      $0.columns.removeAll { $0.name == "memo" }
      $0.filter = [RowCondition("note", .oneOf([nil]))]
    }
    expect([]) {
      $0.columns.removeAll { $0.name == "memo" }
      $0.filter = [RowCondition("note", .oneOf(["x"]))]
      $0.fill = ["note": "x"]
    }
    expect([]) {
      $0.filter = [RowCondition("note", .oneOf(["x"]))]
      $0.isReversed = false
    }
    expect(["filter.tenant: \"x\" is no integer of 64 bits, which tenant is"]) {
      $0.filter = [RowCondition("tenant", .oneOf(["x"]))]
      $0.isReversed = false
    }
    expect(["tenant: code is text, and a range is of integers"]) {
      $0.tenant = RowCondition("code", .range(from: 1, to: 2))
    }
    expect([]) { $0.tenant = RowCondition("tenant", .range(from: 1, to: 2)) }
  }
}
