// SPDX-License-Identifier: Apache-2.0

import DataMapping
import DualWriteRouting
import Foundation
import GRDB
import MappedStores
import Testing

/// A service whose data moves under it.
@Suite("Routed while it moves", .timeLimit(.minutes(2)))
struct RoutedMigrationTests {
  /// Two files with a mapping between them, and the service's router.
  private final class World: Sendable {
    let legacy: DatabaseQueue
    let new: DatabaseQueue
    let router: DualWriteRouter
    /// Another process of the service, that knows nothing yet.
    let other: DualWriteRouter
    let run: MigrationRun
    private let folder: URL

    init(freshness: Duration = .zero) async throws {
      let folder = FileManager.default.temporaryDirectory
        .appending(path: "routed-\(UUID().uuidString.lowercased())")
      self.folder = folder
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let paths = ["legacy", "new"].map {
        folder.appending(path: "\($0).sqlite").path(percentEncoded: false)
      }
      legacy = try DatabaseQueue(path: paths[0])
      new = try DatabaseQueue(path: paths[1])
      try await legacy.write {
        try $0.execute(sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL)")
      }
      try await new.write {
        try $0.execute(
          sql: "CREATE TABLE purchases (number INTEGER PRIMARY KEY, pence INTEGER NOT NULL)")
      }
      let mapping = TableMapping(
        name: "orders", legacy: .init(store: "legacy", table: "orders"),
        new: .init(store: "new", table: "purchases"),
        columns: [.init("number", .rename("id")), .init("pence", .rename("cents"))])
      let stores = try MovingStores(
        mapping,
        DataSettings(
          stores: [
            .init(name: "legacy", place: .file(paths[0])),
            .init(name: "new", place: .file(paths[1])),
          ], mappings: [mapping]))
      let check = MappingCheck(
        mapping,
        legacy: try await stores.legacy.reading.schema(of: ["orders"], within: .seconds(10)),
        new: try await stores.new.reading.schema(of: ["purchases"], within: .seconds(10)))
      run = try #require(MigrationRun(check, stores))
      var configuration = DualWriteRouter.Configuration()
      configuration.patience = .milliseconds(200)
      configuration.freshness = freshness
      configuration.comparesEvery = 1
      router = DualWriteRouter(
        mapping: "orders", legacy: .sqlite(legacy), new: .sqlite(new), configuration: configuration)
      other = DualWriteRouter(
        mapping: "orders", legacy: .sqlite(legacy), new: .sqlite(new), configuration: configuration)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Moves on by one state, whatever the gates say.
    func give(_ order: Migration.Order) async throws {
      let seen = try await run.migration()
      var evidence = MigrationEvidence(fingerprint: run.statements.fingerprint)
      evidence.backfill = .finished
      evidence.comparison = .equal(rows: 0, digest: "")
      guard case .begin(let decision) = seen.decide(order, evidence) else {
        Issue.record("refused: \(seen.decide(order, evidence))")
        return
      }
      let author = MigrationRun.Author(actor: "test", reason: "to see") { 0 }
      let outcome = try await run.carryOut(
        decision, over: seen, order == .advance ? .advance : .retreat, evidence: "", author)
      #expect(outcome.turnedBack == nil)
    }

    func put(
      _ key: Int, _ amount: Int, by router: DualWriteRouter? = nil
    ) async throws -> DualWriteRouter.Written<String> {
      try await (router ?? self.router).write(
        legacy: .sqlite(legacy) { db in
          try db.execute(
            sql: "INSERT OR REPLACE INTO orders VALUES (?, ?)", arguments: [key, amount])
          return "legacy"
        },
        new: .sqlite(new) { db in
          try db.execute(
            sql: "INSERT OR REPLACE INTO purchases VALUES (?, ?)", arguments: [key, amount])
          return "new"
        })
    }

    /// Which side answered, and what.
    func get(_ key: Int, after token: DualWriteRouter.WriteToken? = nil) async throws -> String {
      try await router.read(
        after: token,
        legacy: .sqlite(legacy) { db in
          let amount = try Int.fetchOne(
            db, sql: "SELECT cents FROM orders WHERE id = ?", arguments: [key])
          return "legacy \(amount ?? 0)"
        },
        new: .sqlite(new) { db in
          let amount = try Int.fetchOne(
            db, sql: "SELECT pence FROM purchases WHERE number = ?", arguments: [key])
          return "new \(amount ?? 0)"
        }, comparing: { $0.split(separator: " ")[1] == $1.split(separator: " ")[1] })
    }

    /// Equal, under way, different.
    var comparisons: [Int] {
      let made = router.comparisons
      return [made.equal, made.underWay, made.different]
    }

    func carry() async throws {
      let migration = try await run.migration()
      while try await run.carrier(migration)?.batch().read ?? 0 > 0 {}
    }
  }

