// SPDX-License-Identifier: Apache-2.0
internal import Logging
internal import MessageBrokerKafka
internal import RoutingDecisions
internal import TransactionalMessaging

extension OutboxSettings {
  func open(_ target: KafkaTarget, logger: Logger) throws -> OpenedTarget {
    #if Kafka
      let configuration = try broker(target)
      let broker: KafkaBroker
      do {
        broker = try KafkaBroker(configuration, logger: logger)
      } catch {
        throw CommandFailure.unusable("outbox.publish.kafka: \(error)")
      }
      return OpenedTarget(
        publisher: broker, shown: "Kafka at \(target.servers.joined(separator: ", "))",
        publishTimeout: configuration.longestPublication,
        check: { try await Self.check(broker, logger) }, close: { broker.close() })
    #else
      throw missingTrait("Kafka", for: "kafka")
    #endif
  }

  #if Kafka
    /// A server that is not there may come; a password that is wrong stays wrong.
    private static func check(_ broker: KafkaBroker, _ logger: Logger) async throws {
      do {
        try await broker.check()
      } catch {
        guard [.connection, .timedOut].contains(error.code) else {
          throw CommandFailure.unusable("outbox.publish.kafka: \(error)")
        }
        logger.warning(
          "the relay starts all the same; events wait in the outbox",
          metadata: ["reason": "\(error)"])
      }
    }

    private func broker(_ target: KafkaTarget) throws -> KafkaBrokerConfiguration {
      var server = KafkaServer(target.servers, authorities: target.authorities)
      server.answering = timeout.milliseconds
      server.connecting = min(server.connecting, timeout.milliseconds)
      if let login = target.login {
        server.login = KafkaServer.Login(
          user: login.user, password: try login.password.read("outbox.publish.kafka.password"),
          mechanism: target.mechanism.broker)
      }
      var configuration = KafkaBrokerConfiguration(
        server, cloudEventsSource: target.cloudEventsSource, name: "strangler-relay \(relay)")
      configuration.largestMessage = target.largestMessage ?? configuration.largestMessage
      return configuration
    }
  #endif
}

#if Kafka
  extension OutboxSettings.KafkaTarget.Mechanism {
    fileprivate var broker: KafkaServer.Login.Mechanism {
      switch self {
      case .plain: .plain
      case .scramSHA256: .scramSHA256
      case .scramSHA512: .scramSHA512
      }
    }
  }
#endif
