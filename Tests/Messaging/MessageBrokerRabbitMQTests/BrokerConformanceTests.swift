// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  import MessageBrokerRabbitMQ
  import MessagingConformance
  import Testing

  extension RabbitMQServerTests {
    @Suite struct BrokerConformanceTests {
      @Test(arguments: BrokerConformance.allCases)
      func rabbitMQ(_ conformance: BrokerConformance) async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        try await conformance.check(world.broker)
      }
    }
  }
#endif
