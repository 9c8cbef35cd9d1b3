// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import KafkaTesting
import MessageRelay
import MessageStoreSQLite
import ServerPrograms
import Testing
import TransactionalMessaging

@testable import LibraryExamples

#if NATS
  import MessageBrokerNATS
#endif
#if RabbitMQ
  import MessageBrokerRabbitMQ
#endif
#if Kafka
  import MessageBrokerKafka
#endif

@Suite("Worked examples of what carries events", .timeLimit(.minutes(2)))
struct CarryingExampleTests {
  @Test func `in one process`() async throws {
    let shop = try ExampleShop()
    try await shop.shipsWhatIsOrdered {
      try await carryEvents(
        from: shop.orders.database, appendedBy: shop.orders.outbox, to: shop.shipments.inbox,
        logger: .silent)
    }
  }

  @Test func `posted to a service`() async throws {
    let shop = try ExampleShop()
    let router = Router()
    addEvents(to: router, for: shop.shipments.inbox)
    try await Application(router: router, logger: .silent).test(.live) { client in
      let port = try #require(client.port)
      try await shop.shipsWhatIsOrdered {
        try await postEvents(
          of: SQLiteRelayStore(shop.orders.database), to: "http://localhost:\(port)/events",
          logger: .silent)
      }
    }
  }

  #if NATS
    @Test func `over JetStream`() async throws {
      let server = try await NATSProgram.start()
      defer { server.end() }
      let shop = try ExampleShop()
      try await shop.shipsWhatIsOrdered {
        try await carryEvents(
          of: SQLiteRelayStore(shop.orders.database), to: shop.shipments.inbox,
          over: NATSServer([server.address]), logger: .silent)
      }
    }
  #endif

  #if RabbitMQ
    @Test func `over RabbitMQ`() async throws {
      let server = try await RabbitMQProgram.start()
      defer { server.end() }
      let shop = try ExampleShop()
      try await shop.shipsWhatIsOrdered {
        try await carryEvents(
          of: SQLiteRelayStore(shop.orders.database), to: shop.shipments.inbox,
          over: RabbitMQServer(
            [server.address], user: RabbitMQProgram.user, password: RabbitMQProgram.password),
          logger: .silent)
      }
    }
  #endif

  #if Kafka
    @Test func `over Kafka`() async throws {
      let cluster = try MockCluster()
      for topic in ["outbox.event.order", "shipping.dead"] { cluster.create(topic) }
      let shop = try ExampleShop()
      try await shop.shipsWhatIsOrdered {
        try await carryEvents(
          of: SQLiteRelayStore(shop.orders.database), to: shop.shipments.inbox,
          over: KafkaServer(cluster.addresses), logger: .silent)
      }
    }
  #endif

  @Test func `a broker of one's own is what every broker is`() async throws {
    try await checkCountingBroker()
    let broker = CountingBroker(InProcessBroker(groups: []))
    try await broker.publish(
      BrokerMessage(topic: "outbox.event.order", key: "1", headers: [:], payload: []))
    #expect(broker.published == 1)
  }
}
