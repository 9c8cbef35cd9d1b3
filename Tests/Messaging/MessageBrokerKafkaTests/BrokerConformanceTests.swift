// SPDX-License-Identifier: Apache-2.0

#if Kafka
  import MessageBrokerKafka
  import MessagingConformance
  import Testing

  extension KafkaClusterTests {
    @Suite struct BrokerConformanceTests {
      @Test(arguments: BrokerConformance.allCases)
      func kafka(_ conformance: BrokerConformance) async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        try await conformance.check(world.broker)
      }
    }
  }
#endif
