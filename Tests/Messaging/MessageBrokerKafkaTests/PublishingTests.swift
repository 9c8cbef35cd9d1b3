// SPDX-License-Identifier: Apache-2.0

#if Kafka
  import KafkaTesting
  import MessageBrokerKafka
  import MessagingTestSupport
  import Testing
  import TransactionalMessaging

  extension KafkaClusterTests {
    @Suite struct PublishingTests {
      private func reason(
        _ message: BrokerMessage, _ world: BrokerWorld, isRejected: Bool
      ) async throws -> String {
        let failure = try #require(await BrokerWorld.failure(of: message, to: world.broker))
        let found: Bool = if case .rejected = failure { true } else { false }
        #expect(found == isRejected, "\(failure)")
        return failure.description
      }

      @Test func aTopicThatIsNotThereIsSaidAndHoldsUpNobody() async throws {
        let world = try BrokerWorld { $0.server.answering = 1_000 }
        defer { world.broker.close() }
        var message = BrokerWorld.message(1)
        message.topic = "outbox.event.nowhere"
        world.cluster.hide(message.topic)
        let reason = try await reason(message, world, isRejected: true)
        #expect(reason.contains("topic outbox.event.nowhere is not there"))
        try await world.broker.publish(BrokerWorld.message(2))
        #expect(world.broker.status.published == 1)
      }

      @Test func aMessageIsTooLargeHereOrThere() async throws {
        let world = try BrokerWorld { $0.largestMessage = 10_000 }
        defer { world.broker.close() }
        let large = BrokerWorld.message(1, payload: [UInt8](repeating: 1, count: 20_000))
        #expect(
          try await reason(large, world, isRejected: true).contains("raise its max.message.bytes"))
        world.cluster.fail(.produce, with: .messageTooLarge)
        #expect(
          try await reason(BrokerWorld.message(2), world, isRejected: true)
            .contains("raise its max.message.bytes"))
        try await world.broker.publish(BrokerWorld.message(3))
      }

      @Test func refusedAccessIsSaidAndEndsWithIt() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        world.cluster.fail(.produce, with: .topicAuthorization)
        #expect(
          try await reason(BrokerWorld.message(1), world, isRejected: false).contains("kafka-acls"))
        try await BrokerWorld.publish(BrokerWorld.message(2), to: world.broker)
        #expect(world.broker.status.connections == 2)
      }

      @Test(arguments: [MockCluster.Failure.invalidProducerEpoch, .outOfOrderSequence])
      func aProducerThatIsFencedOffIsFollowedByAnother(_ failure: MockCluster.Failure) async throws
      {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        try await world.broker.publish(BrokerWorld.message(0))
        world.cluster.fail(.produce, with: failure)
        #expect(
          try await reason(BrokerWorld.message(1), world, isRejected: false)
            .contains("fenced this producer off"))
        for number in 1...2 {
          try await BrokerWorld.publish(BrokerWorld.message(number), to: world.broker)
        }
        #expect(world.broker.status.connections == 2)
        let numbers = try await delivered(3, world)
        #expect(numbers == ["0", "1", "2"])
      }

      @Test func whatPassesIsTriedAgainAndStoredOnce() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        try await world.broker.publish(BrokerWorld.message(0))
        world.cluster.fail(.produce, with: .notEnoughReplicas, times: 2)
        try await world.broker.publish(BrokerWorld.message(1))
        world.cluster.fail(.produce, with: .disconnect)
        try await world.broker.publish(BrokerWorld.message(2))
        try await world.broker.publish(BrokerWorld.message(3))
        #expect(world.broker.status.connections == 1)
        #expect(try await delivered(4, world) == ["0", "1", "2", "3"])
      }

      @Test func aFullDiskIsWaitedOutAndSaid() async throws {
        let world = try BrokerWorld { $0.server.answering = 500 }
        defer { world.broker.close() }
        try await world.broker.publish(BrokerWorld.message(0))
        world.cluster.fail(.produce, with: .storage, times: 12)
        let reason = try await reason(BrokerWorld.message(1), world, isRejected: false)
        #expect(reason.contains("their disks full"), "\(reason)")
        try await BrokerWorld.publish(BrokerWorld.message(1), to: world.broker)
        #expect(try await delivered(2, world).suffix(1) == ["1"])
      }

      @Test func aTopicWithoutALeaderIsWaitedForAndSaid() async throws {
        let world = try BrokerWorld { $0.server.answering = 500 }
        defer { world.broker.close() }
        world.cluster.depose(BrokerWorld.topic)
        let reason = try await reason(BrokerWorld.message(1), world, isRejected: false)
        #expect(reason.contains("has no leader"))
        world.cluster.lead(BrokerWorld.topic, by: 1)
        try await BrokerWorld.publish(BrokerWorld.message(2), to: world.broker)
      }

      @Test func anOutageIsSaidAndNothingIsLostByIt() async throws {
        let world = try BrokerWorld { $0.server.answering = 500 }
        defer { world.broker.close() }
        try await world.broker.publish(BrokerWorld.message(0))
        world.cluster.goDown()
        let reason = try await reason(BrokerWorld.message(1), world, isRejected: false)
        #expect(reason.contains("no Kafka broker answers at"))
        while world.broker.status.outage == nil { await Task.yield() }
        world.cluster.comeUp()
        for number in 1...3 {
          try await BrokerWorld.publish(BrokerWorld.message(number), to: world.broker)
        }
        #expect(world.broker.status.outage == nil)
        #expect(try await delivered(4, world) == ["0", "1", "2", "3"])
      }

      @Test func whoeverIsCancelledNeedNotWait() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        try await world.broker.check()
        world.cluster.delay(milliseconds: 60_000)
        let cancelled = Task {
          await BrokerWorld.failure(of: BrokerWorld.message(1), to: world.broker)
        }
        cancelled.cancel()
        #expect("\(try #require(await cancelled.value))".contains("cancelled"))
      }

      @Test func tooManyDoNotWait() async throws {
        let world = try BrokerWorld {
          $0.inFlight = 1
          $0.waiting = 0
          $0.server.answering = 500
        }
        defer { world.broker.close() }
        try await world.broker.check()
        world.cluster.depose(BrokerWorld.topic)
        let reasons = await withTaskGroup(of: PublishFailure?.self) { tasks in
          for number in 1...2 {
            tasks.addTask {
              await BrokerWorld.failure(of: BrokerWorld.message(number), to: world.broker)
            }
          }
          return await tasks.reduce(into: []) { $0.append("\(String(describing: $1))") }
        }
        #expect(reasons.contains { $0.contains("0 publishers wait") })
        #expect(reasons.contains { $0.contains("no confirmation came") })
      }

      @Test func aBrokerThatIsClosedSaysSo() async throws {
        let world = try BrokerWorld()
        world.cluster.depose(BrokerWorld.topic)
        try await world.broker.check()
        async let failure = BrokerWorld.failure(of: BrokerWorld.message(1), to: world.broker)
        world.broker.close()
        #expect("\(try #require(await failure))".contains("closed"))
        let later = await BrokerWorld.failure(of: BrokerWorld.message(2), to: world.broker)
        #expect("\(try #require(later))".contains("closed"))
      }

      /// What the group reads, which is what the cluster has stored.
      private func delivered(_ count: Int, _ world: BrokerWorld) async throws -> [String] {
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message)
          return .acknowledge
        } body: {
          await seen.wait(for: count)
        }
        return seen.numbers
      }
    }
  }
#endif
