// SPDX-License-Identifier: Apache-2.0

import MessagingConformance
import Synchronization
package import TransactionalMessaging

/// What tests of brokers have in common, whichever server carries the messages.
package protocol BrokerTesting {}

extension BrokerTesting {
  package static var topic: String { BrokerConformance.topic }

  package static func message(
    _ number: Int, key: String = "k", payload: [UInt8]? = nil
  ) -> BrokerMessage {
    BrokerMessage(
      topic: topic, key: key, headers: ["id": SampleEvents.id(number), "number": "\(number)"],
      payload: payload ?? Array("\(number)".utf8))
  }

  /// What a publication comes to.
  package static func failure(
    of message: BrokerMessage, to broker: any MessageBroker
  ) async -> PublishFailure? {
    do throws(PublishFailure) {
      try await broker.publish(message)
      return nil
    } catch {
      return error
    }
  }

  /// Publishes, and again while the broker is unavailable, as a relay does.
  package static func publish(_ message: BrokerMessage, to broker: any MessageBroker) async throws {
    while let failure = await failure(of: message, to: broker) {
      guard case .unavailable = failure else { throw failure }
      try Task.checkCancellation()
      await Task.yield()
    }
  }
}

/// What a group has seen, in order.
package final class Deliveries: Sendable {
  private let messages = Mutex<[BrokerMessage]>([])
  private let changed = WakeSignal()

  package init() {}

  package var all: [BrokerMessage] { messages.withLock { $0 } }
  package var numbers: [String] { all.map { $0.headers["number"] ?? "?" } }

  /// - Returns: how many there are now.
  @discardableResult
  package func add(_ message: BrokerMessage) -> Int {
    let count = messages.withLock { messages in
      messages.append(message)
      return messages.count
    }
    changed.raise()
    return count
  }

  package func wait(for count: Int) async { await wait { $0.count >= count } }

  package func wait(until condition: ([BrokerMessage]) -> Bool) async {
    while !Task.isCancelled {
      let generation = changed.generation
      if condition(all) { return }
      await changed.wait(after: generation)
    }
  }
}

/// Runs a consumer while the body runs.
package func consuming<Value>(
  _ broker: any MessageBroker, group: String = "one", concurrency: Int = 4,
  handler: @escaping @Sendable (BrokerMessage) async -> Disposition,
  body: () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask {
      try await broker.consume(group: group, concurrency: concurrency, handler: handler)
    }
    let value = try await body()
    tasks.cancelAll()
    try await tasks.waitForAll()
    return value
  }
}
