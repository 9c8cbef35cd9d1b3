// SPDX-License-Identifier: Apache-2.0

#if NATS
  import Logging
  import MessageBrokerNATS
  import MessagingTestSupport
  import NATSTesting

  /// A nats-server with a broker for it.
  struct BrokerWorld: BrokerTesting {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let server: NATSTestServer
    let broker: NATSBroker

    init(
      _ settings: NATSTestServer.Settings = NATSTestServer.Settings(),
      configure: (inout NATSBrokerConfiguration) -> Void = { _ in }
    ) async throws {
      server = try await NATSTestServer.start(settings)
      broker = try Self.broker(for: server, configure: configure)
    }

    /// Another process, as it were.
    static func broker(
      for server: NATSTestServer, configure: (inout NATSBrokerConfiguration) -> Void = { _ in }
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
