// SPDX-License-Identifier: Apache-2.0

#if Kafka
  // snippet.show
  import Logging
  import MessageBrokerKafka
  import MessageRelay
  import ServiceLifecycle
  import TransactionalMessaging

  /// Carries events from an outbox to an inbox over a topic of a Kafka cluster, which is there.
  func carryEvents(
    of outbox: any RelayStore, to inbox: any EventInbox, over server: KafkaServer, logger: Logger
  ) async throws {
    let topic = BrokerMessage.topic(forAggregateType: "order")
    let broker = try KafkaBroker(
      KafkaBrokerConfiguration(server, groups: [.init("shipping", topics: [topic])]),
      logger: logger)
    defer { broker.close() }
    // No cluster, or a wrong password: thrown here, with what to do.
    try await broker.check()
    let relay = Relay(store: outbox, broker: broker, logger: logger)
    let consumer = Consumer(broker: broker, inbox: inbox, logger: logger)
    let group = ServiceGroup(
      services: [consumer, relay], gracefulShutdownSignals: [.sigterm], logger: logger)
    try await group.run()
  }
// snippet.hide
#endif
