// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import MessagingTestSupport
import Testing
import TransactionalMessaging

#if PostgreSQL
  import MessageStorePostgreSQL
  import ServerPrograms
#endif

/// Kills a real process that appends, relays and consumes, again and again, with SIGKILL.
@Suite(.timeLimit(.minutes(2)))
struct KilledProcessTests {
  private static let program = "messaging-crash-child"

  @Test func killingTheProcessLosesNothing() async throws {
    let folder = try TemporaryFolder()
    let seed = UInt64.random(in: 0...UInt64(UInt32.max))
    try await kill(50, in: folder.path(""), seed: seed)
    let producer = try DatabaseQueue(path: folder.path("producer.sqlite"))
    let consumer = try DatabaseQueue(path: folder.path("consumer.sqlite"))
    check(
      committed: try rows(producer, "SELECT aggregate, id FROM business ORDER BY rowid"),
      events: try rows(producer, "SELECT aggregateid, id FROM outbox ORDER BY seq"),
      effects: try rows(consumer, "SELECT aggregate, id FROM effect ORDER BY rowid"),
      seed: seed)
  }

  private func rows(_ database: DatabaseQueue, _ sql: String) throws -> [(String, String)] {
    try database.read { try Row.fetchAll($0, sql: sql).map { ($0[0], $0[1]) } }
  }

  #if PostgreSQL
    /// The server goes on while its clients die: transactions of dead processes hold locks until
    /// it notices.
    @Test func killingTheProcessLosesNothingInPostgreSQL() async throws {
      let server = try await PostgreSQLProgram.start()
      let seed = UInt64.random(in: 0...UInt64(UInt32.max))
      try await kill(12, in: server.address, seed: seed)
      let database = try PostgreSQLDatabase(server.address)
      func rows(_ sql: String) async throws -> [(String, String)] {
        try await database.query(sql).map { ($0.text(0) ?? "", $0.text(1) ?? "") }
      }
      check(
        committed: try await rows("SELECT aggregate, id FROM business ORDER BY n"),
        events: try await rows("SELECT aggregateid, id FROM outbox ORDER BY seq"),
        effects: try await rows("SELECT aggregate, id FROM effect ORDER BY n"), seed: seed)
      // Not always 1: a transaction that was undone or killed gives its number to nobody.
      let first = try #require(
        try await database.query("SELECT min(seq) FROM outbox").first?.integer(0))
      database.close()
      try await requireANewBeginning(server, first: first)
      await server.stop()
    }

    /// A server that was restarted, or one that took its place, may have lost transactions that a
    /// relay has seen. What it still has is there at once: no snapshot of a server that takes
    /// connections waits for what it did before, or does for itself.
    private func requireANewBeginning(
      _ server: PostgreSQLProgram, first: Int64
    ) async throws {
      let store = try PostgreSQLRelayStore(server.address)
      let request = LeaseRequest(relay: "new", owner: "o", now: 0, until: 1)
      let before = try #require(try await store.acquire(request))
      await server.stop()
      try await server.restart()
      await #expect(throws: MessageStoreError.self) {
        try await store.events(after: before.cursor, limit: PageLimit(events: 1))
      }
      await #expect(throws: RelayFenced.self) {
        try await store.save(
          RelayProgress(lease: before.lease, leaseUntil: 2, cursor: before.cursor))
      }
      let after = try #require(try await store.acquire(request))
      let page = try await store.events(after: after.cursor, limit: PageLimit(events: 1))
      #expect(page.events.map(\.sequence) == [first])
      #expect(page.truncated)
      store.close()
    }
  #endif

  private func kill(_ times: Int, in place: String, seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<times {
      let child = try KilledProcess(Self.program, place, "work", "\(random.next())")
      // The pipe holds few lines, so the child runs about as far as it is read: the moment of the
      // kill is a line, not a time.
      #expect(await child.read(Int.random(in: 1...90, using: &random)))
      #expect(await child.killed() == .uncaughtSignal)
    }
    let drain = try KilledProcess(Self.program, place, "drain")
    #expect(await drain.end() == 0)
  }

  private func check(
    committed: [(String, String)], events: [(String, String)], effects: [(String, String)],
    seed: UInt64
  ) {
    func grouped(_ rows: [(String, String)]) -> [String: [String]] {
      Dictionary(rows.map { ($0, [$1]) }, uniquingKeysWith: +)
    }
    #expect(grouped(events) == grouped(committed), "seed \(seed): rows and events differ")
    #expect(
      grouped(effects) == grouped(committed),
      "seed \(seed): effects are lost, doubled or out of order")
    #expect(committed.count > 20, "seed \(seed): too little happened")
  }
}
