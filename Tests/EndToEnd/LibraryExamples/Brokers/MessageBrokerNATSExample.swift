// SPDX-License-Identifier: Apache-2.0

#if NATS
  // snippet.show
  import Logging
  import MessageBrokerNATS
  import MessageRelay
  import ServiceLifecycle
  import TransactionalMessaging

  /// Carries events from an outbox to an inbox over a stream of JetStream.
  func carryEvents(
    of outbox: any RelayStore, to inbox: any EventInbox, over server: NATSServer, logger: Logger
  ) async throws {
    let topic = BrokerMessage.topic(forAggregateType: "order")
    let broker = try NATSBroker(
      NATSBrokerConfiguration(
        server, stream: "SHOP", groups: [.init("shipping", topics: [topic])],
        creation: .init(maxAge: 7 * 86_400_000)),
      logger: logger)
    defer { broker.close() }
    // No server, a wrong password, a stream that would lose events: thrown here, with what to do.
    try await broker.check()
    let relay = Relay(store: outbox, broker: broker, logger: logger)
    let consumer = Consumer(broker: broker, inbox: inbox, logger: logger)
    let group = ServiceGroup(
      services: [consumer, relay], gracefulShutdownSignals: [.sigterm], logger: logger)
    try await group.run()
  }
// snippet.hide
#endif