  @Test func `each state has its side for writes and for reads`() async throws {
    let world = try await World()
    #expect(try await world.put(1, 10).value == "legacy")
    try await world.give(.advance)
    #expect(try await world.put(1, 11).value == "legacy")
    #expect(try await world.get(1) == "legacy 11")
    // It is on its way, so it is no difference; then it has arrived; then somebody spoils it.
    #expect(world.comparisons == [0, 1, 0])
    try await world.carry()
    #expect(try await world.get(1) == "legacy 11")
    #expect(world.comparisons == [1, 1, 0])
    try await world.new.write { db in
      try db.execute(sql: "UPDATE strangler_fence SET passing = 'carry'")
      try db.execute(sql: "UPDATE purchases SET pence = 12")
      try db.execute(sql: "UPDATE strangler_fence SET passing = ''")
    }
    #expect(try await world.get(1) == "legacy 11")
    #expect(world.comparisons == [1, 1, 1])

    try await world.give(.advance)
    let written = try await world.put(1, 13)
    #expect(written.value == "legacy")
    #expect(try await world.get(1) == "new 12")
    #expect(try await world.get(1, after: written.token) == "legacy 13")
    try await world.carry()
    #expect(try await world.get(1, after: written.token) == "new 13")

    try await world.give(.advance)
    let moved = try await world.put(1, 14)
    #expect(moved.value == "new")
    #expect(try await world.get(1, after: moved.token) == "new 14")
    #expect(try await world.get(1, after: written.token) == "new 14")
    try await world.give(.retreat)
    #expect(try await world.put(2, 20).value == "legacy")
    #expect(try await world.get(1, after: moved.token) == "new 14")
    let rows = try await world.legacy.read { db in
      try Row.fetchAll(db, sql: "SELECT id, cents FROM orders ORDER BY id").map { "\($0)" }
    }
    #expect(rows.count == 2 && rows[0].contains("14"))
  }

  /// While neither side takes writes, a write waits, and fails in a way that can be tried again.
  @Test func `a write during a change of sides`() async throws {
    let world = try await World()
    try await world.give(.advance)
    try await world.legacy.write {
      try $0.execute(sql: "UPDATE strangler_fence SET role = 'closed'")
    }
    let error = await #expect(throws: DualWriteError.self) { try await world.put(1, 1) }
    #expect(error?.code == .paused && error?.isRetryable == true)
    async let late = world.put(1, 2)
    try await world.legacy.write {
      try $0.execute(sql: "UPDATE strangler_fence SET role = 'primary'")
    }
    #expect(try await late.value == "legacy")
  }

  /// Another process wrote after a retreat that this one has not heard of yet.
  @Test func `a token is worth more than what is known of the state`() async throws {
    let world = try await World(freshness: .seconds(60))
    for _ in 0..<3 { try await world.give(.advance) }
    #expect(try await world.put(1, 1).value == "new")
    try await world.give(.retreat)
    let written = try await world.put(1, 2, by: world.other)
    #expect(written.value == "legacy")
    #expect(try await world.get(1, after: written.token) == "legacy 2")
    #expect(try await world.get(1) == "new 1")
  }

  /// It leaves the process as a text, and one that knows an old state reads what it wrote.
  @Test func `a token goes to another process`() async throws {
    let world = try await World(freshness: .seconds(60))
    try await world.give(.advance)
    #expect(try await world.get(1) == "legacy 0")
    for _ in 0..<2 { try await world.give(.advance) }
    let written = try await world.put(1, 5, by: world.other)
    let text = "\(written.token)"
    #expect(text == "new-1")
    let token = try #require(DualWriteRouter.WriteToken(text))
    #expect(token == written.token)
    #expect(try await world.get(1, after: token) == "new 5")
    for _ in 0..<3 { try await world.give(.retreat) }
    #expect(try await world.get(1, after: token) == "new 5")
    #expect(try await world.get(1, after: DualWriteRouter.WriteToken("legacy-99")) == "legacy 5")
  }

  @Test(arguments: ["", "new", "new-", "old-1", "new-x", "new--1", "new-1-2", "new-+1", "new-9e9"])
  func `another text is no token`(text: String) {
    #expect(DualWriteRouter.WriteToken(text) == nil)
  }

  /// A service that knows an old state writes nothing wrong, and finds the right side by itself.
  @Test func `a router that was left behind`() async throws {
    let world = try await World(freshness: .seconds(60))
    for _ in 0..<3 { try await world.give(.advance) }
    #expect(try await world.put(1, 1).value == "new")
    for _ in 0..<3 { try await world.give(.retreat) }
    // Nothing follows any more: the new store would take anything, and nobody would carry it over.
    #expect(try await world.put(1, 2).value == "legacy")
    let count = try await world.new.read {
      try Int.fetchOne($0, sql: "SELECT pence FROM purchases")
    }
    #expect(count == 1)
  }
}
