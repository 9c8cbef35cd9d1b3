// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
package import ProxyDataPlane
public import RoutingDecisions
internal import ServiceLifecycle

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// The admin API: routes and their percentages, metrics, health.
///
/// Run it in the proxy's `ServiceGroup`, before the proxy: services are shut down from the last to
/// the first, so it still answers health checks and scrapes while the proxy drains.
package struct AdminServer: Service {
  /// Most connections that are open at once; further ones wait in the kernel's queue.
  package static let maximumConnections = 128
  /// How long a connection may be idle, in seconds.
  package static let idleTimeout: Int64 = 60

  private let application: Application<RouterResponder<AdminRequestContext>>
  private let address: NetworkAddress
  private let waitsForAddress: Bool
  private let logger: Logger

  /// Creates the server; nothing listens before `run()`.
  ///
  /// - Parameters:
  ///   - configuration: the address, which must be a loopback address unless there is a token.
  ///   - token: what requests must carry as `Authorization: Bearer`; nil asks for nothing.
  ///   - routing: the table that is shown and changed.
  ///   - counters: the numbers behind `/metrics`.
  ///   - readiness: what `/health/ready` says.
  ///   - upstreams: what `/upstreams` and `/metrics` say about upstreams.
  ///   - shadows: what `/shadows` and `/metrics` say about shadowed traffic.
  ///   - reloader: what `/reload` calls; nil when there is no file to read again.
  ///   - cutovers: carries plans out; nil when there is no journal to write them down in.
  ///   - data: moves tables; nil when the configuration has no section data.
  ///   - sagas: tells of sagas; nil when the configuration names no store of them.
  ///   - registry: the instances that register; nil for none.
  ///   - registryToken: is good for the registry alone.
  ///   - evidence: the file with what comparing both sides found; it may come later. nil for none.
  ///   - liveRun: the run in it that this process writes; nil while there is none.
  ///   - waitsForAddress: an older process still has the address, and will leave it.
  ///   - onListening: called with the port once connections are taken.
  ///   - unixMilliseconds: the time, milliseconds since 1970-01-01T00:00:00Z.
  ///   - logger: gets a line for each change of a percentage.
  /// - Throws: `AdminServerError` for an address that needs a token and has none.
  package init(
    configuration: AdminConfiguration, token: AdminToken?, routing: LiveRouting,
    counters: ProxyCounters, readiness: ProxyReadiness, upstreams: UpstreamMonitor? = nil,
    shadows: ShadowMonitor? = nil, reloader: ConfigurationReloader? = nil,
    cutovers runner: CutoverRunner? = nil, data: DataOffice? = nil,
    sagas: (any SagaSource)? = nil, registry: InstanceRegistry? = nil,
    registryToken: AdminToken? = nil, evidence: String? = nil,
    liveRun: @escaping @Sendable () -> Int64? = { nil },
    waitsForAddress: Bool = false, logger: Logger,
    unixMilliseconds: @escaping @Sendable () -> Int64 = Self.systemTime,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
  ) throws(AdminServerError) {
    guard configuration.listen.isLoopback || token != nil else {
      throw .tokenMissing(configuration.listen)
    }
    address = configuration.listen
    self.waitsForAddress = waitsForAddress
    self.logger = logger
    // What is written down needs somebody to vouch for it.
    guard runner == nil || token != nil else { throw .tokenMissingForJournal }
    let router = Router(context: AdminRequestContext.self, options: .autoGenerateHeadEndpoints)
    let recorded = RecordedPaths()
    router.add(middleware: ProblemMiddleware(paths: recorded))
    router.add(middleware: CrossSiteGuard(trustsHost: token != nil))
    let open = RecordingRoutes(base: router, paths: recorded)
    HealthController(readiness: readiness).addRoutes(to: open)
    DescriptionController().addRoutes(to: open)
    let refusals = TokenRefusals(logger: logger)
    let tokens = [token].compactMap(\.self)
    let guarded = RecordingRoutes(
      base: router.group().add(middleware: TokenGuard(tokens: tokens, refusals: refusals)),
      paths: recorded)
    if let registry {
      let either = TokenGuard(
        tokens: tokens + [registryToken].compactMap(\.self), refusals: refusals)
      RegistryController(registry: registry)
        .addRoutes(
          to: RecordingRoutes(base: router.group().add(middleware: either), paths: recorded))
    }
    RoutesController(routing: routing, runner: runner, unixMilliseconds: unixMilliseconds)
      .addRoutes(to: guarded)
    CutoversController(runner: runner).addRoutes(to: guarded)
    JournalController(runner: runner).addRoutes(to: guarded)
    DataController(office: data, hasToken: token != nil).addRoutes(to: guarded)
    SagasController(source: sagas).addRoutes(to: guarded)
    MetricsController(
      routing: routing, counters: counters, upstreams: upstreams, shadows: shadows,
      reloader: reloader, runner: runner
    )
    .addRoutes(to: guarded)
    if let upstreams { UpstreamsController(upstreams: upstreams).addRoutes(to: guarded) }
    if let shadows { ShadowsController(shadows: shadows).addRoutes(to: guarded) }
    ConfigurationController(routing: routing, reloader: reloader, runner: runner)
      .addRoutes(to: guarded)
    if let evidence {
      EvidenceController(path: evidence, liveRun: liveRun, unixMilliseconds: unixMilliseconds)
        .addRoutes(to: guarded)
    }
    let feed = ConsoleFeed(
      ConsoleSources(
        routing: routing, counters: counters, readiness: readiness, upstreams: upstreams,
        shadows: shadows, cutovers: runner, data: data, hasSagas: sagas != nil,
        hasEvidence: evidence != nil, unixMilliseconds: unixMilliseconds))
    ConsoleController(feed: feed, needsToken: token != nil)
      .addRoutes(
        open: RecordingRoutes(base: router, paths: recorded, areListed: false),
        guarded: RecordingRoutes(base: guarded.base, paths: recorded, areListed: false))
    application = Self.application(
      router.buildResponder(), at: configuration.listen, feed, logger, onListening)
  }

  private static func application(
    _ responder: RouterResponder<AdminRequestContext>, at address: NetworkAddress,
    _ feed: ConsoleFeed, _ logger: Logger,
    _ onListening: @escaping @Sendable (Int) async -> Void
  ) -> Application<RouterResponder<AdminRequestContext>> {
    Application(
      responder: responder,
      server: .http1(configuration: .init(idleTimeout: .seconds(Self.idleTimeout))),
      configuration: ApplicationConfiguration(
        address: .hostname(address.host, port: address.port),
        availableConnectionsDelegate: MaximumAvailableConnections(Self.maximumConnections)),
      services: [feed],
      onServerRunning: { await onListening($0.localAddress?.port ?? address.port) },
      logger: logger)
  }

  /// Serves until graceful shutdown or cancellation; throws `AdminServerError.bindFailed` when the
  /// address cannot be bound.
  package func run() async throws {
    var attempts = 0
    while true {
      do {
        return try await application.run()
      } catch let error as IOError {
        guard waitsForAddress, SystemErrorText.isAddressInUse(error) else {
          throw AdminServerError.bindFailed(address, reason: SystemErrorText.plain(error))
        }
        reportHolder(attempts)
        attempts += 1
      }
      // At shutdown nobody needs the address any more.
      do {
        try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.patience) }
      } catch {
        return
      }
    }
  }

  /// Says who has the address: of a stranger that is a warning, now and then.
  private func reportHolder(_ attempts: Int) {
    guard case .stranger(let user) = AddressHolder.of(address) else {
      return logger.debug("admin address is in use", metadata: ["address": "\(address)"])
    }
    if attempts % Self.attemptsPerWarning > 0 { return }
    logger.warning(
      "the admin address is held by a program of another user",
      metadata: [
        "address": "\(address)", "uid": "\(user)",
        "consequence": "this proxy takes no orders before the address is free",
      ])
  }

  /// Time between two attempts to get the address.
  private static let patience = Duration.milliseconds(250)
  /// One warning a minute.
  private static let attemptsPerWarning = 240

  /// The system's clock.
  @Sendable package static func systemTime() -> Int64 {
    Int64(Date().timeIntervalSince1970 * 1000)
  }
}

