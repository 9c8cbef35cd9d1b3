// SPDX-License-Identifier: Apache-2.0
internal import GRDB
internal import Logging
internal import MessageRelay
internal import MessageStoreSQLite
internal import Synchronization
internal import TransactionalMessaging

/// Carries the orders service's events from its outbox to a shipping consumer with an inbox.
///
/// The relay reads the database file that the service in the other process writes. It can be
/// stopped in the middle of its work, without any notice to it, and another one takes over.
final class EventPipeline: Sendable {
  private static let consumerName = "shipping"
  /// A short lease, so that the takeover fits into a demonstration.
  private static let lease: Int64 = 1_000
  private static let busyTimeout = 5.0

  private let outbox: DatabasePool
  private let deliveries: DatabasePool
  private let broker: InProcessBroker
  private let consumer: Consumer
  private let logger: Logger
  private let tasks = Mutex<(relay: Task<Void, any Error>?, consumer: Task<Void, any Error>?)>(
    (nil, nil))

  /// - Parameters:
  ///   - ordersDatabase: File of the orders service's database.
  ///   - shippingDatabase: File for the consumer's database; created.
  init(ordersDatabase: String, shippingDatabase: String, logger: Logger) throws {
    var configuration = Configuration()
    configuration.busyMode = .timeout(Self.busyTimeout)
    outbox = try DatabasePool(path: ordersDatabase, configuration: configuration)
    deliveries = try DatabasePool(path: shippingDatabase, configuration: configuration)
    try SQLiteMessageTables.install(in: deliveries)
    try deliveries.write { db in
      try db.create(table: "shipping_task") { table in
        table.autoIncrementedPrimaryKey("position")
        table.column("eventId", .text).notNull()
        table.column("orderId", .text).notNull()
        table.column("type", .text).notNull()
      }
    }
    broker = InProcessBroker(groups: [
      .init(Self.consumerName, topics: [BrokerMessage.topic(forAggregateType: "order")])
    ])
    let inbox = SQLiteInbox(consumer: Self.consumerName)
    consumer = Consumer(
      group: Self.consumerName, broker: broker,
      inbox: inbox.bound(to: deliveries) { received, db in
        try db.execute(
          sql: "INSERT INTO shipping_task (eventId, orderId, type) VALUES (?, ?, ?)",
          arguments: [received.event.id, received.event.aggregateID, received.event.type])
      }, logger: logger)
    self.logger = logger
  }

  /// Starts consumer and relay.
  func start() {
    let consumer = consumer
    tasks.withLock {
      $0.consumer = Task { try await consumer.run() }
      $0.relay = Task { [relay = makeRelay()] in try await relay.run() }
    }
  }

  /// Drops the relay where it stands and lets another one take over its shard.
  func replaceRelay() async {
    let dropped = tasks.withLock { $0.relay.take() }
    dropped?.cancel()
    _ = await dropped?.result
    tasks.withLock { $0.relay = Task { [relay = makeRelay()] in try await relay.run() } }
  }

  /// Stops everything.
  func stop() async {
    let running = tasks.withLock { tasks in
      defer { tasks = (nil, nil) }
      return [tasks.relay, tasks.consumer]
    }
    for task in running {
      task?.cancel()
      _ = await task?.result
    }
  }

  /// Waits until as many events were applied as expected, or the time is up.
  func settle(expecting count: Int, within limit: Duration) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while clock.now < deadline, try await deliveryCount() < count {
      try await clock.sleep(for: .milliseconds(50))
    }
  }

  /// What the consumer's effects recorded, in the order of arrival.
  func recorded() async throws -> [DeliveryAudit.Delivery] {
    try await deliveries.read { db in
      try Row.fetchAll(
        db, sql: "SELECT eventId, orderId, type FROM shipping_task ORDER BY position"
      ).map { row in
        DeliveryAudit.Delivery(eventID: row[0], aggregateID: row[1], type: row[2])
      }
    }
  }

  /// Deliveries that arrived again and were recognised by the inbox.
  var duplicatesDropped: Int { consumer.status.duplicates }

  private func deliveryCount() async throws -> Int {
    try await deliveries.read { db in
      try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM shipping_task") ?? 0
    }
  }

  private func makeRelay() -> Relay {
    var configuration = RelayConfiguration()
    configuration.lease = Self.lease
    configuration.standby = Self.lease / 10
    return Relay(
      store: SQLiteRelayStore(outbox), broker: broker, configuration: configuration,
      logger: logger)
  }
}
