// SPDX-License-Identifier: Apache-2.0

#if Kafka
  import KafkaTesting
  import MessageBrokerKafka
  import MessagingTestSupport
  import Testing
  import TransactionalMessaging

  extension KafkaClusterTests {
    @Suite struct ConsumingTests {
      /// The first message of a topic, which a group of its own reads.
      private func first(of topic: String, _ world: BrokerWorld) async throws -> BrokerMessage {
        let reader = try world.another { $0.groups = [.init("reader", topics: [topic])] }
        defer { reader.close() }
        let seen = Deliveries()
        try await consuming(reader, group: "reader") { message in
          seen.add(message)
          return .acknowledge
        } body: {
          await seen.wait(for: 1)
        }
        return try #require(seen.all.first)
      }

      @Test func whatIsRefusedGoesToTheDeadLettersOfItsGroup() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message) == 1 ? .reject("it is no order") : .acknowledge
        } body: {
          for number in 1...2 { try await world.broker.publish(BrokerWorld.message(number)) }
          await seen.wait(for: 2)
          while world.broker.status.acknowledged < 2 { await Task.yield() }
        }
        let dead = try await first(of: "one.dead", world)
        #expect(dead.headers["number"] == "1")
        #expect(dead.key == "k")
        #expect(dead.headers["dead-letter-reason"] == "it is no order")
        #expect(dead.headers["dead-letter-origin"]?.hasPrefix(BrokerWorld.topic) == true)
        #expect(world.broker.status.deadLettered == 1)
      }

      @Test func whatCannotBeReadGoesToTheDeadLetters() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        let producer = try await KafkaProducer.open(world.configuration) { _ in }
        try await producer.publish(
          KafkaRecord(
            topic: BrokerWorld.topic, headers: [KafkaHeader("number", "1")], payload: [1]))
        producer.close()
        try await world.broker.publish(BrokerWorld.message(2))
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message)
          return .acknowledge
        } body: {
          await seen.wait(for: 1)
          while world.broker.status.deadLettered < 1 { await Task.yield() }
        }
        #expect(seen.numbers == ["2"])
      }

      @Test func deadLettersThatCannotBeKeptHoldTheirLane() async throws {
        let world = try BrokerWorld { $0.server.answering = 500 }
        defer { world.broker.close() }
        world.cluster.hide("one.dead")
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message) == 1 ? .reject("it is no order") : .acknowledge
        } body: {
          for number in 1...2 { try await world.broker.publish(BrokerWorld.message(number)) }
          while world.broker.status.outage?.contains("one.dead is not there") != true {
            await Task.yield()
          }
          #expect(seen.numbers == ["1"])
          world.cluster.hide("one.dead", false)
          await seen.wait(for: 2)
        }
        #expect(world.broker.status.deadLettered == 1)
      }

      /// What `features` say of it.
      @Test func messagesAreNotSettledOneByOne() async throws {
        let world = try BrokerWorld(partitions: 1)
        defer { world.broker.close() }
        #expect(!world.broker.features.settlesSingly)
        let (first, second) = (Deliveries(), Deliveries())
        try await consuming(world.broker) { message in
          first.add(message)
          return message.key == "slow" ? .redeliver(afterMilliseconds: 60_000) : .acknowledge
        } body: {
          try await world.broker.publish(BrokerWorld.message(0, key: "fast"))
          try await world.broker.publish(BrokerWorld.message(1, key: "slow"))
          try await world.broker.publish(BrokerWorld.message(2, key: "fast"))
          await first.wait(for: 3)
          while world.broker.status.acknowledged < 1 { await Task.yield() }
        }
        try await consuming(world.broker) { message in
          second.add(message)
          return .acknowledge
        } body: {
          await second.wait(for: 2)
        }
        #expect(second.numbers.sorted() == ["1", "2"])
      }

      @Test func keysGoOnBesideOneThatWaits() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message)
          return message.key == "slow" ? .redeliver(afterMilliseconds: 60_000) : .acknowledge
        } body: {
          try await world.broker.publish(BrokerWorld.message(0, key: "slow"))
          for number in 1...20 {
            try await world.broker.publish(BrokerWorld.message(number, key: "k\(number % 3)"))
          }
          await seen.wait(for: 21)
        }
        #expect(seen.numbers.filter { $0 == "0" }.count == 1)
      }

      @Test func noMoreIsHeldThanAllowed() async throws {
        let world = try BrokerWorld(partitions: 1) {
          $0.held = 4
          $0.ahead = 8
        }
        defer { world.broker.close() }
        let seen = Deliveries()
        let mayGoOn = WakeSignal()
        try await consuming(world.broker, concurrency: 8) { message in
          seen.add(message)
          if message.key == "slow" { await mayGoOn.wait(after: 0) }
          return .acknowledge
        } body: {
          try await world.broker.publish(BrokerWorld.message(0, key: "slow"))
          for number in 1...30 {
            try await world.broker.publish(BrokerWorld.message(number, key: "k\(number)"))
          }
          // The slow one and seven behind it; the rest waits for the slow one.
          await seen.wait(for: 8)
          #expect(world.broker.status.delivered == 8)
          mayGoOn.raise()
          await seen.wait(for: 31)
          while world.broker.status.acknowledged < 31 { await Task.yield() }
        }
        #expect(Set(seen.numbers).count == 31 && seen.all.count == 31)
      }

      @Test func aTopicThatIsMadeLaterIsRead() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        world.cluster.hide(BrokerWorld.topic)
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message)
          return .acknowledge
        } body: {
          while world.broker.status.outage?.contains("a topic is not there") != true {
            await Task.yield()
          }
          world.cluster.hide(BrokerWorld.topic, false)
          try await BrokerWorld.publish(BrokerWorld.message(1), to: world.broker)
          await seen.wait(for: 1)
        }
      }

      @Test func refusedAccessIsSaidAndEndsWithIt() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        world.cluster.fail(.joinGroup, with: .groupAuthorization)
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message)
          return .acknowledge
        } body: {
          while world.broker.status.outage?.contains("kafka-acls") != true { await Task.yield() }
          try await BrokerWorld.publish(BrokerWorld.message(1), to: world.broker)
          await seen.wait(for: 1)
        }
      }

      @Test func positionsThatAreRefusedAreToldAgain() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        world.cluster.fail(.offsetCommit, with: .topicAuthorization)
        try await consuming(world.broker) { _ in
          .acknowledge
        } body: {
          try await world.broker.publish(BrokerWorld.message(1))
          while world.broker.status.acknowledged < 1 { await Task.yield() }
        }
        #expect(world.broker.status.outages > 0)
      }

      @Test func anOutageIsWaitedOut() async throws {
        let world = try BrokerWorld { $0.server.answering = 500 }
        defer { world.broker.close() }
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message)
          return .acknowledge
        } body: {
          for number in 0..<10 { try await world.broker.publish(BrokerWorld.message(number)) }
          await seen.wait(for: 10)
          while world.broker.status.acknowledged < 10 { await Task.yield() }
          world.cluster.goDown()
          while world.broker.status.outage == nil { await Task.yield() }
          world.cluster.comeUp()
          for number in 10..<20 {
            try await BrokerWorld.publish(BrokerWorld.message(number), to: world.broker)
          }
          await seen.wait { $0.contains { $0.headers["number"] == "19" } }
        }
        var distinct: [String] = []
        for number in seen.numbers where !distinct.contains(number) { distinct.append(number) }
        #expect(distinct == (0..<20).map(String.init))
      }
    }
  }
#endif
