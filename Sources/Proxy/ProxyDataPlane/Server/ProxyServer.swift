// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
public import Logging
public import RoutingDecisions
public import ServiceLifecycle
import Synchronization

/// The front proxy: listens, routes each request to one of its upstreams, and answers.
///
/// Runs as a `Service`. On graceful shutdown it takes no new connections, lets every request in
/// flight finish, then closes what is left after `timeouts.drain`.
public final class ProxyServer: Service {
  /// The routing in force; change percentages here.
  public let routing: LiveRouting
  /// What happened so far.
  public let counters: ProxyCounters
  /// Counts the requests of routes under a cutover.
  package let watch: RouteWatch
  /// The state of its upstreams.
  public let upstreams: UpstreamMonitor
  /// What became of the requests that routes shadow.
  public let shadows: ShadowMonitor
  /// Whether it takes connections.
  public let readiness = ProxyReadiness()

  private let configuration: ProxyConfiguration
  private let takesOver: Bool
  let modules: [String: any InProcessModule]
  private let upstreamParts: [UpstreamParts]
  let tls: LiveTLS
  private let logger: Logger
  let observation: Observation
  private let bound = BoundAddress()
  let transport = Mutex<(any ProxyTransport)?>(nil)
  let reloads = ChangeLine()

  /// Prepares a proxy; nothing is bound before `run`.
  ///
  /// - Parameters:
  ///   - configuration: where to listen, whom to ask, what goes where.
  ///   - modules: the modules that upstreams name, by that name.
  ///   - takesOver: listens beside an older proxy of the same user on the same port, which is asked
  ///     to stop once this one runs: connections that come go to this one from then on.
  ///   - logger: gets one line for each change of state; nothing per request.
  /// - Throws: `InvalidConfiguration`, also for certificates that cannot be used, or
  ///   `ProxyServerError` when a module is missing or the transport cannot take over.
  public init(
    configuration: ProxyConfiguration, modules: [String: any InProcessModule] = [:],
    takesOver: Bool = false, logger: Logger = Logger(label: "strangler.proxy")
  ) throws {
    if takesOver, configuration.transport != .epoll { throw ProxyServerError.cannotTakeOver }
    self.takesOver = takesOver
    self.configuration = configuration
    self.modules = modules
    self.logger = logger
    routing = LiveRouting(try RoutingTable(configuration))
    tls = try LiveTLS(configuration, routing.current.numbers)
    counters = ProxyCounters(
      configuration, rejectionReasons: Rejection.allCases.map(\.name),
      failureReasons: UpstreamFailure.allCases.map(\.name))
    watch = RouteWatch(workers: configuration.workers)
    observation = try Observation(
      configuration, counters: counters.observation, logger: logger)
    let host = try ShadowHost(
      configuration, routing.current.numbers, modules: modules,
      tracing: observation.tracing, logger: logger)
    shadows = ShadowMonitor(host)
    let targets = try configuration.upstreams.map { try UpstreamTarget($0, modules) }
    upstreams = UpstreamMonitor(logger: logger)
    upstreamParts = zip(targets, upstreams.adopt(configuration, routing.current.numbers)).map {
      UpstreamParts(target: $0, shared: $1)
    }
  }

  /// The address it listens on, with the port the system picked; waits until it is bound.
  ///
  /// - Throws: `ProxyServerError` when `run` failed or ended.
  public func boundAddress() async throws -> NetworkAddress { try await bound.value() }

  /// It will not run: whoever waits for its address is told why.
  package func abandon(_ error: any Error) { bound.fail(error) }

  /// Serves until graceful shutdown or cancellation.
  ///
  /// - Throws: `ProxyServerError` when the listener cannot be bound.
  public func run() async throws {
    warnOfCertificates()
    let transport = makeTransport()
    await upstreams.prepare()
    do {
      let address = try await transport.start()
      logger.info(
        "proxy listens",
        metadata: ["address": "\(address)", "transport": "\(configuration.transport.rawValue)"])
      self.transport.withLock { $0 = transport }
      bound.succeed(address)
    } catch {
      bound.fail(error)
      await transport.shutDown()
      throw error
    }
    // In line with reloads, which may begin to shadow too.
    try? await reloads.run { await self.shadows.host.start() }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.upstreams.watch(self.tls) }
      group.addTask { await self.shadows.host.watch() }
      await serve(on: transport)
      group.cancelAll()
    }
    self.transport.withLock { $0 = nil }
    bound.fail(ProxyServerError(code: .notRunning, message: "The proxy has stopped."))
  }

  /// Reads certificates, keys and authorities anew; connections from now on use them, and those
  /// that are open go on as they are. Sessions can still be resumed.
  ///
  /// - Throws: `InvalidConfiguration` with everything that is wrong with the files, among that a
  ///   certificate that has expired in place of one that has not; what was in force stays in force
  ///   then.
  public func reloadCertificates() throws(InvalidConfiguration) {
    let table = routing.current
    tls.install(try tls.prepare(table.configuration, table.numbers))
    try shadows.host.reloadCertificates()
    logger.info("certificates reloaded")
    warnOfCertificates()
  }

  /// Those that are in force and will be refused by the other end.
  func warnOfCertificates() {
    for warning in tls.warnings { logger.warning("\(warning)") }
  }

  private func serve(on transport: any ProxyTransport) async {
    readiness.advance(to: .ready)
    // Returns on graceful shutdown and throws on cancellation; both end the service.
    let isGraceful = (try? await gracefulShutdown()) != nil
    await transport.stopListening()
    if isGraceful {
      let limit = routing.current.configuration.timeouts.drain
      logger.info("proxy drains", metadata: ["limit": "\(limit)"])
      await transport.beginDrain(limit: limit)
      // Whoever sees this state may rely on every answer from now on being its connection's last.
      readiness.advance(to: .draining)
      await transport.drained()
    }
    readiness.advance(to: .draining)
    await transport.shutDown()
    await shadows.host.shutDown()
    observation.log?.finish()
    logger.info("proxy stopped")
  }

  private func makeTransport() -> any ProxyTransport {
    let parts = ServerParts(
      upstreams: upstreamParts,
      names: UpstreamNames(
        numbers: routing.current.numbers, paths: ComposedPaths(configuration)),
      routing: routing, counters: counters, watch: watch,
      accepting: AcceptLimit(configuration.limits.clientConnections), observation: observation,
      takesOver: takesOver, tls: tls, shadow: shadows.host.live, logger: logger)
    #if os(Linux)
      if configuration.transport == .epoll { return EpollTransport(configuration, parts) }
    #endif
    return NIOTransport(configuration, parts)
  }
}
