// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Synchronization
import Testing

/// Real stores of each kind on each side, and rows that a mapping cannot carry.
@Suite("Inspections of real stores", .timeLimit(.minutes(5)))
struct InspectionTests {
  #if PostgreSQL
    static let kinds: [StoreKind] = [.sqlite, .postgreSQL]
  #else
    static let kinds: [StoreKind] = [.sqlite]
  #endif
  static let pairs = kinds.flatMap { one in kinds.map { (one, $0) } }

  private static func legacyTables(_ kind: StoreKind) -> [String] {
    let time = kind == .sqlite ? "DATETIME" : "timestamptz"
    return [
      "CREATE TABLE customers (email text PRIMARY KEY NOT NULL, number bigint UNIQUE NOT NULL)",
      """
      CREATE TABLE orders (id integer PRIMARY KEY, customer text, cents bigint NOT NULL,
        code text NOT NULL, placed \(time) NOT NULL, status text, name text,
        street text NOT NULL, city text NOT NULL)
      """,
      "INSERT INTO customers VALUES ('a@x', 1), ('b@x', 2), ('Zoë''s', 3)",
    ]
  }

  private static func order(
    _ id: Int, customer: String = "'a@x'", code: String = "'7'", status: String = "'placed'",
    name: String = "'Ada King Lovelace'", street: String = "'Way 1'", cents: String = "1250",
    placed: String = "'2024-02-29 12:30:00.250'"
  ) -> String {
    """
    INSERT INTO orders VALUES (\(id), \(customer), \(cents), \(code), \(placed), \(status), \(name),
      \(street), 'Town')
    """
  }

  private static func newTables(_ kind: StoreKind) -> [String] {
    let decimal = kind == .sqlite ? "DECIMAL(8,2)" : "numeric(8,2)"
    let time = kind == .sqlite ? "DATETIME" : "timestamptz"
    return [
      """
      CREATE TABLE purchases (
        id bigint PRIMARY KEY NOT NULL, customer bigint, total \(decimal) NOT NULL,
        code bigint NOT NULL, placed \(time) NOT NULL, state text, first text, last text,
        address text NOT NULL, origin text NOT NULL)
      """
    ]
  }

  /// The same mapping, with the casts that the two kinds need.
  private static func mapping(_ legacy: StoreKind, _ new: StoreKind) -> TableMapping {
    var cents = ColumnRule.Cast(.decimal)
    cents.scale = 2
    let placed: ColumnRule =
      switch (legacy, new) {
      case (.sqlite, .postgreSQL): .cast("placed", .init(.timestamp))
      case (.postgreSQL, .sqlite): .cast("placed", .init(.text))
      default: .rename("placed")
      }
    return TableMapping(
      name: "orders", legacy: .init(store: "legacy", table: "orders"),
      new: .init(store: "new", table: "purchases"),
      columns: [
        .init("id", .rename("id")),
        .init(
          "customer",
          .join(.init("customers", on: [.init(own: "customer", other: "email")], take: "number"))),
        .init("total", .cast("cents", cents)), .init("code", .cast("code", .init(.integer))),
        .init("placed", placed),
        .init(
          "state", .values("status", .init([.init("placed", "open"), .init("shipped", "sent")]))),
        .init("first", .split("name", separator: " ", part: 1, of: 2)),
        .init("last", .split("name", separator: " ", part: 2, of: 2)),
        .init("address", .concat(["street", "city"], separator: ", ")),
        .init("origin", .constant("shop")),
      ])
  }

  private func inspect(
    _ mapping: TableMapping, _ legacy: TestStore, _ new: TestStore,
    limits: DataInspection.Limits = .init()
  ) async throws -> DataInspection.Result {
    let settings = DataSettings(
      stores: [
        .init(name: "legacy", place: legacy.place), .init(name: "new", place: new.place),
      ], mappings: [mapping])
    var stores: [String: any MappedStore] = [:]
    defer { for store in stores.values { store.close() } }
    var schemas: [String: StoreSchema] = [:]
    for store in settings.stores {
      let open = try store.place.open()
      stores[store.name] = open
      schemas[store.name] = try await open.schema(
        of: settings.neededTables[store.name] ?? [], within: .seconds(10))
    }
    let check = DataCheck(settings, schemas: schemas)
    #expect(check.findings.map(\.text) == [])
    let first = try #require(check.mappings.first)
    let inspection = try #require(DataInspection(first, stores: stores, limits: limits))
    let heard = Mutex(0)
    let result = try await inspection.run { _, done, all in
      heard.withLock { $0 += 1 }
      #expect(done < all)
    }
    #expect(heard.withLock { $0 } == result.settled.count + 2)
    return result
  }

