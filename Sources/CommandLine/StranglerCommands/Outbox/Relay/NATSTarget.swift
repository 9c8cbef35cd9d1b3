// SPDX-License-Identifier: Apache-2.0
internal import Logging
internal import MessageBrokerNATS
internal import RoutingDecisions
internal import TransactionalMessaging

extension OutboxSettings {
  func open(_ target: NATSTarget, logger: Logger) throws -> OpenedTarget {
    #if NATS
      let configuration = try broker(target)
      let broker: NATSBroker
      do {
        broker = try NATSBroker(configuration, logger: logger)
      } catch {
        throw CommandFailure.unusable("outbox.publish.nats: \(error)")
      }
      return OpenedTarget(
        publisher: broker,
        shown: "stream \(target.stream) at \(target.servers.joined(separator: ", "))",
        publishTimeout: configuration.longestPublication,
        check: { try await Self.check(broker, logger) }, close: { broker.close() })
    #else
      throw missingTrait("NATS", for: "nats")
    #endif
  }

  #if NATS
    /// A server that is not there may come; a password that is wrong stays wrong.
    private static func check(_ broker: NATSBroker, _ logger: Logger) async throws {
      do {
        try await broker.check()
      } catch {
        guard [.connection, .timedOut].contains(error.code) else {
          throw CommandFailure.unusable("outbox.publish.nats: \(error)")
        }
        logger.warning(
          "the relay starts all the same; events wait in the outbox",
          metadata: ["reason": "\(error)"])
      }
    }

    private func broker(_ target: NATSTarget) throws -> NATSBrokerConfiguration {
      var server = NATSServer(target.servers, authorities: target.authorities)
      server.answering = timeout.milliseconds
      server.connecting = min(server.connecting, timeout.milliseconds)
      switch target.credentials {
      case .none: break
      case .file(let path): server.credentials = .file(path)
      case .user(let user, let password):
        server.credentials = .user(
          user, password: try password.read("outbox.publish.nats.password"))
      }
      var configuration = NATSBrokerConfiguration(
        server, stream: target.stream, subjectPrefix: target.subjectPrefix,
        cloudEventsSource: target.cloudEventsSource, name: "strangler-relay \(relay)")
      configuration.leastDuplicates = target.duplicates?.milliseconds
      if let creation = target.creation {
        var made = NATSBrokerConfiguration.Creation(
          maxAge: creation.maxAge?.milliseconds ?? 0, maxBytes: creation.maxBytes.map(Int64.init),
          replicas: creation.replicas)
        made.duplicates = target.duplicates?.milliseconds ?? made.duplicates
        configuration.creation = made
      }
      return configuration
    }
  #endif
}
