// SPDX-License-Identifier: Apache-2.0

#if NATS
  import Foundation
  import MessageBrokerNATS
  import MessagingTestSupport
  import NATSTesting
  import ServerPrograms
  import TestCertificates
  import Testing
  import TransactionalMessaging

  /// Who may publish, and whom the broker believes.
  @Suite(.timeLimit(.minutes(1)))
  struct CredentialTests {
    private typealias World = BrokerWorld

    private static let users = NATSProgram.Settings(lines: [
      """
      authorization { users: [
        { user: relay, password: s3cret },
        { user: guest, password: guest, permissions: { publish: ["$JS.API.>", "other.>"] } },
        { user: nobody, password: nobody, permissions: { publish: ["other.>"] } }
      ] }
      """
    ])

    private func refusal(_ broker: NATSBroker) async -> BrokerError? {
      do throws(BrokerError) {
        try await broker.check()
        return nil
      } catch {
        return error
      }
    }

    @Test(
      arguments: [
        .none, .token("s3cret-token"), .user("relay", password: "s3cret-wrong"),
        .user("stranger", password: "s3cret"),
      ] as [NATSServer.Credentials])
    func `credentials that the server does not take`(credentials: NATSServer.Credentials)
      async throws
    {
      let world = try await World(Self.users) { $0.server.credentials = credentials }
      defer { world.broker.close() }
      let error = await refusal(world.broker)
      #expect(error?.code == .credentials)
      #expect(error?.message.contains("does not take these credentials") == true)
      #expect(error?.message.contains("check user and password") == true)
      #expect(error?.message.contains("s3cret") == false)
      let failure = await World.failure(of: World.message(1), to: world.broker)
      #expect(failure?.isUnavailable("does not take these credentials") == true)
      #expect(world.broker.status.published == 0)
    }

    @Test func `a password that is right`() async throws {
      let world = try await World(Self.users) {
        $0.server.credentials = .user("relay", password: "s3cret")
      }
      defer { world.broker.close() }
      try await world.broker.publish(World.message(1))
      #expect(world.broker.status.published == 1)
    }

    /// The server does not answer what it forbids; whoever asked hears of it at once.
    @Test func `a user who may log in and not publish`() async throws {
      let world = try await World(Self.users) {
        $0.server.credentials = .user("guest", password: "guest")
        $0.server.answering = 50_000
      }
      defer { world.broker.close() }
      #expect(await refusal(world.broker) == nil)
      let failure = await World.failure(of: World.message(1), to: world.broker)
      #expect(
        failure?.isUnavailable("may not publish to \(World.topic)", "permissions") == true,
        "\(String(describing: failure))")
      let blind = try World.broker(for: world.server) {
        $0.server.credentials = .user("nobody", password: "nobody")
        $0.server.answering = 50_000
      }
      defer { blind.close() }
      let error = await refusal(blind)
      #expect(error?.code == .credentials)
      #expect(error?.message.contains("may not publish to $JS.API.STREAM.INFO.EVENTS") == true)
    }

    @Test func `a credentials file`() async throws {
      let mode = OperatorMode()
      let folder = try TemporaryFolder()
      func file(_ name: String, _ text: String) throws -> NATSServer.Credentials {
        try Data(text.utf8).write(to: URL(filePath: folder.path(name)))
        return .file(folder.path(name))
      }
      let valid = try file("relay.creds", try mode.credentials())
      let world = try await World(NATSProgram.Settings(lines: try mode.lines())) {
        $0.server.credentials = valid
      }
      defer { world.broker.close() }
      try await world.broker.publish(World.message(1))
      #expect(world.broker.status.published == 1)

      let others: [(NATSServer.Credentials, BrokerError.Code, String)] = [
        (
          try file("stranger.creds", try OperatorMode().credentials()), .credentials,
          "does not take"
        ),
        (try file("old.creds", try mode.credentials(validFor: -10)), .credentials, "still valid"),
        (.file(folder.path("none.creds")), .configuration, "cannot be read"),
        (try file("text.creds", "nothing\n"), .configuration, "holds no credentials"),
      ]
      for (credentials, code, words) in others {
        let broker = try World.broker(for: world.server) { $0.server.credentials = credentials }
        defer { broker.close() }
        let error = await refusal(broker)
        #expect(error?.code == code, "\(words): \(String(describing: error))")
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
      }
    }

    // MARK: - TLS

    @Test func `certificates are checked by authority and name`() async throws {
      let (authority, stranger) = (try TestAuthority(), try TestAuthority(name: "stranger"))
      let files = try authority.issue("server", for: ["localhost"])
      let world = try await World(
        NATSProgram.Settings(lines: [
          "tls { cert_file: \"\(files.certificate)\", key_file: \"\(files.key)\" }"
        ]))
      func broker(_ address: String, _ authorities: String?) throws -> NATSBroker {
        try World.broker(for: world.server) {
          $0.server.addresses = [address]
          $0.server.authorities = authorities
        }
      }
      let named = world.server.address("tls", host: "localhost")
      let good = try broker(named, authority.file)
      try await good.publish(World.message(1))
      good.close()
      let cases: [(String, String?, String)] = [
        (named, stranger.file, "name the file of the authority"),
        (named, nil, "name the file of the authority"),
        // The certificate is not that of this name.
        (world.server.address("tls"), authority.file, "by a name that stands in there"),
        (named, authority.path("none.pem"), "holds no certificates that can be read"),
        // A server that demands TLS gets it, and is checked all the same.
        (world.server.address, nil, "name the file of the authority"),
      ]
      for (address, authorities, words) in cases {
        let broker = try broker(address, authorities)
        defer { broker.close() }
        let error = await refusal(broker)
        #expect(error?.code == .configuration, "\(words): \(String(describing: error))")
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        let failure = await World.failure(of: World.message(2), to: broker)
        #expect(failure?.isUnavailable() == true)
      }
    }

    @Test func `a server without TLS is not talked to where TLS is asked for`() async throws {
      let world = try await World()
      let broker = try World.broker(for: world.server) {
        $0.server.addresses = [world.server.address("tls")]
      }
      defer { broker.close() }
      let error = await refusal(broker)
      #expect(error?.code == .configuration && error?.message.contains("speaks no TLS") == true)
    }
  }
#endif
