// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import MessageStoreSQLite
import MessagingTestSupport
import Testing
import TransactionalMessaging

#if PostgreSQL
  import MessageStorePostgreSQL
  import ServerPrograms
#endif

/// An event whose effects kill the process, each time that it is delivered to the next one.
@Suite(.timeLimit(.minutes(2)))
struct DeadlyEventTests {
  private static let deadly = "deadly"

  @Test func anEventThatKillsItsConsumerIsADeadLetterAfterItsLimit() async throws {
    let folder = try TemporaryFolder()
    #expect(try await deaths(in: folder.path("")) == InboxPolicy().crashes)
    let consumer = try DatabaseQueue(path: folder.path("consumer.sqlite"))
    let (parked, effects, marks) = try await consumer.read { db in
      (
        try SQLiteInbox(consumer: "effects").parked(in: db),
        try String.fetchAll(db, sql: "SELECT id FROM effect"),
        try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM inbox_attempt")
      )
    }
    check(parked, effects)
    #expect(marks == 0)
  }

  #if PostgreSQL
    @Test func anEventThatKillsItsConsumerIsADeadLetterInPostgreSQL() async throws {
      let server = try await PostgreSQLProgram.start()
      #expect(try await deaths(in: server.address) == InboxPolicy().crashes)
      let database = try PostgreSQLDatabase(server.address)
      check(
        try await database.transaction {
          try await PostgreSQLInbox(consumer: "effects").parked(in: $0)
        },
        try await database.query("SELECT id FROM effect").compactMap { $0.text(0) })
      let marks = try await database.query("SELECT count(*) FROM inbox_attempt").first?.integer(0)
      #expect(marks == 0)
      database.close()
      await server.stop()
    }
  #endif

  /// How many processes die before one has done all that can be done.
  private func deaths(in place: String) async throws -> Int {
    var deaths = 0
    while true {
      let child = try KilledProcess("messaging-crash-child", place, "deadly")
      let status = await child.end()
      if status == 0 { return deaths }
      #expect(status == SIGKILL)
      deaths += 1
      guard deaths < 40 else { return deaths }
    }
  }

  /// It waits for an operator with what is behind it, and nobody else has anything of it, though
  /// whatever was under way beside it died with it.
  private func check(_ parked: [ParkedEvent], _ effects: [String]) {
    #expect(parked.map(\.received.event.aggregateID) == [Self.deadly, Self.deadly])
    #expect(parked.map(\.state) == [.dead, .waiting])
    #expect(parked.first?.attempts == InboxPolicy().crashes)
    #expect(parked.first?.lastError.hasPrefix("the process ended 10 times") == true)
    #expect(effects.count == 20 && Set(effects).count == 20)
  }
}
