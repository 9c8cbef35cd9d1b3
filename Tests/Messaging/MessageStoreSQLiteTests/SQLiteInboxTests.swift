// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageStoreSQLite
import MessagingConformance
import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct SQLiteInboxTests {
  private struct Broken: Error {}

  private let database: DatabaseQueue

  init() throws {
    database = try DatabaseQueue()
    try SQLiteMessageTables.install(in: database)
    try database.write { try $0.execute(sql: "CREATE TABLE effect (id TEXT NOT NULL)") }
  }

  private func effects() throws -> [String] {
    try database.read { try String.fetchAll($0, sql: "SELECT id FROM effect ORDER BY rowid") }
  }

  @Test(arguments: InboxConformance.allCases)
  func conforms(_ conformance: InboxConformance) async throws {
    let (database, inbox) = (database, SQLiteInbox(consumer: "c"))
    try await conformance.check(
      InboxUnderTest(
        bound: { policy, failing in
          SQLiteInbox(consumer: "c", policy: policy).bound(to: database) { event, db in
            try db.execute(sql: "INSERT INTO effect (id) VALUES (?)", arguments: [event.event.id])
            if failing(event) { throw Broken() }
          }
        },
        effects: { try effects() },
        parked: { try await database.read { try inbox.parked(in: $0) } },
        replay: { key in try await database.write { try inbox.replay(key, in: $0) } },
        skip: { key in try await database.write { try inbox.skip(key, in: $0) } },
        prune: { time in try await database.write { try inbox.prune(seenBefore: time, in: $0) } }))
  }

  @Test func aCrashBeforeCommitLeavesNothing() async throws {
    let inbox = SQLiteInbox(consumer: "c")
    let event = ReceivedEvent(version: 1, event: SampleEvents.event(1))
    await #expect(throws: CancellationError.self) {
      try await inbox.handle(event, now: 0, in: database) { db in
        try db.execute(sql: "INSERT INTO effect (id) VALUES ('half')")
        throw CancellationError()
      }
    }
    #expect(try effects().isEmpty)
    let outcome = try await inbox.handle(event, now: 0, in: database) { _ in }
    #expect(outcome == .applied(unblocks: false))
  }
}
