// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  import MessageBrokerRabbitMQ
  import MessagingTestSupport
  import ServerPrograms
  import Testing
  import TransactionalMessaging

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

      /// The server takes connections and says at the first message that it has no room. Its queue
      /// is settled before it is killed: one that was made a moment ago would come back without a
      /// leader and confirm nothing ever.
      @Test func aFullDiskIsSaidAndNothingIsLostUntilThereIsRoom() async throws {
        let server = try await RabbitMQProgram.start()
        defer { server.end() }
        let world = try BrokerWorld {
          $0.server.addresses = [server.address]
          $0.groups = [.init("one", topics: [BrokerWorld.topic])]
          $0.creation = .init()
        }
        defer { world.broker.close() }
        let chain = try OutboxChain()
        func restart(needing freeDisk: String) async throws {
          server.need(freeDisk: freeDisk)
          await server.kill()
          try await server.restart()
        }
        let rejected = try await chain.run(
          over: world.broker, logger: BrokerWorld.logger,
          outage: { try await restart(needing: "100000GB") },
          saying: "takes no messages at the moment",
          ends: { try await restart(needing: RabbitMQProgram.littleDisk) })
        #expect(rejected == 0)
        #expect(try await chain.effects() == chain.expected)
      }
    }
  }
#endif
