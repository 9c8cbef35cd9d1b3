// SPDX-License-Identifier: Apache-2.0

#if NATS
  import MessageBrokerNATS
  import MessagingConformance
  import Testing

  @Suite(.timeLimit(.minutes(1)))
  struct BrokerConformanceTests {
    @Test(arguments: BrokerConformance.allCases)
    func jetStream(_ conformance: BrokerConformance) async throws {
      let world = try await BrokerWorld()
      defer { world.broker.close() }
      try await conformance.check(world.broker)
    }
  }
#endif
