// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  import MessageBrokerRabbitMQ
  import MessagingConformance
  import MessagingTestSupport
  import ServerPrograms
  import Testing
  import TransactionalMessaging

  extension RabbitMQServerTests {
    @Suite struct PublishingTests {
      @Test func aMessageArrivesAsItWasSent() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        let sent = [
          BrokerMessage(
            topic: BrokerWorld.topic, key: "käse/1",
            headers: ["id": SampleEvents.id(1), "type": "order-placed", "note": "größer \"1\" %"],
            payload: []),
          // Several frames.
          BrokerMessage(
            topic: BrokerWorld.topic, key: "käse/1", headers: ["id": SampleEvents.id(2)],
            payload: (0..<400_000).map { UInt8(truncatingIfNeeded: $0) }),
        ]
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message)
          return .acknowledge
        } body: {
          for message in sent { try await world.broker.publish(message) }
          await seen.wait(for: 2)
        }
        #expect(seen.all == sent)
        #expect(world.broker.status.published == 2)
        #expect(world.broker.status.acknowledged == 2)
      }

      @Test func messagesHaveTheShapeThatDebeziumGivesThem() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        let event = AppendedEvent(
          sequence: 1, version: 7, event: SampleEvents.event(3, aggregate: "a-1"))
        try await world.broker.publish(BrokerMessage(event))
        let message = try await RawQueue.first("\(world.exchange).one")
        #expect(message.routingKey == "outbox.event.order")
        #expect(message.id == event.event.id)
        #expect(message.contentType == "application/json")
        #expect(message.headers["id"] == event.event.id)
        #expect(message.headers["aggregateid"] == "a-1")
        #expect(message.headers["aggregateversion"] == "7")
        #expect(message.payload == event.event.payload)
      }

      @Test func messagesCanBeCloudEvents() async throws {
        let world = try BrokerWorld { $0.cloudEventsSource = "/shop" }
        defer { world.broker.close() }
        let event = AppendedEvent(
          sequence: 1, version: 7, event: SampleEvents.event(3, aggregate: "ä 1"))
        try await world.broker.publish(BrokerMessage(event))
        let message = try await RawQueue.first("\(world.exchange).one")
        #expect(message.id == event.event.id)
        #expect(message.headers["cloudEvents_id"] == event.event.id)
        #expect(message.headers["cloudEvents_specversion"] == "1.0")
        #expect(message.headers["cloudEvents_source"] == "/shop")
        #expect(message.headers["cloudEvents_subject"] == "ä 1")
        let seen = Deliveries()
        try await consuming(world.broker, group: "two") { message in
          seen.add(message)
          return .acknowledge
        } body: {
          await seen.wait(for: 1)
        }
        let received = try ReceivedEvent(try #require(seen.all.first))
        #expect(received.event == event.event)
        #expect(received.version == 7)
      }

      @Test func aTopicThatNoQueueTakesIsAnError() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        var message = BrokerWorld.message(1)
        message.topic = "outbox.event.mail"
        guard case .rejected(let reason) = await BrokerWorld.failure(of: message, to: world.broker)
        else {
          Issue.record("it was taken")
          return
        }
        #expect(reason.contains("no queue takes the topic outbox.event.mail"))
        #expect(reason.contains("bind a queue"))
        // Nobody else suffers.
        try await world.broker.publish(BrokerWorld.message(2))
        #expect(world.broker.status.connections == 1)
      }

      @Test func aMessageThatIsTooLargeIsRefusedAlone() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        let large = BrokerWorld.message(
          0, key: "large",
          payload: [UInt8](repeating: 1, count: RabbitMQProgram.maxMessageSize + 1))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          for number in 1...50 {
            tasks.addTask {
              try await BrokerWorld.publish(
                BrokerWorld.message(number, key: "k\(number)"), to: world.broker)
            }
          }
          // It may have been sent over a channel that ends because of another's.
          tasks.addTask {
            var failure: PublishFailure?
            repeat {
              failure = await BrokerWorld.failure(of: large, to: world.broker)
            } while failure.map { if case .unavailable = $0 { true } else { false } } ?? false
            guard case .rejected(let reason) = failure else {
              Issue.record("it was taken")
              return
            }
            #expect(reason.contains("max_message_size"))
            #expect(reason.contains("1048577"))
          }
          try await tasks.waitForAll()
        }
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message)
          return .acknowledge
        } body: {
          // Some may have been sent twice.
          await seen.wait { Set($0.map(\.key)).count == 50 }
        }
        #expect(Set(seen.numbers) == Set((1...50).map(String.init)))
      }

      @Test func aFullQueueRefusesAndKeepsWhatItConfirmed() async throws {
        let world = try BrokerWorld {
          $0.groups = [.init("one", topics: [BrokerWorld.topic])]
          $0.creation = .init(maxBytes: 20_000, settling: 0)
        }
        defer { world.broker.close() }
        var confirmed = 0
        var failure: PublishFailure?
        while failure == nil, confirmed < 100 {
          let message = BrokerWorld.message(
            confirmed, payload: [UInt8](repeating: 1, count: 1_000))
          failure = await BrokerWorld.failure(of: message, to: world.broker)
          if failure == nil { confirmed += 1 }
        }
        guard case .unavailable(let reason) = failure else {
          Issue.record("\(confirmed) were confirmed, then \(String(describing: failure))")
          return
        }
        #expect(reason.contains("full"))
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message)
          return .acknowledge
        } body: { [confirmed] in
          await seen.wait(for: confirmed)
          // There is room again.
          try await BrokerWorld.publish(BrokerWorld.message(confirmed), to: world.broker)
          await seen.wait(for: confirmed + 1)
        }
        #expect(seen.numbers == (0...confirmed).map(String.init))
      }

      /// Behind a message that the server lost it would confirm none on that channel.
      @Test func confirmationsThatDoNotComeBeginANewConnection() async throws {
        let world = try BrokerWorld {
          $0.groups = [.init("one", topics: [BrokerWorld.topic])]
          $0.server.answering = 300
        }
        defer { world.broker.close() }
        try await world.broker.check()
        let server = try #require(ServerTrait.server)
        server.freeze()
        let failure = await BrokerWorld.failure(of: BrokerWorld.message(1), to: world.broker)
        server.thaw()
        #expect("\(String(describing: failure))".contains("did not confirm within 300 ms"))
        try await BrokerWorld.publish(BrokerWorld.message(2), to: world.broker)
        #expect(world.broker.status.connections == 2)
      }

      @Test func publishersWaitInLineAndNotWithoutEnd() async throws {
        let world = try BrokerWorld {
          $0.inFlight = 1
          $0.waiting = 0
          $0.server.answering = 300
        }
        defer { world.broker.close() }
        try await world.broker.check()
        let server = try #require(ServerTrait.server)
        server.freeze()
        defer { server.thaw() }
        let reasons = await withTaskGroup(of: PublishFailure?.self) { tasks in
          for number in 1...2 {
            tasks.addTask {
              await BrokerWorld.failure(of: BrokerWorld.message(number), to: world.broker)
            }
          }
          return await tasks.reduce(into: []) { $0.append("\(String(describing: $1))") }
        }
        #expect(reasons.contains { $0.contains("0 publishers wait") })
        #expect(reasons.contains { $0.contains("did not confirm within 300 ms") })
      }
    }
  }
#endif
