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
  /// Reads the configuration again; nil when the program handed over no source.
  public let reloader: ConfigurationReloader?
  private let admin: AdminServer?
  private let takesOver: Bool
  private let succession: Succession?
  private let exporter: TraceExporter?
  private let adminAddress = BoundAddress()
  private let logger: Logger

  /// Prepares both; nothing is bound before `run`.
  ///
  /// - Parameters:
  ///   - configuration: Where to listen, whom to ask, what goes where.
  ///   - modules: The in-process modules that upstreams name, by that name.
  ///   - environment: Where the admin token is looked up.
  ///   - takesOver: Takes the port of an older proxy over, as `ProxyServer` does, and the admin
  ///     address once that one has left it.
  ///   - source: Reads the configuration again for `reloader` and `POST /reload`; nil for none.
  /// - Throws: `InvalidConfiguration`, `ProxyServerError` for a module that is missing,
  ///   `AdminServerError` for an admin address that nothing would guard.
  public init(
    configuration: ProxyConfiguration, modules: [String: any InProcessModule] = [:],
    environment: [String: String] = ProcessInfo.processInfo.environment,
    takesOver: Bool = false, source: ConfigurationReloader.Source? = nil,
    logger: Logger = Logger(label: "strangler.proxy")
  ) throws {
    self.logger = logger
    self.takesOver = takesOver
    let proxy = try ProxyServer(
      configuration: configuration, modules: modules, takesOver: takesOver, logger: logger)
    self.proxy = proxy
    let reloader = source.map { source in
      ConfigurationReloader(
        source: source, logger: logger, unixMilliseconds: AdminServer.systemTime
      ) { try await proxy.reload($0, unixMilliseconds: $1) }
    }
    self.reloader = reloader
    exporter = configuration.tracing.flatMap { tracing in
      tracing.collector.map {
        TraceExporter(
          collector: $0, serviceName: tracing.serviceName, proxy: proxy, logger: logger)
      }
    }
    let token = try configuration.admin.flatMap { admin in
      try AdminToken.read(for: admin, environment: environment)
    }
    succession = configuration.admin.flatMap { admin in
      // The older one is at the same address, which then is one that is named.
      guard takesOver, admin.listen.port != 0 else { return nil }
      return Succession(
        admin: admin, token: token, routing: proxy.routing, logger: logger,
        unixMilliseconds: AdminServer.systemTime)
    }
    let bound = adminAddress
    admin = try configuration.admin.map { admin in
      try AdminServer(
        configuration: admin, token: token,
        routing: proxy.routing, counters: proxy.counters, readiness: proxy.readiness,
        upstreams: proxy.upstreams, reloader: reloader, waitsForAddress: takesOver,
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
    var services: [any Service] = exporter.map { [$0] } ?? []
    services += admin.map { guarded(by: $0) } ?? [proxy]
    do {
      try await ServiceGroup(services: services, logger: logger).run()
    } catch {
      adminAddress.fail(error)
      proxy.abandon(error)
      throw error
    }
  }

  /// Both, in the order in which they start; they stop the other way round.
  private func guarded(by admin: AdminServer) -> [any Service] {
    let address = adminAddress
    let first = Step {
      do {
        try await admin.run()
      } catch {
        address.fail(error)
        throw error
      }
    }
    // Nobody is served by a proxy that could not be asked about it.
    let second = Step { [proxy, takesOver, succession] in
      if !takesOver { _ = try await address.value() }
      guard let succession, let live = await succession.begin() else {
        return try await proxy.run()
      }
      async let _: Void = succession.follow(live, until: address)
      try await proxy.run()
    }
    return [first, second]
  }

  private struct Step: Service {
    let body: @Sendable () async throws -> Void
    func run() async throws { try await body() }
  }
}
