// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageStoreSQLite
import MessagingConformance
import Testing
import TransactionalMessaging

/// What an operator does to a relay, and how the outbox stays small.
@Suite(.timeLimit(.minutes(1)))
struct RelayOperationTests {
  private let database: DatabaseQueue
  private let store: SQLiteRelayStore
  private let key = AggregateKey(type: "order", id: "a")

  init() throws {
    database = try DatabaseQueue()
    try SQLiteMessageTables.install(in: database)
    store = SQLiteRelayStore(database)
  }

  /// Six events of two aggregates, all passed by the relay, aggregate `a` parked at sequence 2.
  private func prepare() async throws -> RelayLease {
    try await database.write { db in
      for event in SampleEvents.events(6, aggregates: ["a", "b"]) {
        try SQLiteOutbox().append(event, in: db)
      }
    }
    let request = LeaseRequest(relay: "r", owner: "o", now: 0, until: 100)
    let lease = try #require(try await store.acquire(request)).lease
    try await store.save(
      RelayProgress(
        lease: lease, leaseUntil: 100, cursor: 6,
        parked: [
          ParkedAggregate(
            aggregate: key, firstSequence: 2, attempts: 3, nextAt: 50, lastError: "no",
            fingerprint: "f", state: .dead)
        ]))
    return lease
  }

  @Test func replayMakesTheRunningRelayLookAgain() async throws {
    let lease = try await prepare()
    #expect(try await store.replay(key, relay: "r"))
    let parked = try await store.parked(relay: "r")
    #expect(parked.map(\.state) == [.retrying])
    #expect(parked.map(\.attempts) == [0])
    await #expect(throws: RelayFenced.self) {
      try await store.save(RelayProgress(lease: lease, leaseUntil: 100, cursor: 6))
    }
  }

  @Test func skipGivesUpTheFirstEventOnly() async throws {
    _ = try await prepare()
    #expect(try await store.skip(key, relay: "r"))
    let parked = try #require(try await store.parked(relay: "r").first)
    let left = try await store.events(
      of: key, from: parked.firstSequence, through: 6, limit: PageLimit(events: 10))
    #expect(left.events.map(\.sequence) == [4, 6])
    // What was given up is no event any more: the next one is the fourth.
    #expect(try await store.skip(key, relay: "r"))
    #expect(try await store.parked(relay: "r").map(\.firstSequence) == [5])
  }

  @Test func whatIsNotParkedCannotBeReplayed() async throws {
    _ = try await prepare()
    #expect(try await !store.replay(AggregateKey(type: "order", id: "b"), relay: "r"))
  }

  @Test func pruningLeavesNoHoleInAnAggregate() async throws {
    try await database.write { db in
      for (number, time) in [(1, 100), (2, 50), (3, 200)] as [(Int, Int64)] {
        var event = SampleEvents.event(number)
        event.occurredAt = time
        try SQLiteOutbox().append(event, in: db)
      }
    }
    let request = LeaseRequest(relay: "r", owner: "o", now: 0, until: 100)
    let lease = try #require(try await store.acquire(request)).lease
    try await store.save(RelayProgress(lease: lease, leaseUntil: 100, cursor: 3))
    // The second happened before the first, by its own word.
    #expect(try await store.prune(occurredBefore: 80) == 0)
    #expect(try await store.prune(occurredBefore: 150) == 2)
    #expect(try await OutboxOperator(SQLiteOperatorDatabase(database)).verify().isEmpty)
  }

  @Test func pruningKeepsWhatAnyRelayStillNeeds() async throws {
    #expect(try await store.prune(occurredBefore: .max) == 0)
    _ = try await prepare()
    #expect(try await store.prune(occurredBefore: 0) == 0)
    #expect(try await store.prune(occurredBefore: .max, limit: 2) == 2)
    #expect(try await store.prune(occurredBefore: .max) == 1)
    let left = try await store.events(after: 0, limit: PageLimit(events: 10))
    #expect(left.events.map(\.sequence) == [2, 4, 6])
    let request = LeaseRequest(relay: "behind", owner: "o", now: 0, until: 100)
    _ = try await store.acquire(request)
    try await store.save(
      RelayProgress(
        lease: RelayLease(relay: "behind", owner: "o", epoch: 1), leaseUntil: 100, cursor: 0))
    #expect(try await store.skip(key, relay: "r"))
    #expect(try await store.prune(occurredBefore: .max) == 0)
  }
}
