// SPDX-License-Identifier: Apache-2.0

#if NATS
  import MessageBrokerNATS
  import MessagingTestSupport
  import ServerPrograms
  import Synchronization
  import Testing
  import TransactionalMessaging

  /// Messages that go to the server together.
  @Suite(.timeLimit(.minutes(1)))
  struct BatchPublicationTests {
    private typealias World = BrokerWorld

    /// What became of each message, by its place.
    private final class Outcomes: Sendable {
      private let outcomes = Mutex<[Int: [PublishFailure?]]>([:])

      func settle(_ place: Int, _ failure: PublishFailure?) {
        outcomes.withLock { $0[place, default: []].append(failure) }
      }

      /// Nil unless each was settled once.
      func failures(of count: Int) -> [PublishFailure?]? {
        let outcomes = outcomes.withLock { $0 }
        guard outcomes.count == count, outcomes.values.allSatisfy({ $0.count == 1 }) else {
          return nil
        }
        return (0..<count).map { outcomes[$0]?.first ?? nil }
      }
    }

    @Test func `what is wrong with one message is no other's failure`() async throws {
      var settings = NATSProgram.Settings()
      settings.maxPayload = 4_096
      let world = try await World(settings)
      defer { world.broker.close() }
      var messages = (1...50).map { World.message($0) }
      messages[7].payload = [UInt8](repeating: 1, count: 8_000)
      messages[9].topic = "outbox.event.*"
      messages[11].headers["Nats-Rollup"] = "all"
      let outcomes = Outcomes()
      await world.broker.publish(messages) { outcomes.settle($0, $1) }
      let failures = try #require(outcomes.failures(of: 50))
      for (place, failure) in failures.enumerated() {
        switch (place, failure) {
        case (7, .rejected(let reason)?): #expect(reason.contains("max_payload"))
        case (9, .rejected(let reason)?): #expect(reason.contains("is no subject of NATS"))
        case (11, .rejected(let reason)?): #expect(reason.contains("header Nats-Rollup"))
        default: #expect(failure == nil && ![7, 9, 11].contains(place), "\(place)")
        }
      }
      #expect(world.broker.status.published == 47)
      // The stream has them, so it drops them now.
      let again = Outcomes()
      await world.broker.publish([messages[0], messages[1]]) { again.settle($0, $1) }
      #expect(again.failures(of: 2)?.allSatisfy { $0 == nil } == true)
      #expect(world.broker.status.duplicates == 2)
    }

    @Test func `headers arrive as they are, and a line break makes no other`() async throws {
      let world = try await World()
      defer { world.broker.close() }
      var message = World.message(1)
      message.headers["traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      message.headers["colons"] = "a: b:c"
      message.headers["note"] = "one\r\nid: another\0two"
      let (sent, seen) = (message, Deliveries())
      try await consuming(world.broker) { message in
        seen.add(message)
        return .acknowledge
      } body: {
        await world.broker.publish([sent]) { _, _ in }
        await seen.wait(for: 1)
      }
      var expected = message.headers
      expected["note"] = "one  id: another two"
      #expect(seen.all.first?.headers == expected)
    }

    @Test func `a stream that is gone is waited out`() async throws {
      let world = try await World()
      defer { world.broker.close() }
      try await world.broker.publish(World.message(1))
      let stream = try await StreamAdministrator(NATSServer([world.server.address]))
      try await stream.delete()
      let outcomes = Outcomes()
      await world.broker.publish((2...20).map { World.message($0) }) { outcomes.settle($0, $1) }
      let failures = try #require(outcomes.failures(of: 19))
      #expect(failures.allSatisfy { $0?.isUnavailable("no stream") == true })
    }

    @Test func `a server that dies leaves nobody waiting`() async throws {
      let world = try await World()
      defer { world.broker.close() }
      try await world.broker.publish(World.message(1))
      world.server.freeze()
      let outcomes = Outcomes()
      async let published: Void = world.broker.publish((2...200).map { World.message($0) }) {
        outcomes.settle($0, $1)
      }
      await world.server.kill()
      await published
      let failures = try #require(outcomes.failures(of: 199))
      #expect(failures.allSatisfy { $0?.isUnavailable("") == true })
    }

    @Test func `a publisher that is cancelled waits no longer`() async throws {
      let world = try await World()
      defer { world.broker.close() }
      try await world.broker.publish(World.message(1))
      world.server.freeze()
      let outcomes = Outcomes()
      let task = Task {
        await world.broker.publish((2...200).map { World.message($0) }) { outcomes.settle($0, $1) }
      }
      task.cancel()
      await task.value
      let failures = try #require(outcomes.failures(of: 199))
      #expect(failures.allSatisfy { $0?.isUnavailable("") == true })
    }
  }
#endif
