// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageStoreSQLite
import MessagingConformance
import MessagingTestSupport
import Testing
import TransactionalMessaging

/// Changes of watched tables with and without an event in their transaction.
@Suite(.timeLimit(.minutes(1)))
struct BypassTests {
  private struct Undone: Error {}

  private let folder: TemporaryFolder
  /// The service's connection and another program's.
  private let service: DatabaseQueue
  private let other: DatabaseQueue
  private let outbox = SQLiteOutbox()
  private let audit: BypassAudit

  init() async throws {
    folder = try TemporaryFolder()
    service = try DatabaseQueue(path: folder.path("shop.sqlite"))
    other = try DatabaseQueue(path: folder.path("shop.sqlite"))
    try SQLiteMessageTables.install(in: service)
    try await service.write { db in
      try db.execute(sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT)")
      try db.execute(sql: "CREATE TABLE carts (id INTEGER PRIMARY KEY)")
    }
    audit = BypassAudit(SQLiteOperatorDatabase(other))
    _ = try await audit.install(["orders", "Carts"], now: 5, isDryRun: false)
  }

  private func insert(_ id: Int, into table: String = "orders", _ db: Database) throws {
    try db.execute(sql: "INSERT INTO \(table) (id) VALUES (?)", arguments: [id])
  }

  private func announced(_ number: Int) async throws {
    let outbox = outbox
    try await service.write { db in
      try insert(number, db)
      try outbox.append(SampleEvents.event(number), in: db)
    }
  }

  private func found() async throws -> [String] {
    try await audit.report(limit: 10).findings.map { "\($0.table) \($0.operation)" }
  }

  @Test func whatHasItsEventIsNotFound() async throws {
    for number in 1...3 { try await announced(number) }
    let outbox = outbox
    try await service.write { db in
      try db.execute(sql: "UPDATE orders SET state = 'paid'")
      try insert(7, into: "carts", db)
      try db.execute(sql: "DELETE FROM orders")
      try outbox.append(SampleEvents.event(9), in: db)
    }
    let report = try await audit.report(limit: 10)
    #expect(report.isClean, "\(report)")
    #expect(report.tables.map(\.name) == ["carts", "orders"])
    #expect(report.tables.map(\.since) == [5, 5])
  }

  @Test func whatHasNoneIsFoundAmongThoseThatHave() async throws {
    try await announced(1)
    try await service.write { try $0.execute(sql: "UPDATE orders SET state = 'x'") }
    try await announced(2)
    // Its number of changes is small; that of the service is not.
    try await other.write { try insert(1, into: "carts", $0) }
    try await announced(3)
    #expect(try await found() == ["carts INSERT", "orders UPDATE"])
    let report = try await audit.report(limit: 1)
    #expect(report.findings.count == 1 && report.tables.map(\.bypasses) == [1, 1])
    #expect(try await audit.prune(before: .max) == 2)
    #expect(try await audit.report(limit: 10).isClean)
  }

  @Test func aBulkChangeIsOneNote() async throws {
    try await announced(0)
    try await service.write { db in
      for id in 1...500 { try insert(id, db) }
      try db.execute(sql: "UPDATE orders SET state = 'x'")
    }
    let notes = try await other.read {
      try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM bypass_write")
    }
    // An hour may be over in between.
    #expect((2...4).contains(notes ?? 0))
    #expect(try await found() == ["orders INSERT", "orders UPDATE"])
  }

  @Test func whatIsUndoneIsNeitherChangeNorEvent() async throws {
    try await announced(1)
    let outbox = outbox
    try? await service.write { db in
      try insert(2, db)
      throw Undone()
    }
    #expect(try await found() == [])
    try await service.write { db in
      try insert(3, db)
      try? db.inSavepoint {
        try outbox.append(SampleEvents.event(3), in: db)
        return .rollback
      }
    }
    #expect(try await found() == ["orders INSERT"])
  }

  /// The triggers cannot know that there was an event.
  @Test func anEventBeforeItsChangeIsSeenWithTheNextEvent() async throws {
    try await announced(1)
    let outbox = outbox
    try await service.write { db in
      try outbox.append(SampleEvents.event(2), in: db)
      try insert(2, db)
    }
    #expect(try await found() == ["orders INSERT"])
    try await announced(3)
    #expect(try await found() == [])
  }

  @Test func whatSomeoneAlteredIsToldAndWhatIsRemovedLeavesNothing() async throws {
    #expect(try await audit.install(["orders"], now: 6, isDryRun: false).isEmpty)
    try await service.write {
      try $0.execute(sql: "DROP TRIGGER strangler_bypass_update_orders")
    }
    #expect(try await audit.report(limit: 10).tables.map(\.state) == [.watched, .altered])
    _ = try await audit.install(["orders"], now: 6, isDryRun: false)
    #expect(try await audit.report(limit: 10).isClean)
    try await service.write { try $0.execute(sql: "DROP TABLE carts") }
    #expect(try await audit.report(limit: 10).tables.map(\.state) == [.missing, .watched])
    _ = try await audit.remove(["orders"], isDryRun: false)
    try await announced(1)
    _ = try await audit.remove([], isDryRun: false)
    let left = try await other.read {
      try String.fetchAll(
        $0,
        sql: """
          SELECT name FROM sqlite_master WHERE name LIKE '%bypass%'
          """)
    }
    #expect(left.isEmpty)
    try await announced(2)
    let error = await #expect(throws: MessageStoreError.self) {
      try await audit.report(limit: 10)
    }
    #expect(error?.code == .missingTables)
  }

  @Test(arguments: ["nowhere", "outbox", "sqlite_sequence"])
  func whatCannotBeWatchedIsRefused(_ table: String) async throws {
    let error = await #expect(throws: MessageStoreError.self) {
      try await audit.install([table], now: 6, isDryRun: false)
    }
    #expect(error?.code == .unsupported)
  }
}
