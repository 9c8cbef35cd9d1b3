// SPDX-License-Identifier: Apache-2.0

import Synchronization
public import TransactionalMessaging

/// What every broker must do: one with two groups, `one` and `two`, that both read the topic
/// `outbox.event.order`.
public enum BrokerConformance: String, CaseIterable, Sendable {
  /// Each group receives each message.
  case everyGroupReceivesEachMessage
  /// Messages of one key keep their order.
  case keepsOrderWithinAKey
  /// What was not consumed comes again before what follows.
  case redeliversBeforeLaterMessagesOfTheKey
  /// What a consumer had not consumed when it ended, the next one of its group receives.
  case survivesTheEndOfAConsumer
  /// What a group refused for ever does not come again, and what follows it comes.
  case refusedMessagesDoNotComeAgain
  /// What a group consumed does not come again because it had not consumed something before it.
  case settlesEachMessageByItself
  /// Where many messages are taken at once, each of them is settled once and delivered.
  case settlesEachMessageOfABatch
  /// A second message of the same id is not delivered.
  case dropsSecondPublications
  /// A group that nobody declared cannot be consumed.
  case unknownGroupIsAnError

  /// The topic that both groups read.
  public static let topic = "outbox.event.order"

  /// Checks what the broker's features promise; a promise that is not made is not checked.
  ///
  /// - Throws: `ConformanceFailure`, or the broker's error.
  public func check(_ broker: any MessageBroker) async throws {
    switch self {
    case .keepsOrderWithinAKey where broker.features.order != .perKey,
      .redeliversBeforeLaterMessagesOfTheKey where broker.features.order != .perKey:
      return
    case .dropsSecondPublications where !broker.features.deduplicates: return
    // Where publishers wait for consumers, theirs is what comes again.
    case .settlesEachMessageByItself
    where !broker.features.settlesSingly || broker.features.publishAwaitsConsumers:
      return
    case .survivesTheEndOfAConsumer: try await Self.survives(broker)
    case .refusedMessagesDoNotComeAgain: try await Self.refuses(broker)
    case .settlesEachMessageByItself: try await Self.settlesSingly(broker)
    case .settlesEachMessageOfABatch:
      guard let publisher = broker as? any BatchPublisher else { return }
      try await Self.settlesBatch(publisher, broker)
    case .dropsSecondPublications: try await Self.dropsSecond(broker)
    case .everyGroupReceivesEachMessage: try await Self.everyGroupReceives(broker)
    case .keepsOrderWithinAKey: try await Self.keepsOrder(broker)
    case .redeliversBeforeLaterMessagesOfTheKey: try await Self.redelivers(broker)
    case .unknownGroupIsAnError: try await Self.unknownGroup(broker)
    }
  }

  /// What a group has seen, by key.
  private final class Seen: Sendable {
    private let deliveries = Mutex<[String: [String]]>([:])
    private let changed = WakeSignal()

    func add(_ message: BrokerMessage) -> Int {
      let count = deliveries.withLock { deliveries in
        deliveries[message.key, default: []].append(message.headers["number"] ?? "?")
        return deliveries[message.key]?.count ?? 0
      }
      changed.raise()
      return count
    }

    var byKey: [String: [String]] { deliveries.withLock { $0 } }

    func wait(for total: Int) async {
      while !Task.isCancelled {
        let generation = changed.generation
        if byKey.values.reduce(0, { $0 + $1.count }) >= total { return }
        await changed.wait(after: generation)
      }
    }
  }

  private static func message(_ number: Int, key: String) -> BrokerMessage {
    BrokerMessage(
      topic: topic, key: key, headers: ["id": SampleEvents.id(number), "number": "\(number)"],
      payload: Array("\(number)".utf8))
  }

