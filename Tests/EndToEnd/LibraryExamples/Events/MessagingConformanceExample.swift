// SPDX-License-Identifier: Apache-2.0

// snippet.show
import MessageRelay
import MessagingConformance
import Synchronization
import TransactionalMessaging

/// A broker of one's own: it counts what is published over another one.
final class CountingBroker: MessageBroker {
  private let base: any MessageBroker
  private let count = Mutex(0)

  init(_ base: any MessageBroker) { self.base = base }

  var published: Int { count.withLock { $0 } }

  var features: BrokerFeatures { base.features }

  func publish(_ message: BrokerMessage) async throws(PublishFailure) {
    try await base.publish(message)
    count.withLock { $0 += 1 }
  }

  func consume(
    group: String, concurrency: Int,
    handler: nonisolated(nonsending) @escaping @Sendable (BrokerMessage) async -> Disposition
  ) async throws {
    try await base.consume(group: group, concurrency: concurrency, handler: handler)
  }
}

/// Checks it as every broker of this package is checked, each time a new one.
func checkCountingBroker() async throws {
  let topics: Set = [BrokerConformance.topic]
  for conformance in BrokerConformance.allCases {
    let base = InProcessBroker(
      groups: [.init("one", topics: topics), .init("two", topics: topics)])
    try await conformance.check(CountingBroker(base))
  }
}
// snippet.hide
