// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  import MessageBrokerRabbitMQ
  import MessagingTestSupport
  import ServerPrograms
  import TestCertificates
  import Testing
  import TransactionalMessaging

  extension RabbitMQServerTests {
    @Suite struct FailureTests {
      private func error(
        _ configure: (inout RabbitMQBrokerConfiguration) throws -> Void
      ) async throws -> BrokerError? {
        let world = try BrokerWorld()
        var configuration = world.configuration
        try configure(&configuration)
        return await Self.error(of: configuration)
      }

      private static func error(
        of configuration: RabbitMQBrokerConfiguration
      ) async -> BrokerError? {
        do throws(BrokerError) {
          let broker = try RabbitMQBroker(configuration, logger: BrokerWorld.logger)
          defer { broker.close() }
          try await broker.check()
          return nil
        } catch {
          return error
        }
      }

      @Test func aWrongPasswordIsSaid() async throws {
        let error = try #require(await error { $0.server.password = "not this one" })
        #expect(error.code == .credentials)
        #expect(error.message.contains("user tester"))
        #expect(!error.message.contains("not this one"))
      }

      @Test func aMissingVirtualHostIsSaid() async throws {
        let error = try #require(await error { $0.server.virtualHost = "nowhere" })
        #expect(error.code == .missing)
        #expect(error.message.contains("nowhere"))
        #expect(error.message.contains("add_vhost"))
      }

      @Test func aMissingServerIsSaid() async throws {
        let error = try #require(await error { $0.server.addresses = ["amqp://127.0.0.1:1"] })
        #expect(error.code == .connection)
        #expect(error.message.contains("amqp://127.0.0.1:1"))
      }

      @Test func theNextAddressIsTaken() async throws {
        #expect(try await error { $0.server.addresses.insert("amqp://127.0.0.1:1", at: 0) } == nil)
      }

      @Test func whatIsMissingIsSaidWhereNothingMayBeCreated() async throws {
        let error = try #require(await error { $0.creation = nil })
        #expect(error.code == .missing)
        #expect(error.message.contains("exchange shop"))
      }

      @Test func queuesWithOtherSettingsAreSaid() async throws {
        let world = try BrokerWorld()
        defer { world.broker.close() }
        try await world.broker.check()
        var configuration = world.configuration
        configuration.creation = .init(maxBytes: 5_000, settling: 0)
        let error = try #require(await Self.error(of: configuration))
        #expect(error.code == .unsuitable)
        #expect(error.message.contains("queue \(world.exchange).one"))
        #expect(error.message.contains("x-max-length-bytes"))
      }

      @Test func certificatesAreChecked() async throws {
        let address = try #require(ServerTrait.server).secureAddress
        #expect(
          try await error {
            $0.server.addresses = [address]
            $0.server.authorities = ServerTrait.authorities
          } == nil)
        let other = try TestAuthority()
        let untrusted = try #require(
          await error {
            $0.server.addresses = [address]
            $0.server.authorities = other.file
          })
        #expect(untrusted.code == .configuration)
        #expect(untrusted.message.contains("authority"))
        let otherName = try #require(
          await error {
            $0.server.addresses = [address.replacing("localhost", with: "127.0.0.1")]
            $0.server.authorities = ServerTrait.authorities
          })
        #expect(otherName.code == .configuration)
        #expect(otherName.message.contains("host name"))
        let missing = try #require(
          await error {
            $0.server.addresses = [address]
            $0.server.authorities = "/nowhere.pem"
          })
        #expect(missing.message.contains("/nowhere.pem"))
      }

      @Test func tlsOnOneSideIsSaid() async throws {
        let server = try #require(ServerTrait.server)
        let plain = try #require(
          await error {
            $0.server.addresses = [server.secureAddress.replacing("amqps", with: "amqp")]
          })
        #expect(plain.message.contains("amqps://"))
        let secure = try #require(
          await error {
            $0.server.addresses = [server.address.replacing("amqp", with: "amqps")]
          })
        #expect(secure.code == .configuration)
        #expect(secure.message.contains("amqp://"))
      }

      @Test func aServerThatStandsStillIsSaid() async throws {
        let world = try BrokerWorld { $0.server.answering = 300 }
        defer { world.broker.close() }
        try await world.broker.publish(BrokerWorld.message(1))
        let server = try #require(ServerTrait.server)
        server.freeze()
        defer { server.thaw() }
        let failure = await BrokerWorld.failure(of: BrokerWorld.message(2), to: world.broker)
        #expect("\(try #require(failure))".contains("did not confirm within 300 ms"))
        let other = await Self.error(of: world.configuration)
        #expect(try #require(other).message.contains("answers nothing within 300 ms"))
        // Whoever is cancelled need not wait for it.
        let cancelled = Task {
          await BrokerWorld.failure(of: BrokerWorld.message(3), to: world.broker)
        }
        cancelled.cancel()
        #expect("\(try #require(await cancelled.value))".contains("cancelled"))
        // It is given up when it stays silent.
        var reason = ""
        while !reason.contains("answers nothing") {
          let failure = await BrokerWorld.failure(of: BrokerWorld.message(4), to: world.broker)
          reason = try #require(failure).description
        }
        server.thaw()
        try await BrokerWorld.publish(BrokerWorld.message(5), to: world.broker)
      }

      /// Right after its queues were made: they are left alone until the server has written down
      /// that they are there.
      @Test func aCrashLosesNothingThatWasConfirmed() async throws {
        let world = try BrokerWorld { $0.creation = .init() }
        defer { world.broker.close() }
        let server = try #require(ServerTrait.server)
        let seen = Deliveries()
        let isDown = WakeSignal()
        try await consuming(world.broker) { message in
          // One is under way while the server dies; what it did is not asked for again.
          if seen.add(message) == 10 { await isDown.wait(after: 0) }
          return .acknowledge
        } body: {
          for number in 0..<20 { try await world.broker.publish(BrokerWorld.message(number)) }
          await seen.wait(for: 10)
          await server.kill()
          while world.broker.status.outage == nil { await Task.yield() }
          isDown.raise()
          guard
            case .unavailable = await BrokerWorld.failure(
              of: BrokerWorld.message(20), to: world.broker)
          else {
            Issue.record("it was taken")
            return
          }
          try await server.restart()
          for number in 20..<30 {
            try await BrokerWorld.publish(BrokerWorld.message(number), to: world.broker)
          }
          await seen.wait { $0.contains { $0.headers["number"] == "29" } }
        }
        var distinct: [String] = []
        for number in seen.numbers where !distinct.contains(number) { distinct.append(number) }
        #expect(distinct == (0..<30).map(String.init))
        #expect(seen.numbers.filter { $0 == "9" }.count == 1)
      }
    }
  }
#endif
