// SPDX-License-Identifier: Apache-2.0

import MessageRelay
import MessagingConformance
import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct BrokerConformanceTests {
  @Test(arguments: BrokerConformance.allCases)
  func inProcess(_ conformance: BrokerConformance) async throws {
    let topics: Set = [BrokerConformance.topic]
    try await conformance.check(
      InProcessBroker(groups: [
        .init("one", topics: topics, capacity: 8), .init("two", topics: topics, capacity: 8),
      ]))
  }
}
