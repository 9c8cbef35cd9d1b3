// SPDX-License-Identifier: Apache-2.0

#if NATS
  import Logging
  import MessageBrokerNATS
  import MessagingTestSupport
  import ServerPrograms
  import TransactionalMessaging

  /// A nats-server with a broker for it.
  struct BrokerWorld: BrokerTesting {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let server: NATSProgram
    let broker: NATSBroker

    init(
      _ settings: NATSProgram.Settings = NATSProgram.Settings(),
      configure: (inout NATSBrokerConfiguration) -> Void = { _ in }
    ) async throws {
      server = try await NATSProgram.start(settings)
      broker = try Self.broker(for: server, configure: configure)
    }

    /// Another process, as it were.
    static func broker(
      for server: NATSProgram, configure: (inout NATSBrokerConfiguration) -> Void = { _ in }
    ) throws -> NATSBroker {
      var configuration = NATSBrokerConfiguration(
        NATSServer([server.address]), stream: "EVENTS",
        groups: [.init("one", topics: [topic]), .init("two", topics: [topic])],
        creation: NATSBrokerConfiguration.Creation())
      configure(&configuration)
      return try NATSBroker(configuration, logger: logger)
    }
  }
#endif