/// Why an admin server was not created, or did not run.
public enum AdminServerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The address can be reached from other machines, and nothing would guard it.
  case tokenMissing(NetworkAddress)
  /// A journal is kept, and nobody has to prove who moves routes.
  case tokenMissingForJournal
  /// The environment variable that should hold the token is not set.
  case tokenVariableNotSet(String)
  /// The token can be guessed; the variable or file it came from.
  case tokenTooShort(String)
  /// The file that should hold the token cannot be read, or made.
  case tokenFileUnusable(String, reason: String)
  /// Nobody listens on the admin address, so there is nobody to take over from.
  case noOlderProcess
  /// A program of another user listens on the admin address.
  case addressHeldByStranger(NetworkAddress, user: UInt32)
  /// The older process does not tell what is to be taken over; the status it answered.
  case olderProcessRefused(String)
  /// The address cannot be listened on.
  case bindFailed(NetworkAddress, reason: String)

  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .tokenMissing(let address):
      "the admin address \(address) can be reached from other machines: listen on 127.0.0.1, "
        + "or set proxy.admin-token-file or proxy.admin-token-env"
    case .tokenMissingForJournal:
      "what is journaled needs somebody to vouch for it: set proxy.admin-token-file or "
        + "proxy.admin-token-env"
    case .tokenVariableNotSet(let variable):
      "the environment variable \(variable) should hold the admin token, but it is not set"
    case .tokenTooShort(let variable):
      "the admin token in \(variable) is shorter than \(AdminToken.minimumLength) characters"
    case .tokenFileUnusable(let file, let reason):
      "the admin token cannot be read from \(file): \(reason)"
    case .noOlderProcess: "nobody listens there"
    case .addressHeldByStranger(let address, let user):
      "\(address) is held by a program of another user (uid \(user)): it was not asked, and is "
        + "told no token"
    case .olderProcessRefused(let status): "the older process answered \(status)"
    case .bindFailed(let address, let reason):
      "cannot listen on \(address): \(reason); choose another address with proxy.admin, or stop "
        + "what uses this one"
    }
  }
}