  @Test(arguments: pairs)
  func `sound rows hold, and planted ones are found`(legacy: StoreKind, new: StoreKind) async throws
  {
    let (old, fresh) = (try await TestStore(legacy), try await TestStore(new))
    try await old.run(
      Self.legacyTables(legacy)
        + (1...300).map { Self.order($0, customer: $0 % 3 == 0 ? "'Zoë''s'" : "'b@x'") }
        + [Self.order(301, customer: "NULL", status: "NULL", name: "NULL")])
    let time = new == .sqlite ? "'2024-02-29 12:30:00.250'" : "'2024-02-29 12:30:00.250+00'"
    func purchase(
      _ id: Int, state: String = "'open'", total: String = "1.5", origin: String = "'shop'"
    )
      -> String
    {
      "INSERT INTO purchases VALUES (\(id), 1, \(total), 7, \(time), \(state), 'a', 'b', 'c, d', \(origin))"
    }
    try await fresh.run(Self.newTables(new) + [purchase(1), purchase(2, state: "NULL")])
    let mapping = Self.mapping(legacy, new)
    let sound = try await inspect(mapping, old, fresh)
    #expect(sound.findings.map(\.text) == [])
    #expect(sound.settled.allSatisfy { $0.outcome == .holds || $0.outcome == .sampled })
    #expect(sound.settled.count > 8)

    // Out of reach of the samples: only SQL finds them.
    try await old.run([
      Self.order(1_000, status: "'lost'"), Self.order(1_001, code: "'007'"),
      Self.order(1_002, name: "'Plato'"), Self.order(1_003, street: "'a, b'"),
      Self.order(1_004, customer: "'x@x'"), Self.order(1_005, cents: "99999999999"),
    ])
    try await fresh.run([
      purchase(1_000, state: "'lost'"), purchase(1_001, origin: "'app'"),
    ])
    for id in 2_000..<2_010 {
      try await old.run([Self.order(id), Self.order(-id)])
      try await fresh.run([purchase(id), purchase(-id)])
    }
    var limits = DataInspection.Limits()
    limits.rows = 5
    let found = try await inspect(mapping, old, fresh, limits: limits).findings.map {
      "\($0.key.split(separator: ".").last ?? ""): \($0.text)"
    }
    #expect(
      Set(found) == [
        "state: not total: the value table lacks a value that is there: in legacy.orders id = 1000, status = \"lost\" is not in the value table",
        "code: lossy: a value does not survive the cast: in legacy.orders id = 1001, code = \"007\" would come back as another value",
        "first: a value cannot be split: in legacy.orders id = 1002, name = \"Plato\" has fewer than 2 parts at \" \"",
        "address: texts would not come apart again: in legacy.orders id = 1003, street = \"a, b\" holds the separator \", \"",
        "customer: a row has nothing to join: in legacy.orders id = 1004, customer = \"x@x\" leads to no row of customers",
        "total: lossy: a value does not survive the cast: in legacy.orders id = 1005, cents = 99999999999 has more than 6 digits before the point",
        "state: not invertible: the value table lacks a value that the new side holds: in new.purchases id = 1000, state = \"lost\" is not in the value table",
        "origin: the reverse stream could not carry back what the new side holds: in new.purchases id = 1001, origin = \"app\" would come back from legacy as \"shop\"",
      ])
    await old.stop()
    await fresh.stop()
  }

  @Test func `SQLite holds what a column does not say`() async throws {
    let (old, new) = (try await TestStore(.sqlite), try await TestStore(.sqlite))
    try await old.run([
      "CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT, paid BOOLEAN, amount DECIMAL(5,2))",
      "INSERT INTO orders VALUES (1, 'é', 1, 1.25), (2, NULL, 0, NULL), (3, '', NULL, 7)",
    ])
    try await new.run([
      "CREATE TABLE purchases (id INTEGER PRIMARY KEY, note TEXT, paid BOOLEAN, amount DECIMAL(5,2))"
    ])
    let mapping = TableMapping(
      name: "orders", legacy: .init(store: "legacy", table: "orders"),
      new: .init(store: "new", table: "purchases"),
      columns: ["id", "note", "paid", "amount"].map { .init($0, .rename($0)) })
    #expect(try await inspect(mapping, old, new).findings.isEmpty)
    try await old.run([
      "INSERT INTO orders (id, note) VALUES (4, CAST(x'ff41' AS TEXT))",
      "INSERT INTO orders (id, paid) VALUES (5, 2)",
      "INSERT INTO orders (id, amount) VALUES (6, 'much')",
      "INSERT INTO orders (id, note) VALUES (7, x'00')",
    ])
    #expect(
      try await inspect(mapping, old, new).findings.map(\.text) == [
        "a value does not fit: in legacy.orders id = 4, note = x'ff41' is not UTF-8",
        "a value does not fit: in legacy.orders id = 5, paid = 2 is an integer, where the column is boolean",
        "a value does not fit: in legacy.orders id = 6, amount = \"much\" is a text, where the column is decimal(5, 2)",
      ])
  }

  #if PostgreSQL
    /// Each condition finds what it is for, out of reach of the samples.
    @Test func `suspects in SQLite`() async throws {
      let (old, new) = (try await TestStore(.sqlite), try await TestStore(.postgreSQL))
      try await old.run([
        """
        CREATE TABLE orders (id INTEGER PRIMARY KEY, t TEXT, d TEXT, u TEXT, z TEXT, n DECIMAL(8,2),
          i INTEGER, r REAL, s INTEGER, b TEXT, v TEXT, c TEXT, k TEXT)
        """, "INSERT INTO orders (id) VALUES (1), (100)",
      ])
      try await new.run([
        """
        CREATE TABLE purchases (id bigint PRIMARY KEY, t timestamptz, d date, u uuid, z timestamptz,
          n integer, i boolean, r numeric(6,2), s timestamptz, b boolean, v varchar(3), c smallint,
          k text)
        """
      ])
      var iso = ColumnRule.Cast(.timestamp)
      (iso.form, iso.unit) = (.iso, .seconds)
      var cents = ColumnRule.Cast(.integer)
      cents.scale = 2
      let casts: [(String, ColumnRule.Cast)] = [
        ("t", .init(.timestamp)), ("d", .init(.date)), ("u", .init(.uuid)), ("z", iso),
        ("n", cents),
        ("i", .init(.boolean)), ("r", .init(.decimal)), ("s", .init(.timestamp)),
        ("b", .init(.boolean)),
        ("c", .init(.integer)),
      ]
      let mapping = TableMapping(
        name: "orders", legacy: .init(store: "legacy", table: "orders"),
        new: .init(store: "new", table: "purchases"),
        columns: casts.map { .init($0.0, .cast($0.0, $0.1)) }
          + ["id", "v", "k"].map { .init($0, .rename($0)) })
      let bad = [
        ("t", "'2023-02-29 00:00:00.000'"), ("d", "'2023-04-31'"), ("u", "'x'"),
        ("z", "'2024-02-29 12:30:00'"), ("n", "1.005"), ("i", "2"), ("r", "0.30000000000000004"),
        ("s", "9223372036854775807"), ("b", "'yes'"), ("v", "'four'"), ("c", "'40000'"),
        ("k", "CAST(x'6100' AS TEXT)"),
      ]
      try await old.run(
        bad.enumerated().map { index, pair in
          "INSERT INTO orders (id, \(pair.0)) VALUES (\(index + 10), \(pair.1))"
        })
      var limits = DataInspection.Limits()
      limits.rows = 1
      let result = try await inspect(mapping, old, new, limits: limits)
      #expect(
        Set(result.findings.map { $0.key.split(separator: ".").last.map(String.init) ?? "" })
          == Set(bad.map(\.0)), "\(result.findings.map(\.text))")
      await new.stop()
    }
  #endif

  @Test func `a file that is not there, and a query that takes too long`() async throws {
    #expect(throws: StoreFailure.self) { try DataSettings.Place.file("/nowhere/x").open() }
    let store = try await TestStore(.sqlite)
    let open = try store.place.open()
    let endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT typeof(sum(i)), sum(i) FROM n"
    let failure = await #expect(throws: StoreFailure.self) {
      try await open.rows(endless, [.integer(bits: 64)], within: .milliseconds(50))
    }
    #expect(failure?.code == .timedOut)
    let refused = await #expect(throws: StoreFailure.self) {
      try await open.rows("CREATE TABLE x (y)", [], within: .seconds(5))
    }
    #expect(refused?.code == .unusable)
    open.close()
  }

  #if PostgreSQL
    @Test func `PostgreSQL's types, keys, limits and transactions`() async throws {
      let store = try await TestStore(.postgreSQL)
      try await store.run([
        "CREATE SCHEMA side", "CREATE TABLE side.parent (id int PRIMARY KEY)",
        """
        CREATE TABLE kinds (
          id bigint GENERATED ALWAYS AS IDENTITY, a smallint NOT NULL, b varchar(5),
          c numeric(8,2) DEFAULT 1, d timestamptz(3), e timestamp, f uuid, g bytea, h jsonb, i real,
          j text GENERATED ALWAYS AS (b || 'x') STORED, k int REFERENCES side.parent,
          PRIMARY KEY (a, id))
        """, "CREATE UNIQUE INDEX ON kinds (b, f)", "CREATE UNIQUE INDEX ON kinds (i) WHERE a > 1",
        "CREATE UNIQUE INDEX ON kinds (lower(b))",
        """
        INSERT INTO kinds (a, b, d, e, f, g, i) VALUES
          (1, 'é', '2024-02-29 12:30:00.25+02', '2024-02-29 12:30', gen_random_uuid(), '\\x00ff',
            0.1),
          (2, '', 'infinity', '-infinity', NULL, '', 'NaN')
        """,
      ])
      let open = try store.place.open()
      let schema = try await open.schema(of: ["kinds", "side.parent", "no"], within: .seconds(10))
      #expect(schema.tableNames == ["kinds", "side.parent"] && schema.encoding == "UTF8")
      let table = try #require(schema.table("kinds"))
      #expect(
        table.columns.map(\.type) == [
          .integer(bits: 64), .integer(bits: 16), .text(limit: 5),
          .decimal(precision: 8, scale: 2), .timestamp(hasZone: true, digits: 3),
          .timestamp(hasZone: false, digits: 6), .uuid, .bytes, .other("jsonb"), .real(bits: 32),
          .text(limit: nil), .integer(bits: 32),
        ])
      #expect(table.columns.filter(\.isGenerated).map(\.name) == ["id", "j"])
      #expect(table.columns.filter(\.isRequired).map(\.name) == ["a"])
      #expect(table.primaryKey == ["a", "id"] && table.uniqueKeys == [["a", "id"], ["b", "f"]])
      #expect(table.references == ["side.parent"] && schema.table("no") == nil)
      let rows = try await open.rows(
        "SELECT b::text, d::text, e::text, g::text, i::text FROM kinds ORDER BY a",
        [
          .text(limit: 5), .timestamp(hasZone: true, digits: 3),
          .timestamp(hasZone: false, digits: 6), .bytes, .real(bits: 32),
        ], within: .seconds(10))
      #expect(
        rows == [
          [
            .text("é"), .timestamp(microseconds: 1_709_202_600_250_000),
            .timestamp(microseconds: 1_709_209_800_000_000), .bytes([0, 255]),
            .real(Double(Float(0.1))),
          ],
          [.text(""), .text("infinity"), .text("-infinity"), .bytes([]), .real(.nan)],
        ])
      let failure = await #expect(throws: StoreFailure.self) {
        try await open.rows("SELECT pg_sleep(60)::text", [], within: .milliseconds(50))
      }
      #expect(failure?.code == .timedOut)
      let refused = await #expect(throws: StoreFailure.self) {
        try await open.rows("DELETE FROM kinds", [], within: .seconds(5))
      }
      #expect(refused?.description.contains("read-only transaction") == true)
      open.close()
      await store.stop()
    }

    /// Each condition is one that PostgreSQL understands, and finds what it is for.
    /// A question that stays open must not take the next ones with it.
    @Test func `a connection that is lost is opened anew`() async throws {
      let world = try await TestStore(.postgreSQL)
      let store = try world.place.open()
      defer { store.close() }
      _ = try await store.schema(of: [], within: .seconds(10))
      try await world.restart()
      await #expect(throws: StoreFailure.self) {
        _ = try await store.schema(of: [], within: .seconds(10))
      }
      _ = try await store.schema(of: [], within: .seconds(10))
      await world.stop()
    }

    @Test func `PostgreSQL's suspects`() async throws {
      let (old, new) = (try await TestStore(.postgreSQL), try await TestStore(.postgreSQL))
      try await old.run([
        """
        CREATE TABLE orders (id int PRIMARY KEY, t text, d text, u text, z text, m text, n numeric,
          i bigint, r float8, w timestamptz, s bigint, b text, v text, y date,
          c text)
        """,
        "INSERT INTO orders (id) VALUES (1), (100)",
      ])
      try await new.run([
        """
        CREATE TABLE purchases (id int PRIMARY KEY, t timestamptz, d date, u uuid, z timestamptz,
          m numeric(5,2), n bigint, i boolean, r numeric(6,2), w text, s timestamptz, b boolean,
          v varchar(3), y date, c smallint)
        """
      ])
      func cast(_ family: ColumnType.Family) -> ColumnRule.Cast { .init(family) }
      var iso = cast(.timestamp)
      (iso.form, iso.unit) = (.iso, .seconds)
      var cents = cast(.integer)
      cents.scale = 2
      let mapping = TableMapping(
        name: "orders", legacy: .init(store: "legacy", table: "orders"),
        new: .init(store: "new", table: "purchases"),
        columns: [
          .init("id", .rename("id")), .init("t", .cast("t", cast(.timestamp))),
          .init("d", .cast("d", cast(.date))), .init("u", .cast("u", cast(.uuid))),
          .init("z", .cast("z", iso)), .init("m", .cast("m", cast(.decimal))),
          .init("n", .cast("n", cents)), .init("i", .cast("i", cast(.boolean))),
          .init("r", .cast("r", cast(.decimal))), .init("w", .cast("w", cast(.text))),
          .init("s", .cast("s", cast(.timestamp))), .init("b", .cast("b", cast(.boolean))),
          .init("v", .rename("v")), .init("y", .rename("y")),
          .init("c", .cast("c", cast(.integer))),
        ])
      let bad = [
        ("t", "'2023-02-29 00:00:00.000'"), ("d", "'2023-04-31'"), ("u", "'x'"),
        ("z", "'2024-02-29 12:30:00'"), ("m", "'1.50'"), ("n", "1.005"), ("i", "2"),
        ("r", "0.30000000000000004"), ("w", "'infinity'"), ("s", "9223372036854775807"),
        ("b", "'yes'"), ("v", "'four'"), ("y", "'infinity'"), ("c", "'40000'"),
      ]
      try await old.run(
        bad.enumerated().map { index, pair in
          "INSERT INTO orders (id, \(pair.0)) VALUES (\(index + 10), \(pair.1))"
        })
      var limits = DataInspection.Limits()
      limits.rows = 1
      let result = try await inspect(mapping, old, new, limits: limits)
      #expect(
        Set(result.findings.map { $0.key.split(separator: ".").last.map(String.init) ?? "" })
          == Set(bad.map(\.0)), "\(result.findings.map(\.text))")
      #expect(result.settled.count { $0.outcome == .broken } == bad.count)
      await old.stop()
      await new.stop()
    }
  #endif
}
