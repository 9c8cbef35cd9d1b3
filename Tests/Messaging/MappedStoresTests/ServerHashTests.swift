// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Synchronization
import Testing

/// Two servers of PostgreSQL that hash their rows themselves.
@Suite("Rows hashed by their servers", .timeLimit(.minutes(5)))
struct ServerHashTests {
  private static let rows = 500

  private static let legacyTable = [
    """
    CREATE TABLE orders (id bigint PRIMARY KEY, cents bigint, status text,
      note text, placed timestamptz, is_gift boolean, payload bytea, token uuid, day date,
      weight numeric(10, 3))
    """,
    """
    INSERT INTO orders SELECT i, i * 7 - 300,
      CASE i % 3 WHEN 0 THEN 'placed' WHEN 1 THEN 'shipped' END,
        CASE WHEN i % 5 > 0 THEN 'Zoë ' || i END,
      '2024-02-29 12:30:00.25+02'::timestamptz + i * interval '1 hour', i % 2 = 0,
      convert_to('b' || i, 'UTF8'), md5('' || i)::uuid, '2024-02-29'::date + i, i / 8.0
    FROM generate_series(1, \(rows)) AS i
    """,
  ]

  private static let newTable = [
    """
    CREATE TABLE purchases (weight numeric(12, 4), number bigint PRIMARY KEY, total numeric(14, 2),
      state varchar(20), note text, placed timestamptz, is_gift boolean, payload bytea, token uuid,
      day date)
    """
  ]

  private static var mapping: TableMapping {
    var cents = ColumnRule.Cast(.decimal)
    cents.scale = 2
    var mapping = TableMapping(
      name: "orders", legacy: .init(store: "legacy", table: "orders"),
      new: .init(store: "new", table: "purchases"),
      columns: [
        .init("number", .rename("id")), .init("total", .cast("cents", cents)),
        .init(
          "state",
          .values("status", .init([.init("placed", "open"), .init("shipped", "it's sent")]))),
      ]
        + ["note", "placed", "is_gift", "payload", "token", "day", "weight"]
        .map { .init($0, .rename($0)) })
    mapping.key = ["number"]
    return mapping
  }

  private struct Rig {
    let old: TestStore
    let new: TestStore
    let schemas: [String: StoreSchema]
    let check: MappingCheck
    let stores: [String: any MappedStore]

    init() async throws {
      old = try await TestStore(.postgreSQL)
      new = try await TestStore(.postgreSQL)
      try await old.run(ServerHashTests.legacyTable)
      try await new.run(ServerHashTests.newTable)
      stores = ["legacy": try old.place.open(), "new": try new.place.open()]
      let needed = DataSettings(stores: [], mappings: [ServerHashTests.mapping]).neededTables
      var schemas: [String: StoreSchema] = [:]
      for (name, store) in stores {
        schemas[name] = try await store.schema(of: needed[name] ?? [], within: .seconds(10))
      }
      self.schemas = schemas
      check = MappingCheck(
        ServerHashTests.mapping, legacy: try #require(schemas["legacy"]),
        new: try #require(schemas["new"]))
      #expect(check.findings == [])
      let legacy = try #require(stores["legacy"])
      let run = try #require(BackfillRun(check, legacy: legacy))
      let target = try new.place.openTarget()
      defer { target.close() }
      let position = BackfillPosition(fingerprint: run.fingerprint)
      try await target.begin("orders", at: position)
      _ = try await run.run(from: position, into: target, BackfillRun.Limits())
    }

    /// What was found, and by which steps.
    func verify(readingAll: Bool = false) async throws -> (found: Verification, steps: [String]) {
      let run = try #require(VerificationRun(check, stores: stores))
      let steps = Mutex<[String]>([])
      let found = try await run.run(readingAll: readingAll) { step, _ in
        let name = "\(step)".prefix { $0.isLetter }
        steps.withLock { if $0.last != String(name) { $0.append(String(name)) } }
      }
      return (found, steps.withLock { $0 })
    }

    func stop() async {
      for store in stores.values { store.close() }
      await old.stop()
      await new.stop()
    }
  }

