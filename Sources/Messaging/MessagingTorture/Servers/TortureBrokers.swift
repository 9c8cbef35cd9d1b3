// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import MessageBrokerNATS
internal import MessageBrokerRabbitMQ
internal import ServerPrograms
internal import TortureModel
internal import TransactionalMessaging

/// Brokers that are servers of their own, by name.
enum TortureBrokers {
  /// - Throws: `TortureFailure` where the build has no such broker.
  static func open(
    _ broker: TortureSettings.Broker, _ address: String, _ logger: Logger
  ) throws -> any MessageBroker {
    switch broker {
    case .inProcess, .http: throw TortureFailure("\(broker.rawValue) is no server")
    case .nats:
      #if NATS
        return try nats(address, logger)
      #else
        throw TortureFailure.missingTrait("NATS")
      #endif
    case .rabbitmq:
      #if RabbitMQ
        return try rabbitMQ(address, logger)
      #else
        throw TortureFailure.missingTrait("RabbitMQ")
      #endif
    }
  }

  /// Makes streams or queues, and returns when the server will not forget them.
  static func prepare(
    _ broker: TortureSettings.Broker, _ address: String, _ logger: Logger
  ) async throws {
    switch broker {
    case .inProcess, .http: break
    case .nats:
      #if NATS
        let client = try nats(address, logger)
        defer { client.close() }
        try await client.check()
      #endif
    case .rabbitmq:
      #if RabbitMQ
        let client = try rabbitMQ(address, logger)
        defer { client.close() }
        try await client.check()
      #endif
    }
  }

  #if NATS
    private static func nats(_ address: String, _ logger: Logger) throws -> NATSBroker {
      var configuration = NATSBrokerConfiguration(
        NATSServer([address]), stream: TortureNames.stream,
        groups: [.init(TortureNames.consumer, topics: [TortureNames.topic])],
        creation: .init(), name: "strangler-torture")
      // What a consumer that died had comes again soon.
      configuration.ackWait = 1_000
      return try NATSBroker(configuration, logger: logger)
    }
  #endif

  #if RabbitMQ
    private static func rabbitMQ(_ address: String, _ logger: Logger) throws -> RabbitMQBroker {
      try RabbitMQBroker(
        RabbitMQBrokerConfiguration(
          RabbitMQServer(
            [address], user: RabbitMQProgram.user, password: RabbitMQProgram.password,
            heartbeat: 1_000),
          exchange: TortureNames.stream,
          groups: [.init(TortureNames.consumer, topics: [TortureNames.topic])],
          creation: .init(), name: "strangler-torture"),
        logger: logger)
    }
  #endif
}
