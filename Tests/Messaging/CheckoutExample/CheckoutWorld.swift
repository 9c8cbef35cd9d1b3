// SPDX-License-Identifier: Apache-2.0

import Foundation
package import Logging
import MessageRelay
import MessageStoreSQLite
package import SagaModel
package import SagaOrchestration
package import Tracing
import TransactionalMessaging

/// The shop with its services in one process: sagas, stock, mail and payments, each with its own
/// database, over a broker.
package struct CheckoutWorld<Shop: ShopDatabase>: Sendable {
  package let shop: Shop
  package let stock: ShopService
  package let mail: ShopService
  package let payments: PaymentLedger
  package let checkout: Saga<Checkout, Shop.Store>
  private let tracer: (any Tracer)?
  private let logger: Logger

  /// - Parameter folder: of the services' databases.
  package init(
    _ shop: Shop, folder: String, times: CheckoutTimes = CheckoutTimes(),
    tracer: (any Tracer)? = nil, logger: Logger
  ) throws {
    self.shop = shop
    self.tracer = tracer
    self.logger = logger
    stock = try ShopService("stock", path: folder + "/stock.sqlite")
    mail = try ShopService("mail", path: folder + "/mail.sqlite")
    payments = try PaymentLedger(path: folder + "/payments.sqlite")
    checkout = try shop.checkout(payments, times)
  }

  /// Begins checkouts, each with what goes wrong in it.
  package func begin(_ ids: [String], trace: String? = nil) async throws {
    let now = Int64(Date().timeIntervalSince1970 * 1_000)
    try await shop.begin(
      ids.map { try checkout.begin($0, Checkout(order: $0), now: now, trace: trace) })
  }

  /// An orchestrator as the shop runs it.
  package func orchestrator(
    _ name: String = "shop-1", store: Shop.Store? = nil,
    configuration: OrchestratorConfiguration = OrchestratorConfiguration()
  ) -> SagaOrchestrator<Shop.Store> {
    SagaOrchestrator(
      name: name, store: store ?? shop.sagas, sagas: [checkout], configuration: configuration,
      tracer: tracer, logger: logger)
  }

  /// Runs everything while the body runs.
  package func running<Value: Sendable>(
    _ orchestrators: [SagaOrchestrator<Shop.Store>], _ body: () async throws -> Value
  ) async throws -> Value {
    let topics = ["stock", "mail", SagaAnswer.channel(of: "checkout")]
    let broker = InProcessBroker(
      groups: zip(["stock", "mail", "checkout"], topics).map { group, topic in
        .init(group, topics: [BrokerMessage.topic(forAggregateType: topic)])
      })
    var configuration = RelayConfiguration()
    configuration.lease = 60
    configuration.standby = 5
    let relays = [
      Relay(
        name: "shop", store: shop.relayStore, broker: broker, signal: shop.outboxSignal,
        configuration: configuration, tracer: tracer, logger: logger),
      stock.relay(over: broker, tracer: tracer, logger: logger),
      mail.relay(over: broker, tracer: tracer, logger: logger),
    ]
    let consumers = [
      stock.consumer(of: broker, tracer: tracer, logger: logger),
      mail.consumer(of: broker, tracer: tracer, logger: logger),
      Consumer(broker: broker, inbox: shop.answers, tracer: tracer, logger: logger),
    ]
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
      for relay in relays { tasks.addTask { try await relay.run() } }
      for consumer in consumers { tasks.addTask { try await consumer.run() } }
      for orchestrator in orchestrators { tasks.addTask { try await orchestrator.run() } }
      let value = try await body()
      tasks.cancelAll()
      return value
    }
  }

  /// How many sagas go on.
  package func active() async throws -> Int {
    let rows = try await shop.rows("SELECT COUNT(*) FROM saga WHERE phase = 'active'")
    return Int(rows.first?.first ?? "") ?? 0
  }
}
