// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
package import Foundation
internal import Logging
internal import NIOCore

/// The whole toolkit at work on the fixture shop: analysis, proxy, cutover, comparison, rollback,
/// data, outbox. Every figure that it prints is measured in that run.
public struct Demo: Sendable {
  private let options: DemoOptions
  private let narrator: Narrator
  private let workspace: Workspace
  private let ordersService: ChildService
  private let data: DataTools

  /// - Parameters:
  ///   - data: What moves the orders themselves.
  ///   - executable: Program that serves the orders service when it is given `ordersArguments`.
  ///   - ordersArguments: Its arguments for a database file and a port.
  package init(
    options: DemoOptions, narrator: Narrator, data: DataTools, executable: URL,
    ordersArguments: @escaping @Sendable (_ database: String, _ port: Int) -> [String]
  ) throws {
    self.options = options
    self.narrator = narrator
    self.data = data
    workspace = try Workspace()
    let database = workspace.path("orders.sqlite")
    ordersService = ChildService(executable: executable) { ordersArguments(database, $0) }
  }

  /// Runs all steps.
  /// - Parameter afterwards: Runs while everything is still up, with the addresses of proxy and
  ///   admin API.
  /// - Returns: True when every demand held.
  public func run(
    afterwards: @Sendable (_ addresses: [String]) async throws -> Void = { _ in }
  ) async throws -> Bool {
    defer {
      ordersService.kill()
      workspace.remove()
    }
    var logger = Logger(label: "strangler.demo")
    logger.logLevel = .critical
    let stage = try await Stage.open(
      workspace: workspace, ordersService: ordersService, data: data, logger: logger)
    // A connection for each user, as browsers have: nobody queues behind another one's request.
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = options.users
    let client = HTTPClient(
      eventLoopGroup: HTTPClient.defaultEventLoopGroup,
      configuration: configuration)
    let outcome: Result<DemoSummary, any Error>
    do {
      outcome = .success(try await perform(on: stage, client: client, afterwards: afterwards))
    } catch {
      outcome = .failure(error)
    }
    try await client.shutdown()
    await stage.close()
    return try outcome.get().isGreen
  }

  private func perform(
    on stage: Stage, client: HTTPClient,
    afterwards: @Sendable ([String]) async throws -> Void
  ) async throws -> DemoSummary {
    let shop = ShopClient(client: client, address: stage.proxyAddress)
    let admin = AdminClient(
      client: client, address: stage.adminAddress, token: stage.adminToken)
    let events = try EventPipeline(
      ordersDatabase: workspace.path("orders.sqlite"),
      shippingDatabase: workspace.path("shipping.sqlite"), logger: stage.logger)
    let traffic = TrafficGenerator(
      shop: shop, options: options, skus: stage.skus, seededOrders: stage.seededOrders)
    var run = DemoRun(
      options: options, narrator: narrator, stage: stage, ordersService: ordersService,
      data: data, shop: shop, admin: admin, events: events, traffic: traffic)
    run.introduce()
    try await run.analyse()
    try await run.compareSides()
    events.start()
    let users = Task { await traffic.run() }
    do {
      try await run.moveTraffic()
      try await run.moveData()
    } catch {
      users.cancel()
      await users.value
      await events.stop()
      throw error
    }
    users.cancel()
    await users.value
    do {
      try await run.auditEvents()
      let summary = run.conclude()
      try await afterwards([stage.proxyAddress, stage.adminAddress])
      await events.stop()
      return summary
    } catch {
      await events.stop()
      throw error
    }
  }
}
