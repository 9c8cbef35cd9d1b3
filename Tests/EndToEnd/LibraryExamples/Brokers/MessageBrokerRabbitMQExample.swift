// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  // snippet.show
  import Logging
  import MessageBrokerRabbitMQ
  import MessageRelay
  import ServiceLifecycle
  import TransactionalMessaging

  /// Carries events from an outbox to an inbox over an exchange and the queue `shop.shipping`.
  func carryEvents(
    of outbox: any RelayStore, to inbox: any EventInbox, over server: RabbitMQServer,
    logger: Logger
  ) async throws {
    let topic = BrokerMessage.topic(forAggregateType: "order")
    let broker = try RabbitMQBroker(
      RabbitMQBrokerConfiguration(
        server, exchange: "shop", groups: [.init("shipping", topics: [topic])],
        creation: .init()),
      logger: logger)
    defer { broker.close() }
    // No server, a wrong password, a queue that would lose events: thrown here, with what to do.
    try await broker.check()
    let relay = Relay(store: outbox, broker: broker, logger: logger)
    let consumer = Consumer(broker: broker, inbox: inbox, logger: logger)
    let group = ServiceGroup(
      services: [consumer, relay], gracefulShutdownSignals: [.sigterm], logger: logger)
    try await group.run()
  }
// snippet.hide
#endif
