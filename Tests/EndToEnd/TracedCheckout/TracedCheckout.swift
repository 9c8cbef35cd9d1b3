// SPDX-License-Identifier: Apache-2.0

import CheckoutExample
import Foundation
import Hummingbird
import HummingbirdServices
import Logging
import MessageRelay
import MessageStoreSQLite
import NIOCore
import SagaModel
import ServiceCalls
import ServiceClient
import ServiceLifecycle
import ServiceTracing
import TraceSpans
import TransactionalMessaging
import UnixSignals

/// The shop's checkout as a process that takes events over HTTP: each order that was placed begins
/// a saga, in the inbox's own transaction.
///
/// `traced-checkout FOLDER SHOP` keeps its databases in the folder, and asks the shop at that
/// address for an order before it takes an event. OpenTelemetry's variables say where spans go.
@main
struct TracedCheckout {
  private static let mostRead = 1 << 20

  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let shop = ServiceEndpoint(arguments[2]) else {
      FileHandle.standardError.write(Data("usage: FOLDER SHOP\n".utf8))
      exit(64)
    }
    let logger = Logger(label: "checkout") { StreamLogHandler.standardError(label: $0) }
    let settings =
      try TracingSettings(
        environment: ProcessInfo.processInfo.environment, service: "checkout")
      ?? TracingSettings(collector: nil, service: "checkout")
    let tracer = ServiceTracer(settings, logger: logger)
    let client = ServiceClient(ServiceEntry("shop", endpoints: [shop]), tracer: tracer)
    let service = try CheckoutService(folder: arguments[1], shop: client, tracer, logger: logger)
    let group = ServiceGroup(
      services: [tracer, service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await group.run()
    await client.close()
  }

  /// Everything but the tracer.
  struct CheckoutService: Service {
    let world: CheckoutWorld<SQLiteShop>
    let broker = InProcessBroker(groups: [
      .init("checkout", topics: [BrokerMessage.topic(forAggregateType: "order")])
    ])
    let shop: ServiceClient
    let tracer: ServiceTracer
    let logger: Logger

    init(folder: String, shop: ServiceClient, _ tracer: ServiceTracer, logger: Logger) throws {
      self.shop = shop
      self.tracer = tracer
      self.logger = logger
      world = try CheckoutWorld(
        SQLiteShop(path: folder + "/checkout.sqlite"), folder: folder, tracer: tracer,
        logger: logger)
    }

    func run() async throws {
      let orders = Consumer(broker: broker, inbox: beginning, tracer: tracer, logger: logger)
      try await world.running([world.orchestrator()]) {
        try await ServiceGroup(services: [orders, server], logger: logger).run()
      }
    }

    private var beginning: any EventInbox {
      let (store, checkout) = (world.shop.sagas, world.checkout)
      return SQLiteInbox(consumer: "checkout").bound(to: world.shop.database) { received, db in
        let event = received.event
        let record = try checkout.begin(
          "order-\(event.aggregateID)", Checkout(order: event.aggregateID),
          now: Int64(Date().timeIntervalSince1970 * 1_000), trace: event.traceContext?.text)
        try store.begin(record, in: db)
      }
    }

    private var server: some Service {
      let router = Router()
      router.add(middleware: CallContextMiddleware(tracer: tracer))
      router.post("/events") { request, _ -> Response in
        let body = try await request.body.collect(upTo: TracedCheckout.mostRead)
        let fields = request.headers.map { CloudEventFields.Field($0.name.canonicalName, $0.value) }
        let message = try CloudEventFields.message(fields, body: Array(body.readableBytesView))
        _ = try await shop.call(ServiceRequest(.get, "/orders/1"))
        try await broker.publish(message)
        return Response(status: .noContent)
      }
      return Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { channel in
          let line = "events: http://127.0.0.1:\(channel.localAddress?.port ?? 0)/events\n"
          FileHandle.standardOutput.write(Data(line.utf8))
        }, logger: logger)
    }
  }
}
