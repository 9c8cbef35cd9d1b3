// SPDX-License-Identifier: Apache-2.0

// snippet.show
import GRDB
import Logging
import MessageRelay
import MessageStoreSQLite
import ServiceLifecycle
import TransactionalMessaging

/// Carries the events of a shop's orders to its shipping, in one process, until that is to end.
func carryEvents(
  from orders: DatabasePool, appendedBy outbox: SQLiteOutbox, to shipping: any EventInbox,
  logger: Logger
) async throws {
  let topic = BrokerMessage.topic(forAggregateType: "order")
  let broker = InProcessBroker(groups: [.init("shipping", topics: [topic])])
  let consumer = Consumer(broker: broker, inbox: shipping, logger: logger)
  let relay = Relay(
    store: SQLiteRelayStore(orders), broker: broker, signal: outbox.signal, logger: logger)
  let group = ServiceGroup(
    services: [consumer, relay], gracefulShutdownSignals: [.sigterm], logger: logger)
  try await group.run()
}
// snippet.hide
