// SPDX-License-Identifier: Apache-2.0

import MessageRelay
import MessageStoreSQLite
import MessagingConformance
import MessagingTestSupport
import Synchronization
import Testing
import TransactionalMessaging

/// A relay with a publisher that takes many messages at once.
@Suite(.timeLimit(.minutes(1)))
struct BatchPublisherTests {
  /// Settles from the last message to the first; says nothing of what hangs until it is cancelled.
  private final class Reversed: BatchPublisher {
    let batches = Mutex<[[String]]>([])
    private let failures: [String: PublishFailure]
    private let hanging: Set<String>

    init(failures: [String: PublishFailure] = [:], hanging: Set<String> = []) {
      self.failures = failures
      self.hanging = hanging
    }

    func publish(_ message: BrokerMessage) async throws(PublishFailure) {
      throw .unavailable("one by one")
    }

    func publish(
      _ messages: [BrokerMessage], settle: @escaping @Sendable (Int, PublishFailure?) -> Void
    ) async {
      batches.withLock { $0.append(messages.map(\.key)) }
      let open = messages.indices.filter { hanging.contains(messages[$0].key) }
      for place in messages.indices.reversed() where !open.contains(place) {
        settle(place, failures[messages[place].key])
      }
      if !open.isEmpty { await WakeSignal().wait(after: 0) }
      for place in open { settle(place, .unavailable("cancelled")) }
    }
  }

  /// - Parameter timeout: in milliseconds of the world's clock, which runs as fast as it can.
  private func relay(
    _ world: MessagingWorld, to publisher: any MessagePublisher, timeout: Int64 = 1 << 50,
    until isDone: @escaping @Sendable (Relay) -> Bool
  ) async throws -> RelayStatus {
    var configuration = MessagingWorld.configuration
    configuration.publishTimeout = timeout
    let relay = Relay(
      store: SQLiteRelayStore(world.producer), broker: publisher, configuration: configuration,
      clock: world.clock, seed: 1, logger: world.logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await relay.run() }
      await world.clock.advance { isDone(relay) }
      tasks.cancelAll()
      try await tasks.waitForAll()
    }
    return relay.status
  }

  @Test func givesItOneOfEachAggregateAtATime() async throws {
    let world = try MessagingWorld()
    let aggregates = ["a", "b", "c", "d"]
    try await world.append(1...40, aggregates: aggregates)
    let publisher = Reversed()
    let status = try await relay(world, to: publisher) { $0.status.cursor == 40 }
    #expect(status.acknowledged == 40 && status.rejected == 0)
    let batches = publisher.batches.withLock { $0 }
    #expect(batches.allSatisfy { Set($0).count == $0.count })
    #expect(batches.joined().count == 40)
    // Far fewer than there are events: that is what it is for.
    #expect(batches.count < 30)
  }

  @Test func aRejectedMessageParksItsAggregateAlone() async throws {
    let world = try MessagingWorld()
    try await world.append(1...12, aggregates: ["a", "b", "c"])
    let status = try await relay(
      world, to: Reversed(failures: ["b": .rejected("no")])
    ) { $0.status.cursor == 12 && $0.status.parkedAggregates == 1 }
    #expect(status.acknowledged == 8)
    let parked = try await SQLiteRelayStore(world.producer).parked(relay: "default")
    #expect(parked.map(\.aggregate.id) == ["b"])
    #expect(parked.first?.firstSequence == 1)
  }

  @Test func anUnavailableBrokerMovesNoCursorPastWhatItDidNotTake() async throws {
    let world = try MessagingWorld()
    // The first is of b, the second of c.
    try await world.append(1...6, aggregates: ["a", "b", "c"])
    let status = try await relay(
      world, to: Reversed(failures: ["c": .unavailable("down")])
    ) { $0.status.outage != nil && $0.status.cursor == 1 }
    #expect(status.parkedAggregates == 0)
  }

  @Test func whatIsNotSettledInTimeIsCancelledAndHoldsItsAggregateOnly() async throws {
    let world = try MessagingWorld()
    try await world.append(1...4, aggregates: ["b", "a"])
    let status = try await relay(world, to: Reversed(hanging: ["a"]), timeout: 100_000) {
      $0.status.parkedAggregates == 1
    }
    #expect(status.acknowledged == 2)
    let parked = try await SQLiteRelayStore(world.producer).parked(relay: "default")
    #expect(parked.map(\.aggregate.id) == ["a"])
    #expect(parked.first?.lastError.contains("not confirmed within 100000 ms") == true)
  }

  @Test func aRelayThatIsCancelledDoesNotWaitForIt() async throws {
    let world = try MessagingWorld()
    try await world.append(1...2, aggregates: ["a"])
    let publisher = Reversed(hanging: ["a"])
    let status = try await relay(world, to: publisher) { _ in
      !publisher.batches.withLock(\.isEmpty)
    }
    #expect(status.acknowledged == 0 && status.cursor == 0)
  }
}
