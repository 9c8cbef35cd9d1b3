// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Testing

/// Two real stores with a mapping between them that a test moves.
struct MigrationRig {
  static let author = MigrationRun.Author(actor: "test", reason: "to see") { 1_700_000_000_000 }

  let old: TestStore
  let new: TestStore
  let run: MigrationRun

  init(
    _ legacy: StoreKind, _ new: StoreKind, rows: Int = 300, _ limits: MigrationRun.Limits = .init(),
    _ change: (inout TableMapping) -> Void = { _ in }
  ) async throws {
    old = try await TestStore(legacy)
    self.new = try await TestStore(new)
    try await old.run([
      "CREATE TABLE orders (id bigint PRIMARY KEY NOT NULL, cents bigint NOT NULL, note text)",
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))
      INSERT INTO orders SELECT i, i * 7, 'é ' || i FROM n
      """,
    ])
    try await self.new.run([
      """
      CREATE TABLE purchases (number bigint PRIMARY KEY NOT NULL,
        pence bigint NOT NULL CHECK (pence <> 666), memo text)
      """
    ])
    var mapping = TableMapping(
      name: "orders", legacy: .init(store: "legacy", table: "orders"),
      new: .init(store: "new", table: "purchases"),
      columns: [
        .init("number", .rename("id")), .init("pence", .rename("cents")),
        .init("memo", .rename("note")),
      ])
    change(&mapping)
    run = try await Self.run(mapping, old, self.new, limits)
  }

  private static func run(
    _ mapping: TableMapping, _ old: TestStore, _ new: TestStore, _ limits: MigrationRun.Limits
  ) async throws -> MigrationRun {
    let stores = try Self.stores(mapping, old, new)
    let check = MappingCheck(
      mapping,
      legacy: try await stores.legacy.reading.schema(of: ["orders"], within: .seconds(10)),
      new: try await stores.new.reading.schema(of: ["purchases"], within: .seconds(10)))
    #expect(check.findings == [])
    return try #require(MigrationRun(check, stores, limits))
  }

  /// The same stores, and another mapping between the same tables.
  init(
    beside other: MigrationRig, _ name: String, _ change: (inout TableMapping) -> Void
  ) async throws {
    (old, new) = (other.old, other.new)
    let like = other.run.check.mapping
    var mapping = TableMapping(
      name: name, legacy: like.legacy, new: like.new, columns: like.columns)
    change(&mapping)
    run = try await Self.run(mapping, old, new, .init())
  }

  /// Two files that are like those of another one by now.
  init(copyOf other: MigrationRig, _ limits: MigrationRun.Limits) async throws {
    old = try await TestStore(copyOf: other.old)
    new = try await TestStore(copyOf: other.new)
    let check = other.run.check
    let stores = try Self.stores(check.mapping, old, new)
    run = try #require(MigrationRun(check, stores, limits))
  }

  static func stores(
    _ mapping: TableMapping, _ old: TestStore, _ new: TestStore
  ) throws -> MovingStores {
    try MovingStores(
      mapping,
      DataSettings(
        stores: [.init(name: "legacy", place: old.place), .init(name: "new", place: new.place)],
        mappings: [mapping]))
  }

  func stop() async {
    run.stores.close()
    await old.stop()
    await new.stop()
  }

  // MARK: - Orders

  /// Gives an order with the evidence that its gates ask for.
  ///
  /// - Returns: what came of it, or why it was refused.
  @discardableResult
  func give(
    _ order: Migration.Order, acceptsNoReturn: Bool = false
  ) async throws -> (outcome: MigrationRun.Outcome?, refused: [String]) {
    let seen = try await run.migration()
    var evidence = MigrationEvidence(fingerprint: run.statements.fingerprint)
    if let step = seen.step(order) {
      evidence = try await run.evidence(
        for: step, seen, objections: [], acceptsNoReturn: acceptsNoReturn
      ) { _ in }
    }
    switch seen.decide(order, evidence) {
    case .refuse(let reasons): return (nil, reasons)
    case .goOn(let migration): return (try await run.goOn(migration, Self.author), [])
    case .begin(let migration):
      let outcome = try await run.carryOut(
        migration, over: seen, order == .advance ? .advance : .retreat, evidence: evidence.summary,
        Self.author)
      return (outcome, [])
    }
  }

  /// Advances until a state is reached.
  func advance(to state: MigrationState) async throws {
    while try await run.migration().state != state {
      if try await run.migration().state == .legacyReads { try await backfill() }
      let (outcome, refused) = try await give(.advance, acceptsNoReturn: true)
      try #require(refused == [] && outcome?.turnedBack == nil)
    }
  }

  /// Gives an order whatever its gates say, through the stores of one process.
  static func force(_ order: Migration.Order, _ run: MigrationRun) async throws {
    let seen = try await run.migration()
    var evidence = MigrationEvidence(fingerprint: run.statements.fingerprint)
    evidence.backfill = .finished
    evidence.comparison = .equal(rows: 0, digest: "")
    switch seen.decide(order, evidence) {
    case .refuse: break
    case .goOn(let migration): _ = try await run.goOn(migration, author)
    case .begin(let decision):
      _ = try await run.carryOut(
        decision, over: seen, order == .advance ? .advance : .retreat, evidence: "", author)
    }
  }

  /// Copies everything.
  func backfill(chunkRows: Int = 100) async throws {
    try await Self.backfill(run, chunkRows: chunkRows)
  }

  static func backfill(_ run: MigrationRun, chunkRows: Int = 100) async throws {
    let copying = try #require(BackfillRun(run.check, legacy: run.stores.legacy.reading))
    let target = run.stores.backfill
    var position = BackfillPosition(fingerprint: copying.fingerprint)
    let name = run.check.mapping.name
    if let stored = try await target.position(of: name) {
      position = stored
      position.isFinished = false
      position.step += 1
    }
    try await target.begin(name, at: position)
    var limits = BackfillRun.Limits()
    limits.pace.largest = chunkRows
    _ = try await copying.run(from: position, into: target, limits)
  }

  /// Carries over until nothing is read any more.
  func carry(from side: Doubt.Side) async throws { try await Self.carry(from: side, run) }

  static func carry(from side: Doubt.Side, _ run: MigrationRun) async throws {
    let carrier = try #require(ChangeCarrier(run.check, from: side, run.stores))
    while try await carrier.batch().read > 0 {}
  }

  // MARK: - Looking

  /// Rows of both sides by SQL that knows nothing of the mapping.
  func tables() async throws -> (legacy: [String], new: [String]) {
    (
      try await old.rows("SELECT id, cents, note FROM orders ORDER BY id"),
      try await new.rows("SELECT number, pence, memo FROM purchases ORDER BY number")
    )
  }

  func expectEqual(_ count: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation)
    async throws
  {
    let (legacy, new) = try await tables()
    #expect(legacy == new, sourceLocation: sourceLocation)
    if let count { #expect(new.count == count, sourceLocation: sourceLocation) }
  }

  func roles() async throws -> [Fence.Role] {
    let facts = try await run.facts()
    return [facts.legacy.role, facts.new.role]
  }
}
