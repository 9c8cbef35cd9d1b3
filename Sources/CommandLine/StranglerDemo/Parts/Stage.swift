// SPDX-License-Identifier: Apache-2.0
internal import ConfigurationFiles
internal import ControlPlane
internal import HummingbirdModule
internal import Logging
internal import RoutingDecisions
internal import ServiceLifecycle
internal import ShopMonolith
internal import ShopSeed

/// The running parts: the proxy with the monolith inside, its admin API, and the extracted service.
struct Stage: Sendable {
  let proxyAddress: String
  let adminAddress: String
  let adminToken: String
  let configurationFile: String
  /// Files of the monolith's and of the service's database.
  let stores: (shop: String, orders: String)
  let ordersPort: Int
  let skus: [String]
  let seededOrders = Int64(ShopSeed.orderCount)
  let logger: Logger
  private let services: ServiceGroup
  private let running: Task<Void, any Error>

  /// Starts everything on free ports of loopback.
  static func open(
    workspace: Workspace, ordersService: ChildService, data: DataTools, logger: Logger
  ) async throws -> Stage {
    let ordersPort = try await ordersService.start()
    let file = try workspace.write(
      configuration(ordersPort: ordersPort, workspace), to: "strangler.yaml")
    let configuration = try ConfigurationFile.load(file).get()
    var shop = ShopConfiguration()
    shop.database = workspace.path("shop.sqlite")
    let monolith = try ShopApplication(configuration: shop, logger: logger)
    let front = try FrontProxy(
      configuration: configuration,
      modules: ["shop": HummingbirdModule(monolith.responder, logger: logger)],
      evidence: workspace.path("shadow.sqlite"), data: data.mover(file), logger: logger)
    let services = ServiceGroup(services: [front], logger: logger)
    let running = Task { try await services.run() }
    do {
      let addresses = try await front.addresses()
      return Stage(
        proxyAddress: "http://\(addresses.proxy)",
        adminAddress: addresses.admin.map { "http://\($0)" } ?? "",
        adminToken: try workspace.firstLine(of: "admin.token"), configurationFile: file,
        stores: (workspace.path("shop.sqlite"), workspace.path("orders.sqlite")),
        ordersPort: ordersPort,
        skus: ShopSeed().products.map(\.sku), logger: logger, services: services, running: running)
    } catch {
      running.cancel()
      throw error
    }
  }

  /// Drains the proxy and stops the admin API.
  func close() async {
    await services.triggerGracefulShutdown()
    _ = await running.result
  }

  /// The monolith is a module of this process, the service answers over the network. The two routes
  /// with a header address one side on purpose, for the comparison. The breaker tries a service
  /// that was dead sooner than it does by default, since here all of it happens within seconds.
  private static func configuration(ordersPort: Int, _ workspace: Workspace) -> String {
    """
    proxy:
      listen: 127.0.0.1:0
      admin: 127.0.0.1:0
      workers: 1
      admin-token-file: \(workspace.path("admin.token"))
      journal: { path: \(workspace.path("journal.sqlite")), installation: demo }
    upstreams:
      legacy: { module: shop }
      orders:
        endpoints: [127.0.0.1:\(ordersPort)]
        breaker: { open: 250ms, readmission: 250ms }
    routes:
      - name: orders
        match: { path: /orders/** }
        legacy: legacy
        extracted: orders
        percent: 0
        sticky: [ { header: x-user-id }, client-address ]
        shadow:
          { mode: compare, rate: 100, in-flight: 64, rules: { ignore: [servedAt, requestId] } }
      - name: compare-legacy
        match: { path: /orders/**, headers: { x-compare: legacy } }
        legacy: legacy
      - name: compare-extracted
        match: { path: /orders/**, headers: { x-compare: extracted } }
        legacy: orders
      - { name: everything-else, match: { path: /** }, legacy: legacy }
    cutovers:
      orders:
        routes: [orders]
        gates: { mismatches: { stable: true } }
        stages: [ { percent: 10, soak: 1h, minimum: 1000 } ]
    data:
      stores:
        shop: { sqlite: \(workspace.path("shop.sqlite")) }
        orders: { sqlite: \(workspace.path("orders.sqlite")) }
      mappings:
        orders:
          from: shop.orders
          to: orders.orders
          columns:
            id: id
            customerId: customerId
            status: status
            placedAt: placedAt
            country: country
            taxRate: taxRate
            discount: discount
            shippingFee: shippingFee
            cancelledAt: cancelledAt
          leave: [cancelledReason]
        order-lines:
          from: shop.order_lines
          to: orders.order_lines
          columns:
            id: id
            orderId: orderId
            sku: sku
            title: title
            quantity: quantity
            unitPrice: unitPrice

    """
  }
}
