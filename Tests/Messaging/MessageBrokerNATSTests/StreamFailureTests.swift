// SPDX-License-Identifier: Apache-2.0

#if NATS
  import MessageBrokerNATS
  import MessagingTestSupport
  import ServerPrograms
  import Testing
  import TransactionalMessaging

  /// Streams that are missing, full or unfit, and messages that no stream takes.
  @Suite(.timeLimit(.minutes(1)))
  struct StreamFailureTests {
    private typealias World = BrokerWorld

    /// A server with a stream as an administrator made it, and a broker that makes none.
    private func world(
      _ settings: [String: Any]?, server: NATSProgram.Settings = NATSProgram.Settings(),
      configure: (inout NATSBrokerConfiguration) -> Void = { _ in }
    ) async throws -> (world: World, stream: StreamAdministrator) {
      let world = try await World(server) {
        $0.creation = nil
        configure(&$0)
      }
      let stream = try await StreamAdministrator(NATSServer([world.server.address]))
      if let settings { try await stream.make(settings) }
      return (world, stream)
    }

    @Test func `a stream that is missing is named and may come later`() async throws {
      let (world, stream) = try await world(nil)
      defer { world.broker.close() }
      let error = await #expect(throws: BrokerError.self) { try await world.broker.check() }
      #expect(error?.code == .missing)
      #expect(error?.message == "there is no stream EVENTS: create it, or let it be created")
      let failure = await World.failure(of: World.message(1), to: world.broker)
      #expect(failure?.isUnavailable("there is no stream EVENTS") == true)
      try await stream.make()
      try await World.publish(World.message(1), to: world.broker)
      #expect(try await stream.numbers() == ["1"])
    }

    @Test func `a stream that somebody deletes stops publishers until it is back`() async throws {
      let (world, stream) = try await world([:])
      defer { world.broker.close() }
      try await world.broker.publish(World.message(1))
      try await stream.delete()
      for _ in 0..<2 {
        let failure = await World.failure(of: World.message(2), to: world.broker)
        #expect(
          failure?.isUnavailable("no stream", "create") == true, "\(String(describing: failure))")
      }
      #expect(world.broker.status.published == 1)
      try await stream.make()
      try await World.publish(World.message(2), to: world.broker)
      #expect(try await stream.numbers() == ["2"])
      #expect(world.broker.status.connections == 1)
    }

    @Test func `a deleted stream is made again where that is allowed`() async throws {
      let world = try await World()
      defer { world.broker.close() }
      try await world.broker.publish(World.message(1))
      let stream = try await StreamAdministrator(NATSServer([world.server.address]))
      try await stream.delete()
      try await World.publish(World.message(2), to: world.broker)
      #expect(try await stream.numbers() == ["2"])
    }

    @Test(arguments: [("max_msgs", 3, 5), ("max_bytes", 1_000, 4_000)])
    func `a full stream refuses, says so, and goes on with room`(
      limit: String, small: Int, large: Int
    ) async throws {
      let (world, stream) = try await world([limit: small])
      defer { world.broker.close() }
      let payload = [UInt8](repeating: UInt8(ascii: "x"), count: limit == "max_bytes" ? 100 : 1)
      var stored = 0
      var failure: PublishFailure?
      while failure == nil {
        failure = await World.failure(
          of: World.message(stored + 1, payload: payload), to: world.broker)
        if failure == nil { stored += 1 }
      }
      #expect(
        failure?.isUnavailable("stream EVENTS is full", "raise its limits") == true,
        "\(String(describing: failure))")
      #expect(stored >= 2 && world.broker.status.published == stored)
      let confirmed = (1...stored).map(String.init)
      #expect(try await stream.numbers() == confirmed, "a full stream dropped what it had")
      try await stream.make([limit: large], changing: true)
      try await World.publish(World.message(stored + 1, payload: payload), to: world.broker)
      #expect(try await stream.numbers() == confirmed + ["\(stored + 1)"])
    }

    @Test(
      arguments: [
        (["storage": "memory"], "keeps messages in memory"),
        (["no_ack": true], "confirms nothing (no_ack)"),
        (["duplicate_window": 1_000_000_000], "for 1000 ms (duplicate_window), and 60000 ms"),
      ] as [([String: any Sendable], String)])
    func `a stream that would lose or double events is refused`(
      settings: [String: any Sendable], complaint: String
    ) async throws {
      let (world, _) = try await world(settings) { $0.leastDuplicates = 60_000 }
      defer { world.broker.close() }
      let error = await #expect(throws: BrokerError.self) { try await world.broker.check() }
      #expect(error?.code == .unsuitable && error?.message.contains(complaint) == true)
      let failure = await World.failure(of: World.message(1), to: world.broker)
      #expect(failure?.isUnavailable("stream EVENTS", "change it or name another") == true)
    }

    /// It would be tried for ever, and what follows in its lane would wait as long.
    @Test func `a message that no dead letter can hold is named by one`() async throws {
      let world = try await World(NATSProgram.Settings(maxPayload: 1_024))
      defer { world.broker.close() }
      let large = World.message(1, payload: [UInt8](repeating: UInt8(ascii: "x"), count: 700))
      try await world.broker.publish(large)
      try await world.broker.publish(World.message(2))
      let seen = Deliveries()
      try await consuming(world.broker) { message in
        seen.add(message)
        let isFirst = message.headers["number"] == "1"
        return isFirst ? .reject(String(repeating: "long ", count: 60)) : .acknowledge
      } body: {
        await seen.wait { $0.contains { $0.headers["number"] == "2" } }
      }
      #expect(world.broker.status.deadLettered == 1)
      let dead = try await StreamAdministrator(
        NATSServer([world.server.address]), stream: "EVENTS-DEAD")
      #expect(try await dead.numbers() == ["1"])
    }

    /// Asked for again at once, it would be refused again at once, and nobody would hear of it.
    @Test func `a consumer that refuses every request is told of, and not pressed`() async throws {
      let (world, stream) = try await world([:])
      defer { world.broker.close() }
      try await stream.makeConsumer("one", ["max_batch": 4])
      try await consuming(world.broker) { _ in
        .acknowledge
      } body: {
        while world.broker.status.outage?.contains("Exceeded MaxRequestBatch of 4") != true {
          try Task.checkCancellation()
          await Task.yield()
        }
        #expect(world.broker.status.outage?.contains("no limits for requests") == true)
      }
    }

    /// Also at the border, where it is the headers that make it too large: the server would end
    /// the connection of whoever sends it.
    @Test func `a message that is too large for the server is refused alone`() async throws {
      let (world, stream) = try await world([:], server: .init(maxPayload: 1_024))
      defer { world.broker.close() }
      let failure = await World.failure(
        of: World.message(1, payload: [UInt8](repeating: 0, count: 2_000)), to: world.broker)
      #expect(
        failure?.isRejected("larger than the server takes, 1024 bytes", "payload_ref") == true,
        "\(String(describing: failure))")
      var stored: [String] = []
      for number in 1...40 {
        let message = World.message(
          number, payload: [UInt8](repeating: UInt8(ascii: "x"), count: 640 + number * 10))
        switch await World.failure(of: message, to: world.broker) {
        case nil: stored.append("\(number)")
        case let failure?: #expect(failure.isRejected("larger"), "\(number): \(failure)")
        }
      }
      #expect(stored.count > 5 && stored.count < 40)
      #expect(try await stream.numbers() == stored)
      #expect(world.broker.status.connections == 1)
    }

    @Test func `a message that is too large for the stream is refused alone`() async throws {
      let (world, stream) = try await world(["max_msg_size": 512])
      defer { world.broker.close() }
      let failure = await World.failure(
        of: World.message(1, payload: [UInt8](repeating: 0, count: 600)), to: world.broker)
      #expect(
        failure?.isRejected("larger than stream EVENTS takes", "max_msg_size") == true,
        "\(String(describing: failure))")
      try await world.broker.publish(World.message(2))
      #expect(try await stream.numbers() == ["2"])
    }
  }
#endif
