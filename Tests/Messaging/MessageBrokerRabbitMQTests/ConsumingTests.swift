// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  import MessageBrokerRabbitMQ
  import MessagingTestSupport
  import ServerPrograms
  import Testing
  import TransactionalMessaging

  extension RabbitMQServerTests {
    @Suite struct ConsumingTests {
      @Test func whatIsRefusedGoesToTheDeadLettersOfItsGroup() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message) == 1 ? .reject("it is no order") : .acknowledge
        } body: {
          for number in 1...2 { try await world.broker.publish(BrokerWorld.message(number)) }
          await seen.wait(for: 2)
        }
        let dead = try await RawQueue.first("\(world.exchange).one.dead")
        #expect(dead.headers["number"] == "1")
        #expect(dead.headers["x-first-death-reason"] == "rejected")
        #expect(dead.headers["x-first-death-queue"] == "\(world.exchange).one")
        #expect(world.broker.status.deadLettered == 1)
      }

      @Test func whatCannotBeReadGoesToTheDeadLetters() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        try await world.broker.check()
        try await RawQueue.publish(
          AMQPMessage(BrokerWorld.topic, headers: ["number": "1"], payload: [1]),
          to: world.exchange)
        try await world.broker.publish(BrokerWorld.message(2))
        let seen = Deliveries()
        try await consuming(world.broker) { message in
          seen.add(message)
          return .acknowledge
        } body: {
          await seen.wait(for: 1)
        }
        #expect(seen.numbers == ["2"])
        #expect(
          try await RawQueue.first("\(world.exchange).one.dead").headers["number"] == "1")
      }

      @Test func oneProcessReadsAndAnotherTakesOverInOrder() async throws {
        let world = try BrokerWorld { $0.held = 8 }
        let other = try BrokerWorld.broker(world.exchange) { $0.held = 8 }
        defer {
          world.broker.close()
          other.close()
        }
        let (first, second) = (Deliveries(), Deliveries())
        for number in 0..<30 { try await world.broker.publish(BrokerWorld.message(number)) }
        let isSecondUp = WakeSignal()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          tasks.addTask {
            await first.wait(for: 5)
            try await other.consume(group: "one", concurrency: 4) { message in
              second.add(message)
              return .acknowledge
            }
          }
          try await consuming(world.broker) { message in
            // Goes on when the other one stands by.
            if first.add(message) == 5 { await isSecondUp.wait(after: 0) }
            if first.all.count >= 10 {
              await WakeSignal().wait(after: 0)
              return .redeliver(afterMilliseconds: 1)
            }
            return .acknowledge
          } body: {
            while other.status.connections == 0 { await Task.yield() }
            isSecondUp.raise()
            await first.wait(for: 10)
            #expect(second.all.isEmpty)
          }
          await second.wait(for: 21)
          tasks.cancelAll()
        }
        #expect(first.numbers == (0..<10).map(String.init))
        #expect(second.numbers == (9..<30).map(String.init))
      }

      /// The server does not know that it was, and sends it again.
      @Test func whatWasConsumedWhileTheConnectionWentIsNotHandledAgain() async throws {
        let world = try BrokerWorld { $0.groups = [.init("one", topics: [BrokerWorld.topic])] }
        defer { world.broker.close() }
        let server = try #require(ServerTrait.server)
        try await BrokerWorld.publish(BrokerWorld.message(1), to: world.broker)
        let (isAtIt, mayEnd, seen) = (WakeSignal(), WakeSignal(), Deliveries())
        try await consuming(world.broker) { message in
          if seen.add(message) == 1 {
            isAtIt.raise()
            await mayEnd.wait(after: 0)
          }
          return .acknowledge
        } body: {
          await isAtIt.wait(after: 0)
          server.freeze()
          while world.broker.status.outage?.contains("group one") != true { await Task.yield() }
          server.thaw()
          mayEnd.raise()
          // Of the same key, so it comes behind what comes again.
          try await BrokerWorld.publish(BrokerWorld.message(2), to: world.broker)
          await seen.wait(for: 2)
        }
        #expect(seen.numbers == ["1", "2"])
        #expect(world.broker.status.redelivered > 0)
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
    }
  }
#endif
