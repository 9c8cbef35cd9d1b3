// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageRelay
import MessageStoreSQLite
import MessagingConformance
import MessagingTestSupport
import Synchronization
import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct ConsumerTests {
  private struct Broken: Error {}

  /// Relays and consumes with an inbox whose effects first ask `before`, until `count` are applied
  /// and `retried` parked events were tried: those of a round are counted behind its last effect.
  private func run(
    _ world: MessagingWorld, effects count: Int, retried: Int = 0,
    policy: InboxPolicy = InboxPolicy(),
    before: @Sendable @escaping (ReceivedEvent) throws -> Void
  ) async throws -> ConsumerStatus {
    let broker = world.broker()
    let inbox = SQLiteInbox(consumer: "effects", policy: policy)
      .bound(to: world.consumer) { event, db in
        try db.execute(
          sql: "INSERT INTO effect (aggregate, id) VALUES (?, ?)",
          arguments: [event.event.aggregateID, event.event.id])
        try before(event)
      }
    let consumer = Consumer(
      broker: broker, inbox: inbox, clock: world.clock, logger: world.logger)
    let relay = Relay(
      store: SQLiteRelayStore(world.producer), broker: broker, signal: world.outbox.signal,
      configuration: MessagingWorld.configuration, clock: world.clock, seed: 1,
      logger: world.logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await relay.run() }
      tasks.addTask { try await consumer.run() }
      try await world.clock.advance {
        try await world.countEffects() >= count && consumer.status.retried >= retried
      }
      tasks.cancelAll()
      try await tasks.waitForAll()
    }
    return consumer.status
  }

  @Test func triesAFailedEventAgainInOrder() async throws {
    let world = try MessagingWorld()
    try await world.append(1...12, aggregates: ["a", "b"])
    let failures = Mutex(2)
    let status = try await run(world, effects: 12, retried: 2) { event in
      guard event.event.id == SampleEvents.id(4) else { return }
      try failures.withLock { failures in
        failures -= 1
        if failures >= 0 { throw Broken() }
      }
    }
    #expect(
      try await world.effects() == MessagingWorld.expected(1...12, aggregates: ["a", "b"]))
    #expect(status.failed == 1)
    #expect(status.retried >= 2)
  }

  /// Version 1 of one aggregate fails and waits; of what comes behind it the inbox takes three.
  @Test func whatTheInboxHasNoRoomForComesAgain() async throws {
    let world = try MessagingWorld()
    try await world.append(1...40, aggregates: ["a", "b"])
    let failures = Mutex(1)
    let status = try await run(world, effects: 40, policy: InboxPolicy(parkedEvents: 4)) { event in
      guard event.event.id == SampleEvents.id(1) else { return }
      try failures.withLock { failures in
        failures -= 1
        if failures >= 0 { throw Broken() }
      }
    }
    #expect(status.refused > 0 && status.outages == 0)
    #expect(
      try await world.effects() == MessagingWorld.expected(1...40, aggregates: ["a", "b"]))
  }

  @Test func theDatabasesOwnTroublesCountNoAttempt() async throws {
    let world = try MessagingWorld()
    try await world.append(1...4, aggregates: ["a"])
    let troubles = Mutex(5)
    let status = try await run(world, effects: 4, policy: InboxPolicy(attempts: 1)) { event in
      try troubles.withLock { troubles in
        troubles -= 1
        if troubles >= 0 { throw DatabaseError(resultCode: .SQLITE_FULL) }
      }
    }
    #expect(status.outages == 5)
    #expect(status.failed == 0)
    #expect(try await world.effects() == MessagingWorld.expected(1...4, aggregates: ["a"]))
  }

  /// An inbox that is at an event until its task is cancelled.
  private struct StuckInbox: EventInbox {
    let consumer = "effects"
    let isAtIt: WakeSignal

    func receive(_ event: ReceivedEvent, now: Int64) async throws -> InboxOutcome {
      isAtIt.raise()
      await WakeSignal().wait(after: 0)
      throw CancellationError()
    }

    func retryParked(now: Int64, limit: Int) async throws -> (tried: Int, nextDue: Int64?) {
      (0, nil)
    }
  }

  /// Nothing is wrong with the store: whoever looks at the counters must not think so.
  @Test func aConsumerThatIsCancelledHasNoOutage() async throws {
    let world = try MessagingWorld()
    let broker = world.broker()
    let isAtIt = WakeSignal()
    let consumer = Consumer(
      broker: broker, inbox: StuckInbox(isAtIt: isAtIt), clock: world.clock, logger: world.logger)
    let consuming = Task { try await consumer.run() }
    let publishing = Task {
      let event = AppendedEvent(sequence: 1, version: 1, event: SampleEvents.event(1))
      while !Task.isCancelled, isAtIt.generation == 0 {
        try? await broker.publish(BrokerMessage(event))
        await Task.yield()
      }
    }
    await isAtIt.wait(after: 0)
    consuming.cancel()
    _ = await consuming.result
    publishing.cancel()
    await publishing.value
    #expect(consumer.status.outages == 0 && consumer.status.lastOutage == nil)
  }
}
