// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageRelay
import MessageStoreSQLite
import MessagingConformance
import MessagingTestSupport
import ServiceLifecycle
import ServiceLifecycleTestKit
import Synchronization
import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct RelayServiceTests {
  private let aggregates = ["a", "b", "c"]

  /// Runs relay and consumer until `count` effects are there, then shuts them down gracefully.
  private func run(
    _ world: MessagingWorld, store: (any RelayStore)? = nil, capacity: Int = 64, effects count: Int,
    while body: @Sendable @escaping () async throws -> Void = {}
  ) async throws -> RelayStatus {
    let broker = world.broker(capacity: capacity)
    let relay = Relay(
      store: store ?? SQLiteRelayStore(world.producer), broker: broker,
      signal: world.outbox.signal, configuration: MessagingWorld.configuration,
      clock: world.clock, seed: 1, logger: world.logger)
    let consumer = Consumer(
      broker: broker, inbox: world.inbox(), clock: world.clock, logger: world.logger)
    try await testGracefulShutdown { trigger in
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await relay.run() }
        tasks.addTask { try await consumer.run() }
        try await body()
        try await world.clock.advance { try await world.countEffects() >= count }
        trigger.triggerGracefulShutdown()
        try await tasks.waitForAll()
      }
    }
    return relay.status
  }

  @Test func deliversEverythingInOrder() async throws {
    let world = try MessagingWorld()
    try await world.append(1...60, aggregates: aggregates)
    let status = try await run(world, effects: 120) {
      try await world.append(61...120, aggregates: aggregates)
    }
    #expect(
      try await world.effects() == MessagingWorld.expected(1...120, aggregates: aggregates))
    #expect(status.acknowledged >= 120)
    #expect(status.rejected == 0)
  }

  @Test func aRowThatWasChangedByHandParksAlone() async throws {
    let world = try MessagingWorld()
    try await world.append(1...6, aggregates: ["a", "b"])
    try await world.producer.write {
      try $0.execute(sql: "UPDATE outbox SET headers = '[1]' WHERE seq = 1")
    }
    let status = try await run(world, effects: 3)
    #expect(status.rejected >= 1 && status.parkedAggregates == 1)
    #expect(try await world.effects().keys.sorted() == ["a"])
  }

  @Test func aQueueOfOneHoldsPublishersBack() async throws {
    let world = try MessagingWorld()
    try await world.append(1...60, aggregates: aggregates)
    _ = try await run(world, capacity: 1, effects: 60)
    #expect(try await world.effects() == MessagingWorld.expected(1...60, aggregates: aggregates))
  }

  @Test func givesItsLeaseBackOnShutdown() async throws {
    let world = try MessagingWorld()
    try await world.append(1...3, aggregates: aggregates)
    _ = try await run(world, effects: 3)
    let owner = try await world.producer.read {
      try String.fetchOne($0, sql: "SELECT owner FROM relay_shard")
    }
    #expect(owner == nil)
    let cursor = try await world.producer.read {
      try Int.fetchOne($0, sql: "SELECT done_seq FROM relay_shard")
    }
    #expect(cursor == 3)
  }

  @Test(arguments: 1...8, [false, true])
  func survivesAFailureOfEachStoreCall(call: Int, afterEffect: Bool) async throws {
    let world = try MessagingWorld()
    try await world.append(1...12, aggregates: aggregates)
    let store = FaultyRelayStore(
      SQLiteRelayStore(world.producer), failingCall: call, afterEffect: afterEffect)
    _ = try await run(world, store: store, effects: 24) {
      await world.clock.advance { store.hasFailed }
      try await world.append(13...24, aggregates: aggregates)
    }
    #expect(store.hasFailed)
    #expect(try await world.effects() == MessagingWorld.expected(1...24, aggregates: aggregates))
  }

  @Test func anUnconfirmedEventHoldsItsAggregateOnly() async throws {
    let world = try MessagingWorld()
    try await world.append(1...4, aggregates: ["b", "a"])
    let published = Mutex<[String]>([])
    let hung = WakeSignal()
    let broker = ScriptedBroker { message in
      if message.key == "a" {
        await hung.wait(after: 0)
        return .unavailable("cancelled")
      }
      published.withLock { $0.append(message.headers["id"] ?? "") }
      return nil
    }
    var configuration = MessagingWorld.configuration
    configuration.publishTimeout = 1_000
    let relay = Relay(
      store: SQLiteRelayStore(world.producer), broker: broker, configuration: configuration,
      clock: world.clock, seed: 1, logger: world.logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await relay.run() }
      // The clock may run into the deadline of the first batch before it is through.
      await world.clock.advance {
        relay.status.parkedAggregates == 1 && published.withLock { $0.count } == 2
      }
      tasks.cancelAll()
      try await tasks.waitForAll()
    }
    #expect(published.withLock { $0 } == [2, 4].map(SampleEvents.id))
    let parked = try await SQLiteRelayStore(world.producer).parked(relay: "default")
    #expect(parked.map(\.aggregate.id) == ["a"])
    #expect(parked.first?.lastError.contains("not confirmed within 1000 ms") == true)
  }

  @Test func aSecondRelayTakesOverWhenTheFirstIsGone() async throws {
    let world = try MessagingWorld()
    var configuration = MessagingWorld.configuration
    configuration.lease = 5_000
    let seen = Mutex<[String]>([])
    let broker = ScriptedBroker { message in
      seen.withLock { $0.append(message.headers["id"] ?? "") }
      return nil
    }
    func relay(_ owner: String) -> Relay {
      Relay(
        store: SQLiteRelayStore(world.producer), broker: broker, configuration: configuration,
        owner: owner, clock: world.clock, seed: 1, logger: world.logger)
    }
    let (first, second) = (relay("first"), relay("second"))
    try await world.append(1...2, aggregates: ["a"])
    let gone = Task { try await first.run() }
    await world.clock.advance { first.status.cursor == 2 }
    gone.cancel()
    try await gone.value
    try await world.append(3...4, aggregates: ["a"])
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await second.run() }
      await world.clock.advance { second.status.cursor == 4 }
      tasks.cancelAll()
      try await tasks.waitForAll()
    }
    #expect(seen.withLock { $0 } == (1...4).map(SampleEvents.id))
  }

  @Test func saysWhyItWaitsAndForgetsIt() async throws {
    let world = try MessagingWorld()
    try await world.append(1...1, aggregates: ["a"])
    let isDown = Mutex(true)
    let broker = ScriptedBroker { _ in isDown.withLock { $0 } ? .unavailable("down") : nil }
    let relay = Relay(
      store: SQLiteRelayStore(world.producer), broker: broker,
      configuration: MessagingWorld.configuration, clock: world.clock, seed: 1,
      logger: world.logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await relay.run() }
      await world.clock.advance { relay.status.outage == "down" }
      #expect(relay.status.cursor == 0)
      isDown.withLock { $0 = false }
      await world.clock.advance { relay.status.cursor == 1 }
      #expect(relay.status.outage == nil)
      tasks.cancelAll()
      try await tasks.waitForAll()
    }
  }

  @Test func publishingNeedsAConsumerInEachGroup() async throws {
    let world = try MessagingWorld()
    let broker = world.broker()
    let message = BrokerMessage(topic: MessagingWorld.topic, key: "a", headers: [:], payload: [])
    await #expect(throws: PublishFailure.unavailable("group effects has no consumer attached")) {
      try await broker.publish(message)
    }
    try await broker.publish(BrokerMessage(topic: "other", key: "a", headers: [:], payload: []))
  }

  @Test func aMessageThatIsNoEventIsKept() async throws {
    let world = try MessagingWorld()
    let broker = world.broker()
    let consumer = Consumer(
      broker: broker, inbox: world.inbox(), clock: world.clock, logger: world.logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await consumer.run() }
      let publisher = Task {
        while consumer.status.malformed < 2 {
          try? await broker.publish(
            BrokerMessage(topic: MessagingWorld.topic, key: "a", headers: [:], payload: []))
        }
      }
      await world.clock.advance(by: 500) { consumer.status.malformed >= 2 }
      tasks.cancelAll()
      try await tasks.waitForAll()
      await publisher.value
    }
    #expect(consumer.status.applied == 0)
  }
}