  @Test func `equal rows never leave their servers, and each difference is found by reading`()
    async throws
  {
    let rig = try await Rig()
    let equal = try await rig.verify()
    #expect(equal.found.isEqual && equal.steps == ["ask"])
    #expect(equal.found.rows.legacy == Self.rows && equal.found.rows.new == Self.rows)
    let read = try await rig.verify(readingAll: true)
    #expect(read.found.isEqual && read.steps == ["digest"])
    #expect(read.found.digests.new.sum != 0)

    // What each of these changes comes back as it was.
    let states = "state = CASE state WHEN 'open' THEN 'it''s sent' ELSE 'open' END"
    let changes: [(change: String, back: String, place: String, kind: Drift.Kind, rows: Int)] = [
      // One value in two rows, and the values of two rows the one for the other.
      ("state = 'open'", "state = 'it''s sent'", "number IN (1, 4)", .differs, 2),
      (states, states, "number IN (3, 4)", .differs, 2),
      ("total = total + 42949672.96", "total = total - 42949672.96", "number = 8", .differs, 1),
      ("note = NULL", "note = 'Zoë 11'", "number = 11", .differs, 1),
      ("note = ''", "note = NULL", "number = 10", .differs, 1),
      ("note = U&'Zoe\\0308 12'", "note = 'Zoë 12'", "number = 12", .encoding, 1),
      (
        "placed = placed + interval '1 microsecond'", "placed = placed - interval '1 microsecond'",
        "number = 13", .differs, 1
      ),
      ("is_gift = NOT is_gift", "is_gift = NOT is_gift", "number = 14", .differs, 1),
      ("payload = '\\x00'", "payload = convert_to('b15', 'UTF8')", "number = 15", .differs, 1),
      ("day = day + 1", "day = day - 1", "number = 16", .differs, 1),
      ("weight = weight + 0.0001", "weight = weight - 0.0001", "number = 17", .differs, 1),
      // The server takes 1 and 2^32 for one when it hashes a whole number alone.
      ("number = 4294967296", "number = 1", "number IN (1, 4294967296)", .missing, 1),
    ]
    for (change, back, place, kind, rows) in changes {
      try await rig.new.run(["UPDATE purchases SET \(change) WHERE \(place)"])
      let (found, steps) = try await rig.verify()
      #expect(found.counts[kind] == rows, "\(change): \(found.drifts)")
      #expect(steps == ["ask", "digest", "collect", "gather"], "\(change)")
      try await rig.new.run(["UPDATE purchases SET \(back) WHERE \(place)"])
      let again = try await rig.verify()
      #expect(again.found.isEqual && again.steps == ["ask"], "\(back)")
    }

    // A value that is not in the value table has nothing to become, also not NULL.
    try await rig.old.run(["UPDATE orders SET status = 'Placed' WHERE id = 20"])
    try await rig.new.run(["UPDATE purchases SET state = NULL WHERE number = 20"])
    #expect(try await rig.verify().found.counts[.differs] == 1)
    await rig.stop()
  }

  @Test func `what SQL does not say exactly alike is read`() async throws {
    let rig = try await Rig()
    func isHashed(_ mapping: TableMapping) throws -> Bool {
      let legacy = try #require(rig.schemas["legacy"])
      let new = try #require(rig.schemas["new"])
      let statements = try #require(
        MappingStatements(MappingCheck(mapping, legacy: legacy, new: new)))
      return statements.hash(.legacy) != nil
    }
    #expect(try isHashed(Self.mapping))
    var some = Self.mapping
    some.filter = [RowCondition("status", .noneOf(["gone"]))]
    #expect(try !isHashed(some))
    var joined = Self.mapping
    joined.columns[3] = .init(
      "note", .concat(["note", "status"], separator: " "), isReversed: false)
    #expect(try !isHashed(joined))
    await rig.stop()
  }
}
