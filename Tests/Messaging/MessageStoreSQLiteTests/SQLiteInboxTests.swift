// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageStoreSQLite
import MessagingTestSupport
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

  private func received(_ version: Int, number: Int? = nil) -> ReceivedEvent {
    ReceivedEvent(version: Int64(version), event: SampleEvents.event(number ?? version))
  }

  private func effects() throws -> [String] {
    try database.read { try String.fetchAll($0, sql: "SELECT id FROM effect ORDER BY rowid") }
  }

  private func bound(
    _ inbox: SQLiteInbox, failing: @escaping @Sendable (ReceivedEvent) -> Bool = { _ in false }
  ) -> some EventInbox {
    inbox.bound(to: database) { event, db in
      try db.execute(sql: "INSERT INTO effect (id) VALUES (?)", arguments: [event.event.id])
      if failing(event) { throw Broken() }
    }
  }

  @Test func appliesEachVersionOnce() async throws {
    let inbox = bound(SQLiteInbox(consumer: "c"))
    #expect(try await inbox.receive(received(1), now: 0) == .applied(unblocks: false))
    #expect(try await inbox.receive(received(1), now: 0) == .duplicate)
    #expect(try await inbox.receive(received(2), now: 0) == .applied(unblocks: false))
    #expect(try await inbox.receive(received(1), now: 0) == .duplicate)
    #expect(try effects() == [1, 2].map(SampleEvents.id))
  }

  @Test func recognisesDuplicatesAfterPruning() async throws {
    let inbox = SQLiteInbox(consumer: "c")
    _ = try await bound(inbox).receive(received(1), now: 5)
    let pruned = try await database.write { try inbox.prune(seenBefore: 6, in: $0) }
    #expect(pruned == 1)
    #expect(try await bound(inbox).receive(received(1), now: 7) == .duplicate)
    #expect(try effects().count == 1)
  }

  @Test func anIDSeenUnderAnotherVersionHasNoEffectTwice() async throws {
    let inbox = bound(SQLiteInbox(consumer: "c"))
    _ = try await inbox.receive(received(1), now: 0)
    _ = try await inbox.receive(received(2, number: 1), now: 0)
    #expect(try effects() == [SampleEvents.id(1)])
    #expect(try await inbox.receive(received(3), now: 0) == .applied(unblocks: false))
  }

  @Test func keepsWhatArrivesBeforeItsTurn() async throws {
    let inbox = bound(SQLiteInbox(consumer: "c"))
    #expect(try await inbox.receive(received(3), now: 0) == .waiting)
    #expect(try await inbox.receive(received(2), now: 0) == .waiting)
    #expect(try await inbox.receive(received(2), now: 0) == .waiting)
    #expect(try await inbox.retryParked(now: 1, limit: 10).tried == 0)
    #expect(try await inbox.receive(received(1), now: 0) == .applied(unblocks: true))
    while try await inbox.retryParked(now: 1, limit: 10).tried > 0 {}
    #expect(try effects() == [1, 2, 3].map(SampleEvents.id))
  }

  @Test func aFailedEventHoldsItsAggregateOnly() async throws {
    let policy = InboxPolicy(attempts: 2, retry: Backoff(first: 100, most: 100))
    let inbox = SQLiteInbox(consumer: "c", policy: policy)
    let failing = bound(inbox) { $0.version == 1 && $0.event.aggregateID == "a" }
    guard case .failed(_, let nextAt?) = try await failing.receive(received(1), now: 0) else {
      Issue.record("the first failure must be tried again")
      return
    }
    #expect((50...100).contains(nextAt))
    #expect(try await failing.receive(received(2), now: 0) == .waiting)
    let other = ReceivedEvent(version: 1, event: SampleEvents.event(9, aggregate: "b"))
    #expect(try await failing.receive(other, now: 0) == .applied(unblocks: false))
    #expect(try effects() == [SampleEvents.id(9)])

    #expect(try await failing.retryParked(now: nextAt, limit: 10).tried == 1)
    let states = try await database.read { try inbox.parked(in: $0).map(\.state) }
    #expect(states == [.dead, .waiting])
    #expect(try await failing.retryParked(now: nextAt * 100, limit: 10).tried == 0)

    let healthy = bound(inbox)
    let aggregate = AggregateKey(type: "order", id: "a")
    #expect(try await database.write { try inbox.replay(aggregate, in: $0) })
    while try await healthy.retryParked(now: 1_000, limit: 10).tried > 0 {}
    #expect(try effects() == [9, 1, 2].map(SampleEvents.id))
  }

  @Test func skippingGivesUpOneVersion() async throws {
    let inbox = SQLiteInbox(consumer: "c")
    _ = try await bound(inbox).receive(received(2), now: 0)
    let aggregate = AggregateKey(type: "order", id: "a")
    #expect(try await database.write { try inbox.skip(aggregate, in: $0) } == 1)
    #expect(try await database.write { try inbox.skip(aggregate, in: $0) } == nil)
    #expect(try await bound(inbox).retryParked(now: 1, limit: 10).tried == 1)
    #expect(try effects() == [SampleEvents.id(2)])
    #expect(try await database.write { try inbox.skip(aggregate, in: $0) } == nil)
    #expect(try await bound(inbox).receive(received(3), now: 2) == .applied(unblocks: false))
  }

  @Test func joinsARunningStreamWhenAskedTo() async throws {
    let inbox = SQLiteInbox(consumer: "c", policy: InboxPolicy(start: .firstSeen))
    let failing = bound(inbox) { _ in true }
    guard case .failed(_, let nextAt?) = try await failing.receive(received(7), now: 0) else {
      Issue.record("the first seen version must be tried")
      return
    }
    #expect(try await bound(inbox).retryParked(now: nextAt, limit: 10).tried == 1)
    #expect(try await bound(inbox).receive(received(8), now: 0) == .applied(unblocks: false))
    #expect(try effects() == [7, 8].map(SampleEvents.id))
  }

  @Test func refusesMoreParkedEventsThanItsLimit() async throws {
    let inbox = bound(SQLiteInbox(consumer: "c", policy: InboxPolicy(parkedEvents: 2)))
    _ = try await inbox.receive(received(3), now: 0)
    _ = try await inbox.receive(received(4), now: 0)
    await #expect(throws: InboxFull.self) { try await inbox.receive(received(5), now: 0) }
    #expect(try await inbox.receive(received(4), now: 0) == .waiting)
  }

  @Test func aCrashBeforeCommitLeavesNothing() async throws {
    let inbox = SQLiteInbox(consumer: "c")
    await #expect(throws: CancellationError.self) {
      try await inbox.handle(received(1), now: 0, in: database) { db in
        try db.execute(sql: "INSERT INTO effect (id) VALUES ('half')")
        throw CancellationError()
      }
    }
    #expect(try effects().isEmpty)
    #expect(try await bound(inbox).receive(received(1), now: 0) == .applied(unblocks: false))
  }
}
