// SPDX-License-Identifier: Apache-2.0

#if Kafka
  import MessageBrokerKafka
  import MessagingTestSupport
  import Testing
  import TransactionalMessaging

  extension KafkaClusterTests {
    /// What is wrong from the start.
    @Suite struct FailureTests {
      private func error(
        _ configure: (inout KafkaBrokerConfiguration) -> Void
      ) async throws -> BrokerError? {
        let world = try BrokerWorld {
          $0.server.connecting = 500
          configure(&$0)
        }
        defer { world.broker.close() }
        do throws(BrokerError) {
          try await world.broker.check()
          return nil
        } catch {
          return error
        }
      }

      @Test func aMissingServerIsSaid() async throws {
        let error = try #require(
          await error { $0.server.addresses = ["plaintext://127.0.0.1:1"] })
        #expect(error.code == .connection)
        #expect(error.message.contains("no Kafka broker answers at plaintext://127.0.0.1:1"))
      }

      @Test func anotherAddressIsTaken() async throws {
        let error = try await error {
          // Time for a busy machine; who answers sooner is not waited for.
          $0.server.connecting = 20_000
          $0.server.addresses.insert("plaintext://127.0.0.1:1", at: 0)
        }
        #expect(error == nil)
      }

      @Test func aServerThatStandsStillIsSaid() async throws {
        let server = try await DeafServer.start(answers: false)
        let address = server.address
        let error = try #require(await error { $0.server.addresses = [address] })
        await server.end()
        #expect([.connection, .timedOut].contains(error.code))
        #expect(error.message.contains(address))
      }

      @Test(arguments: KafkaServer.Login.Mechanism.allCases)
      func aWrongPasswordIsSaid(_ mechanism: KafkaServer.Login.Mechanism) async throws {
        let server = try await DeafServer.start(answers: true)
        let error = try #require(
          await error {
            $0.server.connecting = 2_000
            $0.server.addresses = [server.address]
            $0.server.login = .init(user: "shop", password: "s3cret", mechanism: mechanism)
          })
        await server.end()
        #expect(error.code == .credentials)
        #expect(error.message.contains("Invalid username or password"))
        #expect(!error.message.contains("s3cret"))
      }

      @Test func tlsOnOneSideIsSaid() async throws {
        let error = try #require(
          await error { configuration in
            configuration.server.addresses = configuration.server.addresses.map {
              $0.replacing("plaintext", with: "ssl")
            }
          })
        // Either side may be the first to see it; a server that ends the connection may be
        // starting.
        #expect([.configuration, .connection].contains(error.code))
        #expect(error.message.contains("SSL"))
      }

      @Test func authoritiesThatCannotBeReadAreSaid() async throws {
        let error = try #require(
          await error {
            $0.server.addresses = ["ssl://127.0.0.1:1"]
            $0.server.authorities = "/nowhere.pem"
          })
        #expect(error.code == .configuration)
        #expect(error.message.contains("ssl.ca.location"))
      }
    }
  }
#endif
