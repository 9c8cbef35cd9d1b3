// SPDX-License-Identifier: Apache-2.0
internal import Logging
internal import MessageBrokerRabbitMQ
internal import RoutingDecisions
internal import TransactionalMessaging

extension OutboxSettings {
  func open(_ target: RabbitMQTarget, logger: Logger) throws -> OpenedTarget {
    #if RabbitMQ
      let configuration = try broker(target)
      let broker: RabbitMQBroker
      do {
        broker = try RabbitMQBroker(configuration, logger: logger)
      } catch {
        throw CommandFailure.unusable("outbox.publish.rabbitmq: \(error)")
      }
      return OpenedTarget(
        publisher: broker,
        shown: "exchange \(target.exchange) at \(target.servers.joined(separator: ", "))",
        publishTimeout: configuration.longestPublication,
        check: { try await Self.check(broker, logger) }, close: { broker.close() })
    #else
      throw missingTrait("RabbitMQ", for: "rabbitmq")
    #endif
  }

  #if RabbitMQ
    /// A server that is not there may come; a password that is wrong stays wrong.
    private static func check(_ broker: RabbitMQBroker, _ logger: Logger) async throws {
      do {
        try await broker.check()
      } catch {
        guard [.connection, .timedOut].contains(error.code) else {
          throw CommandFailure.unusable("outbox.publish.rabbitmq: \(error)")
        }
        logger.warning(
          "the relay starts all the same; events wait in the outbox",
          metadata: ["reason": "\(error)"])
      }
    }

    private func broker(_ target: RabbitMQTarget) throws -> RabbitMQBrokerConfiguration {
      var server = RabbitMQServer(
        target.servers, virtualHost: target.virtualHost, authorities: target.authorities)
      server.answering = timeout.milliseconds
      server.connecting = min(server.connecting, timeout.milliseconds)
      if let login = target.login {
        server.user = login.user
        server.password = try login.password.read("outbox.publish.rabbitmq.password")
      }
      var configuration = RabbitMQBrokerConfiguration(
        server, exchange: target.exchange,
        groups: target.groups.map { group in
          RabbitMQBrokerConfiguration.Group(
            group.name,
            topics: Set(group.aggregateTypes.map(BrokerMessage.topic(forAggregateType:))))
        }, cloudEventsSource: target.cloudEventsSource, name: "strangler-relay \(relay)")
      if let creation = target.creation {
        configuration.creation = RabbitMQBrokerConfiguration.Creation(
          maxBytes: creation.maxBytes.map(Int64.init), replicas: creation.replicas)
      }
      return configuration
    }
  #endif
}
