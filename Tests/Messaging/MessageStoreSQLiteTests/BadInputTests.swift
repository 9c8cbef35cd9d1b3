// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageStoreSQLite
import MessagingConformance
import MessagingTestSupport
import Testing
import TransactionalMessaging

/// Files that are full, altered, or none of ours.
@Suite(.timeLimit(.minutes(1)))
struct BadInputTests {
  private let folder: TemporaryFolder
  private let database: DatabasePool

  init() throws {
    folder = try TemporaryFolder()
    database = try DatabasePool(path: folder.path("shop.sqlite"))
    try SQLiteMessageTables.install(in: database)
    try database.write { try $0.execute(sql: "CREATE TABLE orders (id INTEGER, note BLOB)") }
  }

  /// The file may not grow any more, as on a disk that is full.
  private func fill() throws {
    try database.writeWithoutTransaction { db in
      let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      try db.execute(sql: "PRAGMA max_page_count = \(pages)")
    }
  }

  private func makeRoom() throws {
    try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 100000") }
  }

  private func change() throws {
    try database.write { db in
      try db.execute(sql: "INSERT INTO orders (id) VALUES (1)")
      var event = SampleEvents.event(1)
      event.payload = [UInt8](repeating: 1, count: 60_000)
      try SQLiteOutbox().append(event, in: db)
    }
  }

  @Test func aFullDiskIsSaidAndNothingIsStored() throws {
    try fill()
    let error = #expect(throws: DatabaseError.self) { try change() }
    #expect(error?.resultCode == .SQLITE_FULL)
    #expect(error?.description.contains("full") == true)
    #expect(try database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM orders") } == 0)
    try makeRoom()
    try change()
    let versions = try database.read {
      try Int.fetchAll($0, sql: "SELECT aggregateversion FROM outbox")
    }
    #expect(versions == [1])
  }

  @Test func aFullDiskAtTheConsumersIsNoFailureOfTheEvent() async throws {
    let inbox = SQLiteInbox(consumer: "c", policy: InboxPolicy(attempts: 1))
    let event = ReceivedEvent(version: 1, event: SampleEvents.event(1))
    @Sendable func effects(_ db: Database) throws {
      try db.execute(
        sql: "INSERT INTO orders (id, note) VALUES (1, zeroblob(60000))")
    }
    try fill()
    for _ in 0..<3 {
      let error = await #expect(throws: DatabaseError.self) {
        try await inbox.handle(event, now: 0, in: database, effects: effects)
      }
      #expect(error?.resultCode == .SQLITE_FULL)
    }
    try makeRoom()
    let next = SQLiteInbox(consumer: "c", policy: InboxPolicy(attempts: 1))
    let outcome = try await next.handle(event, now: 0, in: database, effects: effects)
    #expect(outcome == .applied(unblocks: false))
  }

  @Test func anAlteredTableIsNamedAndNothingIsStored() async throws {
    try await database.write { try $0.execute(sql: "ALTER TABLE outbox DROP COLUMN tenant") }
    let error = #expect(throws: DatabaseError.self) { try change() }
    #expect(error?.message?.contains("tenant") == true)
    #expect(
      try await database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM orders") } == 0)
    let store = SQLiteRelayStore(database)
    let position = try await store.acquire(
      LeaseRequest(relay: "r", owner: "o", now: 0, until: 9))
    let cursor = try #require(position?.cursor)
    let reading = await #expect(throws: DatabaseError.self) {
      try await store.events(after: cursor, limit: PageLimit(events: 1))
    }
    #expect(reading?.message?.contains("tenant") == true)
  }

  /// A setting that was lowered for a mark is what it was, whatever became of the delivery.
  @Test func marksLeaveDurabilityAsItWas() async throws {
    let inbox = SQLiteInbox(consumer: "c")
    for number in 1...2 {
      let event = ReceivedEvent(version: Int64(number), event: SampleEvents.event(number))
      let delivery = Task {
        try await inbox.handle(event, now: 0, in: database) { _ in }
      }
      if number == 2 { delivery.cancel() }
      _ = await delivery.result
      let level = try await database.writeWithoutTransaction {
        try Int.fetchOne($0, sql: "PRAGMA synchronous")
      }
      #expect(level == 2)
    }
    let marks = try await database.read {
      try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM inbox_attempt")
    }
    #expect(marks == 0)
  }
}
