// SPDX-License-Identifier: Apache-2.0

#if NATS
  import MessageBrokerNATS
  import MessagingTestSupport
  import ServerPrograms
  import Testing
  import TransactionalMessaging

  /// A server that is not there, dies or stands still: what publishers hear, and what the stream
  /// has in the end.
  @Suite(.timeLimit(.minutes(1)))
  struct ServerFailureTests {
    private typealias World = BrokerWorld

    @Test func `no server is named, with what to do, and waited out`() async throws {
      let world = try await World()
      defer { world.broker.close() }
      await world.server.kill()
      let failure = await World.failure(of: World.message(1), to: world.broker)
      #expect(
        failure?.isUnavailable(
          "no NATS server answers at \(world.server.address)", "start it, or correct the address")
          == true, "\(String(describing: failure))")
      let error = await #expect(throws: BrokerError.self) { try await world.broker.check() }
      #expect(error?.code == .connection)
      #expect(world.broker.status.published == 0)
      try await world.server.restart()
      try await World.publish(World.message(1), to: world.broker)
      let stream = try await StreamAdministrator(NATSServer([world.server.address]))
      #expect(try await stream.numbers() == ["1"])
    }

    /// Whatever was confirmed is there after the kill; whatever was not is published again.
    @Test func `a server that is killed under load keeps what it confirmed`() async throws {
      let world = try await World()
      defer { world.broker.close() }
      let confirmed = Deliveries()
      let isBack = WakeSignal()
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for writer in 0..<8 {
          tasks.addTask {
            // Until the server is back, and then a while.
            var (number, left) = (writer * 1_000_000, 20)
            while left > 0 {
              if isBack.generation > 0 { left -= 1 }
              number += 1
              let message = World.message(number, key: "\(writer)")
              try await World.publish(message, to: world.broker)
              confirmed.add(message)
            }
          }
        }
        await confirmed.wait(for: 200)
        await world.server.kill()
        try await world.server.restart()
        isBack.raise()
        try await tasks.waitForAll()
      }
      let stream = try await StreamAdministrator(NATSServer([world.server.address]))
      let numbers = try await stream.numbers()
      #expect(Set(numbers) == Set(confirmed.numbers))
      #expect(numbers.count == confirmed.numbers.count, "the server dropped what came twice")
      #expect(world.broker.status.connections > 1)
    }

    @Test func `a server that stands still is told of and forgives`() async throws {
      let world = try await World { $0.server.answering = 300 }
      defer { world.broker.close() }
      try await world.broker.publish(World.message(1))
      world.server.freeze()
      // The signal is on its way while the next ones go through.
      var last = 1
      var failure: PublishFailure?
      while failure == nil {
        last += 1
        failure = await World.failure(of: World.message(last), to: world.broker)
      }
      #expect(
        failure?.isUnavailable("did not answer in time", "stopped, or overloaded") == true,
        "\(String(describing: failure))")
      #expect(world.broker.status.published == last - 1)
      world.server.thaw()
      for number in last...(last + 1) {
        try await World.publish(World.message(number), to: world.broker)
      }
      let stream = try await StreamAdministrator(NATSServer([world.server.address]))
      #expect(try await stream.numbers() == (1...(last + 1)).map(String.init))
    }

    @Test func `an acknowledgement that came through late is no outage any more`() async throws {
      let world = try await World { $0.server.answering = 300 }
      defer { world.broker.close() }
      try await world.broker.publish(World.message(1))
      let (isHandled, mayEnd) = (WakeSignal(), WakeSignal())
      try await consuming(world.broker) { _ in
        isHandled.raise()
        await mayEnd.wait(after: 0)
        return .acknowledge
      } body: {
        await isHandled.wait(after: 0)
        world.server.freeze()
        // The signal is on its way while the next ones go through.
        var last = 1
        repeat {
          last += 1
        } while await World.failure(of: World.message(last), to: world.broker) == nil
        mayEnd.raise()
        while world.broker.status.outage?.contains("an acknowledgement") != true {
          try Task.checkCancellation()
          await Task.yield()
        }
        world.server.thaw()
        while world.broker.status.acknowledged == 0 {
          try Task.checkCancellation()
          await Task.yield()
        }
        #expect(world.broker.status.outage == nil)
      }
    }

    /// More than sockets hold: nobody may wait for ever behind the write that blocks, and what was
    /// half written must not be taken for a message.
    @Test func `a server that stops reading holds nobody for long`() async throws {
      let world = try await World { $0.server.answering = 1_000 }
      defer { world.broker.close() }
      try await world.broker.check()
      world.server.freeze()
      let payload = [UInt8](repeating: UInt8(ascii: "x"), count: 200_000)
      let failures = await withTaskGroup(of: PublishFailure?.self) { tasks in
        for number in 1...100 {
          tasks.addTask {
            await World.failure(of: World.message(number, payload: payload), to: world.broker)
          }
        }
        return await tasks.reduce(into: []) { $0.append($1) }
      }
      #expect(failures.allSatisfy { $0?.isUnavailable() == true }, "\(failures)")
      world.server.thaw()
      for number in 1...100 {
        try await World.publish(World.message(number, payload: payload), to: world.broker)
      }
      let stream = try await StreamAdministrator(NATSServer([world.server.address]))
      let numbers = try await stream.numbers()
      #expect(Set(numbers) == Set((1...100).map(String.init)) && numbers.count == 100)
    }

    @Test func `a server without JetStream is told of`() async throws {
      let world = try await World(NATSProgram.Settings(jetStream: false))
      defer { world.broker.close() }
      let error = await #expect(throws: BrokerError.self) { try await world.broker.check() }
      #expect(error?.code == .unsuitable && error?.message.contains("-js") == true)
    }
  }

  extension PublishFailure {
    /// Whether the broker as a whole takes nothing, for a reason with these words.
    func isUnavailable(_ words: String...) -> Bool {
      guard case .unavailable(let reason) = self else { return false }
      return words.allSatisfy(reason.contains)
    }

    /// Whether it is about this message, for a reason with these words.
    func isRejected(_ words: String...) -> Bool {
      guard case .rejected(let reason) = self else { return false }
      return words.allSatisfy(reason.contains)
    }
  }
#endif
