// SPDX-License-Identifier: Apache-2.0

#if Kafka
  import KafkaTesting
  import MessageBrokerKafka
  import MessagingTestSupport
  import Testing

  extension KafkaClusterTests {
    /// From an outbox to the effects of a consumer, over Kafka.
    @Suite struct RelayTests {
      @Test func everyEventTakesEffectOnceAndInOrderWhileBrokersGoAndCome() async throws {
        let world = try BrokerWorld { $0.server.answering = 500 }
        defer { world.broker.close() }
        let chain = try OutboxChain()
        let rejected = try await chain.run(
          over: world.broker, logger: BrokerWorld.logger, outage: world.cluster.goDown,
          ends: world.cluster.comeUp)
        #expect(rejected == 0)
        #expect(try await chain.effects() == chain.expected)
      }
    }
  }
#endif
