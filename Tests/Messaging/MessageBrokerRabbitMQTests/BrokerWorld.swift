// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  import Logging
  import MessageBrokerRabbitMQ
  import MessagingTestSupport
  import ServerPrograms
  import Synchronization
  import Testing
  import TransactionalMessaging

  /// An exchange of its own on the suite's server, with a broker for it.
  struct BrokerWorld: BrokerTesting {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let exchanges = Mutex(0)

    let exchange: String
    let configuration: RabbitMQBrokerConfiguration
    let broker: RabbitMQBroker

    init(configure: (inout RabbitMQBrokerConfiguration) -> Void = { _ in }) throws {
      exchange = Self.exchanges.withLock { exchanges in
        exchanges += 1
        return "shop\(exchanges)"
      }
      var configuration = try Self.configuration(exchange)
      configure(&configuration)
      self.configuration = configuration
      broker = try RabbitMQBroker(configuration, logger: Self.logger)
    }

    /// Another process, as it were.
    static func broker(
      _ exchange: String, configure: (inout RabbitMQBrokerConfiguration) -> Void = { _ in }
    ) throws -> RabbitMQBroker {
      var configuration = try configuration(exchange)
      configure(&configuration)
      return try RabbitMQBroker(configuration, logger: logger)
    }

    private static func configuration(
      _ exchange: String
    ) throws -> RabbitMQBrokerConfiguration {
      RabbitMQBrokerConfiguration(
        try server(), exchange: exchange,
        groups: [.init("one", topics: [topic]), .init("two", topics: [topic])],
        creation: RabbitMQBrokerConfiguration.Creation(settling: 0))
    }

    static func server() throws -> RabbitMQServer {
      RabbitMQServer(
        [try #require(ServerTrait.server).address], user: RabbitMQProgram.user,
        password: RabbitMQProgram.password, heartbeat: 1_000)
    }
  }
#endif
