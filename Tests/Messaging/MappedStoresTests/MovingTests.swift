// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Testing

/// Rows that are copied and compared between real stores of each kind.
@Suite("Moving between real stores", .timeLimit(.minutes(5)))
struct MovingTests {
  static let rows = 1_200

  private static func legacyTables(_ kind: StoreKind) -> [String] {
    let (time, bytes) = kind == .sqlite ? ("DATETIME", "BLOB") : ("timestamptz", "bytea")
    let numbers =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))"
    let placed = "('2024-02-29 12:30:00.25' || (i % 10))" + (kind == .sqlite ? "" : "::timestamptz")
    let payload = kind == .sqlite ? "CAST('b' || i AS BLOB)" : "convert_to('b' || i, 'UTF8')"
    return [
      "CREATE TABLE customers (email text PRIMARY KEY NOT NULL, number bigint UNIQUE NOT NULL)",
      "INSERT INTO customers VALUES ('a@x', 1), ('b@x', 2), ('Zoë''s', 3)",
      """
      CREATE TABLE orders (id integer PRIMARY KEY, customer text, cents bigint NOT NULL,
        code text NOT NULL, placed \(time) NOT NULL, status text, name text, payload \(bytes))
      """,
      """
      \(numbers)
      INSERT INTO orders SELECT i,
        CASE i % 4 WHEN 0 THEN 'a@x' WHEN 1 THEN 'b@x' WHEN 2 THEN 'Zoë''s' END,
        i * 7 - 3000, '' || (i * 3), \(placed),
        CASE i % 3 WHEN 0 THEN 'placed' WHEN 1 THEN 'shipped' END,
        'Zoë ' || i, CASE WHEN i % 5 > 0 THEN \(payload) END
      FROM n
      """,
    ]
  }

  private static func newTables(_ kind: StoreKind) -> [String] {
    let (decimal, time) =
      kind == .sqlite ? ("DECIMAL(12,2)", "DATETIME") : ("numeric(12,2)", "timestamptz")
    return [
      """
      CREATE TABLE purchases (
        total \(decimal) NOT NULL, number bigint PRIMARY KEY NOT NULL, customer bigint,
        code bigint NOT NULL, placed \(time) NOT NULL, state text, name text,
        payload \(kind == .sqlite ? "BLOB" : "bytea"))
      """
    ]
  }

  static func mapping(_ legacy: StoreKind, _ new: StoreKind) -> TableMapping {
    var cents = ColumnRule.Cast(.decimal)
    cents.scale = 2
    let placed: ColumnRule =
      switch (legacy, new) {
      case (.sqlite, .postgreSQL): .cast("placed", .init(.timestamp))
      case (.postgreSQL, .sqlite): .cast("placed", .init(.text))
      default: .rename("placed")
      }
    var mapping = TableMapping(
      name: "orders", legacy: .init(store: "legacy", table: "orders"),
      new: .init(store: "new", table: "purchases"),
      columns: [
        .init("total", .cast("cents", cents)), .init("number", .rename("id")),
        .init(
          "customer",
          .join(.init("customers", on: [.init(own: "customer", other: "email")], take: "number"))),
        .init("code", .cast("code", .init(.integer))), .init("placed", placed),
        .init(
          "state",
          .values("status", .init([.init("placed", "open"), .init("shipped", "sent")]))),
        .init("name", .rename("name")), .init("payload", .rename("payload")),
      ])
    mapping.key = ["number"]
    return mapping
  }

  /// Both stores, open, with a checked mapping.
  private struct Rig {
    let old: TestStore
    let new: TestStore
    let stores: [String: any MappedStore]
    let check: MappingCheck

    init(_ legacy: StoreKind, _ new: StoreKind) async throws {
      old = try await TestStore(legacy)
      self.new = try await TestStore(new)
      try await old.run(MovingTests.legacyTables(legacy))
      try await self.new.run(MovingTests.newTables(new))
      let mapping = MovingTests.mapping(legacy, new)
      let needed = DataSettings(stores: [], mappings: [mapping]).neededTables
      let stores: [String: any MappedStore] = [
        "legacy": try old.place.open(), "new": try self.new.place.open(),
      ]
      var schemas: [String: StoreSchema] = [:]
      for (name, store) in stores {
        schemas[name] = try await store.schema(of: needed[name] ?? [], within: .seconds(10))
      }
      self.stores = stores
      check = MappingCheck(
        mapping, legacy: try #require(schemas["legacy"]), new: try #require(schemas["new"]))
      #expect(check.findings == [])
    }

    func verify(listed: Int = 100) async throws -> Verification {
      var limits = Verification.Limits()
      limits.listed = listed
      let run = try #require(VerificationRun(check, stores: stores))
      return try await run.run(limits)
    }

    /// Copies from where the store's position is, in small chunks.
    @discardableResult
    func backfill(chunkRows: Int = 100) async throws -> BackfillPosition {
      let legacy = try #require(stores["legacy"])
      let run = try #require(BackfillRun(check, legacy: legacy))
      let target = try new.place.openTarget()
      defer { target.close() }
      var position = BackfillPosition(fingerprint: run.fingerprint)
      if let stored = try await target.position(of: "orders") {
        position = stored
      } else {
        try await target.begin("orders", at: position)
      }
      var limits = BackfillRun.Limits()
      limits.pace.largest = chunkRows
      return try await run.run(from: position, into: target, limits)
    }

    func stop() async {
      for store in stores.values { store.close() }
      await old.stop()
      await new.stop()
    }
  }

  @Test(arguments: InspectionTests.pairs)
  func `what was copied is equal, and planted differences are found`(
    legacy: StoreKind, new: StoreKind
  ) async throws {
    let rig = try await Rig(legacy, new)
    let before = try await rig.verify(listed: 3)
    #expect(before.counts[.missing] == Self.rows && before.drifts.count == 3)
    let end = try await rig.backfill()
    #expect(end.isFinished && end.read == Int64(Self.rows) && end.added == Int64(Self.rows))
    #expect(end.step >= 13)
    let equal = try await rig.verify()
    #expect(equal.isEqual, "\(equal.drifts)")
    #expect(equal.digests.legacy == equal.digests.new)
    #expect(equal.rows.legacy == Self.rows)

    // Nothing more to do; then what was added to legacy behind the end.
    let again = try await rig.backfill()
    #expect(again.added == end.added && again.read == end.read)
    try await rig.old.run([
      "INSERT INTO orders SELECT id + 5000, customer, cents, code, placed, status, name, payload "
        + "FROM orders WHERE id <= 20"
    ])
    #expect(try await rig.backfill().added == Int64(Self.rows + 20))
    #expect(try await rig.verify().isEqual)

    try await rig.new.run([
      "DELETE FROM purchases WHERE number IN (7, 77, 777)",
      "UPDATE purchases SET total = total + 0.01 WHERE number IN (1, 1200)",
      "UPDATE purchases SET state = NULL WHERE number = 3",
      "UPDATE purchases SET name = 'ZoÃ« 10' WHERE number = 10",
      "INSERT INTO purchases (total, number, code, placed) "
        + "SELECT 1, 90000, 1, placed FROM purchases WHERE number = 1",
    ])
    let found = try await rig.verify()
    func places(_ kind: Drift.Kind) -> [String] {
      found.drifts.filter { $0.kind == kind }.map(\.place)
    }
    #expect(places(.missing) == ["number = 7", "number = 77", "number = 777"])
    #expect(places(.extra) == ["number = 90000"])
    #expect(places(.differs) == ["number = 1", "number = 3", "number = 1200"])
    #expect(places(.encoding) == ["number = 10"])
    #expect(found.counts.all == 8)
    let state = found.drifts.first { $0.place == "number = 3" }?.columns.first
    #expect(state?.name == "state" && state?.legacy == "\"open\"" && state?.new == "NULL")
    await rig.stop()
  }

  @Test(arguments: InspectionTests.kinds)
  func `a row that is there stays as it is`(kind: StoreKind) async throws {
    let rig = try await Rig(.sqlite, kind)
    try await rig.new.run([
      "INSERT INTO purchases (total, number, code, placed) "
        + "VALUES (9, 500, 9, '2024-02-29 12:30:00.250')"
    ])
    let end = try await rig.backfill()
    #expect(end.added == Int64(Self.rows - 1) && end.read == Int64(Self.rows))
    let found = try await rig.verify()
    #expect(found.counts[.differs] == 1 && found.counts.all == 1)
    #expect(found.drifts.first?.columns.first { $0.name == "total" }?.new == "9")
    await rig.stop()
  }

  /// Who does not know the last step writes neither rows nor position.
  @Test(arguments: InspectionTests.kinds)
  func `a backfill that was overtaken writes nothing`(kind: StoreKind) async throws {
    let rig = try await Rig(.sqlite, kind)
    let end = try await rig.backfill()
    let target = try rig.new.place.openTarget()
    let statements = try #require(MappingStatements(rig.check))
    var late = end
    late.step = 5
    late.last = [.integer(400)]
    let row: [FieldValue] = [
      .integer(1), .integer(99_999), .null, .integer(1), .text("2024-02-29 12:30:00.250"), .null,
      .null, .null,
    ]
    let failure = await #expect(throws: StoreFailure.self) {
      _ = try await target.add([row], statements, "orders", to: late, key: "")
    }
    #expect(failure?.code == .moved)
    #expect(try await target.position(of: "orders") == end)
    #expect(try await rig.verify().isEqual)
    target.close()
    await rig.stop()
  }

  @Test func `a row that has nothing to become ends it, and what was before stays`() async throws {
    let rig = try await Rig(.sqlite, .sqlite)
    try await rig.old.run(["UPDATE orders SET status = 'lost' WHERE id = 650"])
    let refusal = await #expect(throws: BackfillRun.Refusal.self) {
      try await rig.backfill()
    }
    #expect(refusal?.finding.counterexample?.key == "id = 650")
    let target = try rig.new.place.openTarget()
    #expect(try await target.position(of: "orders")?.last == [.integer(600)])
    target.close()
    let found = try await rig.verify(listed: 1_000)
    #expect(found.counts[.missing] == Self.rows - 600 && found.counts.all == Self.rows - 600)
    try await rig.old.run(["UPDATE orders SET status = 'placed' WHERE id = 650"])
    try await rig.backfill()
    #expect(try await rig.verify().isEqual)
    await rig.stop()
  }

  @Test func `a chunk that cannot be written whole leaves nothing`() async throws {
    let rig = try await Rig(.sqlite, .sqlite)
    // The last number is given away, which SQLite reports as it does a disk without room.
    try await rig.new.run([
      "CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT)",
      "INSERT INTO log VALUES (\(Int64.max))",
      """
      CREATE TRIGGER grow AFTER INSERT ON purchases WHEN NEW.number = 250
      BEGIN INSERT INTO log VALUES (NULL); END
      """,
    ])
    let full = await #expect(throws: StoreFailure.self) { try await rig.backfill() }
    #expect(full?.code == .full && full?.description.contains("the disk is full") == true)
    let target = try rig.new.place.openTarget()
    #expect(try await target.position(of: "orders")?.added == 200)
    target.close()
    #expect(try await rig.verify().counts[.missing] == Self.rows - 200)
    try await rig.new.run(["DROP TRIGGER grow"])
    try await rig.backfill()
    #expect(try await rig.verify().isEqual)
    await rig.stop()
  }

  #if PostgreSQL
    @Test func `what a user of PostgreSQL may not do is said`() async throws {
      let rig = try await Rig(.sqlite, .postgreSQL)
      try await rig.new.run([
        "CREATE ROLE weak LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
      ])
      guard case .postgreSQL(let url) = rig.new.place else { return }
      let weak = DataSettings.Place.postgreSQL(
        url.replacing("postgres@", with: "weak@"))
      let target = try weak.openTarget()
      let failure = await #expect(throws: StoreFailure.self) {
        try await target.begin("orders", at: BackfillPosition(fingerprint: "x"))
      }
      #expect(failure?.code == .denied)
      #expect(failure?.description.contains("permission denied") == true)
      target.close()
      await rig.stop()
    }

    /// Every type that has a form of its own, between two databases of PostgreSQL.
    @Test func `all types of PostgreSQL are copied and compared`() async throws {
      let (old, new) = (try await TestStore(.postgreSQL), try await TestStore(.postgreSQL))
      let table = """
        CREATE TABLE kinds (a text, b smallint, c numeric, d timestamp, e date, f uuid, g bytea,
          h jsonb, i real, j double precision, k boolean, l timestamptz(3), m varchar(9),
          PRIMARY KEY (a, b))
        """
      try await old.run([
        table,
        """
        INSERT INTO kinds VALUES
          ('é''s', 1, 12345678901234567890123.450, '2024-02-29 12:30:00.000001', '2024-02-29',
            '3f2504e0-4f89-41d3-9a0c-0305e82c3301', '\\x00ff', '{"a": 1}', 0.1, 0.1, true,
            '2024-02-29 12:30:00.25+02', 'x'),
          ('', -5, 0.00, NULL, '0001-01-01', NULL, '', '[]', -1e30, 1e-300, false, NULL, ''),
          ('Z', 2, -1.50, '1969-12-31 23:59:59.999999', NULL, NULL, NULL, NULL, 'infinity', 'NaN',
            NULL, '1900-01-01 00:00+00', NULL)
        """,
      ])
      try await new.run([table])
      let names = "a b c d e f g h i j k l m".split(separator: " ").map(String.init)
      var mapping = TableMapping(
        name: "kinds", legacy: .init(store: "legacy", table: "kinds"),
        new: .init(store: "new", table: "kinds"),
        columns: names.map { .init($0, .rename($0)) })
      mapping.isReversed = false
      let stores: [String: any MappedStore] = [
        "legacy": try old.place.open(), "new": try new.place.open(),
      ]
      let (from, to) = (try #require(stores["legacy"]), try #require(stores["new"]))
      let check = MappingCheck(
        mapping, legacy: try await from.schema(of: ["kinds"], within: .seconds(9)),
        new: try await to.schema(of: ["kinds"], within: .seconds(9)))
      #expect(check.findings == [])
      let run = try #require(BackfillRun(check, legacy: from))
      let target = try new.place.openTarget()
      let start = BackfillPosition(fingerprint: run.fingerprint)
      try await target.begin("kinds", at: start)
      var limits = BackfillRun.Limits()
      limits.pace.largest = 1
      let end = try await run.run(from: start, into: target, limits)
      #expect(end.added == 3)
      let comparison = try #require(VerificationRun(check, stores: stores))
      let verification = try await comparison.run()
      #expect(verification.isEqual, "\(verification.drifts)")
      #expect(verification.rows.new == 3)
      try await new.run(["UPDATE kinds SET d = d + interval '1 microsecond' WHERE b = 1"])
      let drift = try await comparison.run().drifts.first
      #expect(drift?.place == #"a = "é\'s", b = 1"#)
      #expect(drift?.columns.map(\.name) == ["d"])
      target.close()
      for store in stores.values { store.close() }
      await old.stop()
      await new.stop()
    }
  #endif
}