  /// Publishes each key's messages in order, keys in parallel; tries again while unavailable, as a
  /// relay does.
  private static func publish(_ numbers: [Int], keys: Int, to broker: any MessageBroker)
    async throws
  {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for key in 0..<keys {
        tasks.addTask {
          for number in numbers where number % keys == key {
            try await publish(message(number, key: "k\(key)"), to: broker)
          }
        }
      }
      try await tasks.waitForAll()
    }
  }

  private static func publish(
    _ message: BrokerMessage, to broker: any MessageBroker
  ) async throws(PublishFailure) {
    while true {
      do throws(PublishFailure) {
        return try await broker.publish(message)
      } catch {
        guard case .unavailable = error, !Task.isCancelled else { throw error }
        await Task.yield()
      }
    }
  }

  private static func everyGroupReceives(_ broker: any MessageBroker) async throws {
    let (one, two) = (Seen(), Seen())
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for (name, seen) in [("one", one), ("two", two)] {
        tasks.addTask {
          try await broker.consume(group: name, concurrency: 4) { message in
            _ = seen.add(message)
            return .acknowledge
          }
        }
      }
      try await publish(Array(1...40), keys: 4, to: broker)
      await one.wait(for: 40)
      await two.wait(for: 40)
      tasks.cancelAll()
    }
    try require(one.byKey.values.joined().count == 40, "group one saw \(one.byKey)")
    try require(one.byKey == two.byKey, "one saw \(one.byKey), two saw \(two.byKey)")
  }

  private static func settlesBatch(
    _ publisher: any BatchPublisher, _ broker: any MessageBroker
  ) async throws {
    let seen = Seen()
    let settled = Mutex<[Int: [PublishFailure?]]>([:])
    await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        try await broker.consume(group: "one", concurrency: 4) { message in
          _ = seen.add(message)
          return .acknowledge
        }
      }
      let messages = (0..<100).map { message($0 + 1, key: "k\($0)") }
      await publisher.publish(messages) { place, failure in
        settled.withLock { $0[place, default: []].append(failure) }
      }
      await seen.wait(for: 100)
      tasks.cancelAll()
    }
    let outcomes = settled.withLock { $0 }
    try require(
      Set(outcomes.keys) == Set(0..<100) && outcomes.values.allSatisfy { $0 == [nil] },
      "settled were \(outcomes)")
    try require(
      seen.byKey == Dictionary(uniqueKeysWithValues: (0..<100).map { ("k\($0)", ["\($0 + 1)"]) }),
      "delivered were \(seen.byKey)")
  }

  private static func keepsOrder(_ broker: any MessageBroker) async throws {
    let seen = Seen()
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        try await broker.consume(group: "one", concurrency: 8) { message in
          await Task.yield()
          _ = seen.add(message)
          return .acknowledge
        }
      }
      tasks.addTask { try await broker.consume(group: "two", concurrency: 1) { _ in .acknowledge } }
      try await publish(Array(0..<300), keys: 5, to: broker)
      await seen.wait(for: 300)
      tasks.cancelAll()
    }
    for key in 0..<5 {
      let expected = (0..<300).filter { $0 % 5 == key }.map(String.init)
      let got = seen.byKey["k\(key)"] ?? []
      try require(got == expected, "key k\(key) saw \(got)")
    }
  }

  private static func redelivers(_ broker: any MessageBroker) async throws {
    let seen = Seen()
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        try await broker.consume(group: "one", concurrency: 2) { message in
          seen.add(message) <= 2 ? .redeliver(afterMilliseconds: 1) : .acknowledge
        }
      }
      tasks.addTask { try await broker.consume(group: "two", concurrency: 1) { _ in .acknowledge } }
      try await publish([0, 1, 2], keys: 1, to: broker)
      await seen.wait(for: 5)
      tasks.cancelAll()
    }
    try require(seen.byKey["k0"] == ["0", "0", "0", "1", "2"], "saw \(seen.byKey)")
  }

  private static func survives(_ broker: any MessageBroker) async throws {
    let (first, second) = (Seen(), Seen())
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await broker.consume(group: "two", concurrency: 1) { _ in .acknowledge } }
      tasks.addTask { try await publish([0, 1, 2], keys: 1, to: broker) }
      try await withThrowingTaskGroup(of: Void.self) { ended in
        ended.addTask {
          try await broker.consume(group: "one", concurrency: 2) { message in
            _ = first.add(message)
            // Until the consumer ends; it says that nothing came of it.
            await WakeSignal().wait(after: 0)
            return .redeliver(afterMilliseconds: 1)
          }
        }
        await first.wait(for: 1)
        ended.cancelAll()
        try await ended.waitForAll()
      }
      tasks.addTask {
        try await broker.consume(group: "one", concurrency: 2) { message in
          _ = second.add(message)
          return .acknowledge
        }
      }
      await second.wait(for: 3)
      tasks.cancelAll()
    }
    try require(second.byKey["k0"] == ["0", "1", "2"], "saw \(second.byKey)")
  }

  private static func settlesSingly(_ broker: any MessageBroker) async throws {
    let (first, second) = (Seen(), Seen())
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await broker.consume(group: "two", concurrency: 1) { _ in .acknowledge } }
      try await publish([0, 1, 3], keys: 2, to: broker)
      try await withThrowingTaskGroup(of: Void.self) { ended in
        ended.addTask {
          try await broker.consume(group: "one", concurrency: 2) { message in
            _ = first.add(message)
            return message.key == "k0" ? .redeliver(afterMilliseconds: 60_000) : .acknowledge
          }
        }
        await first.wait(for: 3)
        ended.cancelAll()
        try await ended.waitForAll()
      }
      tasks.addTask {
        try await broker.consume(group: "one", concurrency: 2) { message in
          _ = second.add(message)
          return .acknowledge
        }
      }
      try await publish([5], keys: 2, to: broker)
      await second.wait(for: 2)
      tasks.cancelAll()
    }
    try require(second.byKey == ["k0": ["0"], "k1": ["5"]], "saw \(second.byKey)")
  }

  private static func refuses(_ broker: any MessageBroker) async throws {
    let seen = Seen()
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        try await broker.consume(group: "one", concurrency: 2) { message in
          _ = seen.add(message)
          return message.headers["number"] == "1" ? .reject("it is no event") : .acknowledge
        }
      }
      tasks.addTask { try await broker.consume(group: "two", concurrency: 1) { _ in .acknowledge } }
      for number in 0...2 {
        do throws(PublishFailure) {
          try await publish(message(number, key: "k0"), to: broker)
        } catch {
          // Who waits for consumers hears of it.
          try require(number == 1 && broker.features.publishAwaitsConsumers, "\(error)")
        }
      }
      await seen.wait(for: 3)
      tasks.cancelAll()
    }
    let numbers = seen.byKey["k0"] ?? []
    // The first one comes again where the other group was not there yet.
    var distinct: [String] = []
    for number in numbers where !distinct.contains(number) { distinct.append(number) }
    try require(
      distinct == ["0", "1", "2"] && numbers.count { $0 == "1" } == 1, "saw \(seen.byKey)")
  }

  private static func dropsSecond(_ broker: any MessageBroker) async throws {
    let seen = Seen()
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        try await broker.consume(group: "one", concurrency: 1) { message in
          _ = seen.add(message)
          return .acknowledge
        }
      }
      try await publish([0, 0, 1], keys: 1, to: broker)
      await seen.wait(for: 2)
      tasks.cancelAll()
    }
    try require(seen.byKey["k0"] == ["0", "1"], "saw \(seen.byKey)")
  }

  private static func unknownGroup(_ broker: any MessageBroker) async throws {
    do {
      try await broker.consume(group: "nobody", concurrency: 1) { _ in .acknowledge }
      throw ConformanceFailure(description: "an unknown group was consumed")
    } catch let failure as ConsumeFailure {
      try require(failure.description.contains("nobody"), "\(failure)")
    }
  }
}
