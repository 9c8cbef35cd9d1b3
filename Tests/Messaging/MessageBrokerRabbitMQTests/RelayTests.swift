// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  import MessageBrokerRabbitMQ
  import MessagingTestSupport
  import ServerPrograms
  import Testing

  extension RabbitMQServerTests {
    /// From an outbox to the effects of a consumer, over RabbitMQ.
    @Suite struct RelayTests {
      @Test func everyEventTakesEffectOnceAndInOrderWhileTheServerStandsStill() async throws {
        let world = try BrokerWorld { $0.server.answering = 300 }
        defer { world.broker.close() }
        let server = try #require(ServerTrait.server)
        let chain = try OutboxChain()
        let rejected = try await chain.run(
          over: world.broker, logger: BrokerWorld.logger, outage: server.freeze, ends: server.thaw)
        #expect(rejected == 0)
        #expect(try await chain.effects() == chain.expected)
      }
    }
  }
#endif
