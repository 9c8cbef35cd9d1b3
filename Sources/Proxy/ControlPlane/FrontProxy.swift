// SPDX-License-Identifier: Apache-2.0

public import Logging
public import ProxyDataPlane
public import RoutingDecisions
public import ServiceLifecycle

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// The front proxy and its admin API as one service, in the order in which they have to stop: the
/// admin API answers until the proxy has drained.
///
///     let front = try FrontProxy(configuration: configuration, modules: ["shop": module])
///     try await ServiceGroup(services: [front], logger: logger).run()
public struct FrontProxy: Service {
  /// The data plane.
  public let proxy: ProxyServer
  private let admin: AdminServer?
  private let adminAddress = BoundAddress()
  private let logger: Logger

  /// Prepares both; nothing is bound before `run`.
  ///
  /// - Parameters:
  ///   - configuration: Where to listen, whom to ask, what goes where.
  ///   - modules: The in-process modules that upstreams name, by that name.
  ///   - environment: Where the admin token is looked up.
  /// - Throws: `InvalidConfiguration`, `ProxyServerError` for a module that is missing,
  ///   `AdminServerError` for an admin address that nothing would guard.
  public init(
    configuration: ProxyConfiguration, modules: [String: any InProcessModule] = [:],
    environment: [String: String] = ProcessInfo.processInfo.environment,
    logger: Logger = Logger(label: "strangler.proxy")
  ) throws {
    self.logger = logger
    let proxy = try ProxyServer(configuration: configuration, modules: modules, logger: logger)
    self.proxy = proxy
    let bound = adminAddress
    admin = try configuration.admin.map { admin in
      try AdminServer(
        configuration: admin, token: AdminToken.read(for: admin, environment: environment),
        routing: proxy.routing, counters: proxy.counters, readiness: proxy.readiness,
        logger: logger,
        onListening: { bound.succeed(NetworkAddress(host: admin.listen.host, port: $0)) })
    }
  }

  /// Where both listen, with the ports that the system picked; waits until they are bound. The
  /// admin address is nil when the configuration has none.
  ///
  /// - Throws: What `run` threw, when one of them could not be bound.
  public func addresses() async throws -> (proxy: NetworkAddress, admin: NetworkAddress?) {
    let proxyAddress = try await proxy.boundAddress()
    return (proxyAddress, admin == nil ? nil : try await adminAddress.value())
  }

  /// Serves until graceful shutdown or cancellation.
  public func run() async throws {
    var services: [any Service] = [proxy]
    if let admin { services.insert(admin, at: 0) }
    do {
      try await ServiceGroup(services: services, logger: logger).run()
    } catch {
      adminAddress.fail(error)
      throw error
    }
  }
}
