// SPDX-License-Identifier: Apache-2.0

internal import CutoverJournalStore
public import Logging
public import ProxyDataPlane
public import RoutingDecisions
internal import ServiceLeaseStore
internal import ServiceLeases
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
  private let cutovers: CutoverRunner?
  private let exporter: TraceExporter?
  private let evidence: LiveEvidence?
  private let registry: InstanceRegistry?
  /// Knows the instances that registered with an older process; nil where there is none to ask.
  private let older: OlderProcess?
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
  ///   - evidence: The SQLite file that takes what shadows find, as `strangler shadow report` reads
  ///     it and the console shows it; made once a route shadows. nil leaves it at counters.
  ///   - source: Reads the configuration again for `reloader` and `POST /reload`; nil for none.
  ///   - logger: Gets one line for each change of state; nothing per request.
  /// - Throws: `InvalidConfiguration`, `ProxyServerError` for a module that is missing,
  ///   `AdminServerError` for an admin address that nothing would guard; an error that tells what
  ///   is wrong with the journal. `run` throws that too, for a journal that was changed.
  public init(
    configuration: ProxyConfiguration, modules: [String: any InProcessModule] = [:],
    environment: [String: String] = ProcessInfo.processInfo.environment,
    takesOver: Bool = false, evidence: String? = nil,
    source: ConfigurationReloader.Source? = nil,
    logger: Logger = Logger(label: "strangler.proxy")
  ) throws {
    try self.init(
      configuration: configuration, modules: modules, environment: environment,
      takesOver: takesOver, evidence: evidence, source: source, data: nil, logger: logger)
  }

  /// - Parameters:
  ///   - data: Moves the tables of the section data; nil where there is none.
  ///   - sagas: Tells of the sagas in the outbox's database; nil where none is named.
  package init(
    configuration: ProxyConfiguration, modules: [String: any InProcessModule] = [:],
    environment: [String: String] = ProcessInfo.processInfo.environment,
    takesOver: Bool = false, evidence: String? = nil,
    source: ConfigurationReloader.Source? = nil, data: (any DataMover)?,
    sagas: (any SagaSource)? = nil, logger: Logger = Logger(label: "strangler.proxy")
  ) throws {
    self.logger = logger
    self.takesOver = takesOver
    let proxy = try ProxyServer(
      configuration: configuration, modules: modules, takesOver: takesOver, logger: logger)
    self.proxy = proxy
    let live = evidence.map { path in
      LiveEvidence(
        path: path, shadows: proxy.shadows, logger: logger,
        unixMilliseconds: AdminServer.systemTime,
        serving: { _ = try await proxy.boundAddress() })
    }
    self.evidence = live
    let cutovers = try Self.cutovers(configuration, proxy, live, logger)
    self.cutovers = cutovers
    let registry = try Self.registry(configuration, proxy, logger)
    self.registry = registry
    let reloader = source.map { source in
      ConfigurationReloader(
        source: source, logger: logger, unixMilliseconds: AdminServer.systemTime
      ) { next, cause, time in
        guard let cutovers else { return try await proxy.reload(next, unixMilliseconds: time) }
        return try await cutovers.reload(cause: cause) {
          try await proxy.reload(next, unixMilliseconds: time)
        }
      }
    }
    self.reloader = reloader
    exporter = configuration.tracing.flatMap { tracing in
      tracing.collector.map {
        TraceExporter(
          collector: $0, serviceName: tracing.serviceName, proxy: proxy, logger: logger)
      }
    }
    let token = try configuration.admin.flatMap { admin in
      try Self.token(for: admin, environment, logger)
    }
    succession = configuration.admin.flatMap { admin in
      // The older one is at the same address, which then is one that is named. With a journal
      // there is no need to ask.
      guard takesOver, admin.listen.port != 0, cutovers == nil else { return nil }
      return Succession(
        holder: AddressHolder.of, admin: admin, token: token, routing: proxy.routing,
        logger: logger,
        unixMilliseconds: AdminServer.systemTime)
    }
    older = configuration.admin.flatMap { admin in
      guard takesOver, admin.listen.port != 0, registry?.isShared == false else { return nil }
      return OlderProcess(holder: AddressHolder.of, admin: admin, token: token)
    }
    let registryToken = try Self.registryToken(configuration, environment)
    let bound = adminAddress
    admin = try configuration.admin.map { admin in
      try AdminServer(
        configuration: admin, token: token,
        routing: proxy.routing, counters: proxy.counters, readiness: proxy.readiness,
        upstreams: proxy.upstreams, shadows: proxy.shadows, reloader: reloader,
        cutovers: cutovers,
        data: data.map { DataOffice($0, unixMilliseconds: AdminServer.systemTime) },
        sagas: sagas, registry: registry, registryToken: registryToken,
        evidence: evidence, liveRun: { live?.run }, waitsForAddress: takesOver, logger: logger,
        onListening: { bound.succeed(NetworkAddress(host: admin.listen.host, port: $0)) })
    }
  }

  private static func token(
    for admin: AdminConfiguration, _ environment: [String: String], _ logger: Logger
  ) throws(AdminServerError) -> AdminToken? {
    let token = try AdminToken.read(for: admin, environment: environment)
    if let mode = AdminToken.exposure(of: admin) {
      logger.warning(
        "others on this machine can use the admin token: let its owner alone read the file",
        metadata: ["file": "\(admin.tokenFile ?? "")", "mode": "\(mode)"])
    }
    return token
  }

  /// nil where nobody could register.
  private static func registry(
    _ configuration: ProxyConfiguration, _ proxy: ProxyServer, _ logger: Logger
  ) throws -> InstanceRegistry? {
    let store = try LeaseStorePlace.open(configuration.registry)
    guard store != nil || configuration.admin != nil else { return nil }
    return InstanceRegistry(store: store, logger: logger) { proxy.register($0) }
  }

  private static func registryToken(
    _ configuration: ProxyConfiguration, _ environment: [String: String]
  ) throws(AdminServerError) -> AdminToken? {
    guard let admin = configuration.admin, let registry = configuration.registry else { return nil }
    return try AdminToken.read(
      for: AdminConfiguration(
        listen: admin.listen, tokenEnvironmentVariable: registry.tokenEnvironmentVariable,
        tokenFile: registry.tokenFile), environment: environment)
  }

  private static func cutovers(
    _ configuration: ProxyConfiguration, _ proxy: ProxyServer, _ evidence: LiveEvidence?,
    _ logger: Logger
  ) throws -> CutoverRunner? {
    try configuration.journal.map { journal in
      CutoverRunner(
        journal: try JournalPlace.open(journal),
        routing: proxy.routing,
        traffic: ProxyTraffic(watch: proxy.watch, routing: proxy.routing),
        comparisons: ShadowComparisons(evidence) { [shadows = proxy.shadows] in
          shadows.snapshot().map { ($0.route, $0.tally) }
        },
        replica: replica(journal, configuration.admin),
        logger: logger, unixMilliseconds: AdminServer.systemTime)
    }
  }

  /// What this proxy is called among those that share its journal; nil for one of its own.
  private static func replica(
    _ journal: JournalConfiguration, _ admin: AdminConfiguration?
  ) -> ReplicaName? {
    guard case .postgreSQL = journal.place else { return nil }
    let address = admin.flatMap { $0.listen.port == 0 ? nil : "\($0.listen)" }
    let machine = ProcessInfo.processInfo.hostName
    return ReplicaName(
      id: UUID().uuidString.lowercased(), name: journal.proxyName ?? machine, admin: address,
      machine: machine)
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
    // The first one stops last: whatever the proxy finds until it has drained is written.
    var services: [any Service] = evidence.map { [$0] } ?? []
    services += exporter.map { [$0] } ?? []
    services += registry.map { [$0] } ?? []
    services += admin.map { guarded(by: $0) } ?? unguarded
    do {
      try await ServiceGroup(services: services, logger: logger).run()
    } catch {
      adminAddress.fail(error)
      proxy.abandon(error)
      throw error
    }
  }

  /// Without an admin address there are no orders, but routes stand where the journal says.
  private var unguarded: [any Service] {
    guard let cutovers else {
      let only = Step { [proxy, registry] in
        await registry?.look()
        try await proxy.run()
      }
      return [only]
    }
    let between = Step { [takesOver] in
      if takesOver, !cutovers.isShared { await cutovers.follow { true } }
      try await cutovers.run()
    }
    let last = Step { [proxy, takesOver, registry] in
      try await Self.begin(cutovers, leads: !takesOver)
      await registry?.look()
      try await proxy.run()
    }
    return [between, last]
  }

  /// All, in the order in which they start; they stop the other way round.
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
    let last = Step { [proxy, takesOver, succession, cutovers, registry, older] in
      if !takesOver { _ = try await address.value() }
      if let cutovers { try await Self.begin(cutovers, leads: !takesOver) }
      await registry?.look()
      await Self.take(older, registry, until: address)
      async let _: Void = Self.follow(older, registry, until: address)
      guard let succession, let live = await succession.begin() else {
        return try await proxy.run()
      }
      async let _: Void = succession.follow(live, until: address)
      try await proxy.run()
    }
    guard let cutovers else { return [first, last] }
    let between = Step { [takesOver] in
      // Until the older process has ended it carries the plans out.
      // One of several proxies leads by a lease instead.
      if takesOver, !cutovers.isShared { await cutovers.follow { address.isKnown } }
      try await cutovers.run()
    }
    return [first, between, last]
  }

  /// Instances register with the older process until this one has the address.
  private static func follow(
    _ older: OlderProcess?, _ registry: InstanceRegistry?, until address: BoundAddress
  ) async {
    while older != nil, !address.isKnown, (try? await Task.sleep(for: Succession.interval)) != nil {
      await take(older, registry, until: address)
    }
  }

  private static func take(
    _ older: OlderProcess?, _ registry: InstanceRegistry?, until address: BoundAddress
  ) async {
    guard let listing = try? await older?.answer(to: "/registry", as: RegistryListing.self),
      !address.isKnown
    else { return }
    await registry?.take(listing)
  }

  /// Puts the routes where the journal says. Which of several proxies leads is settled by asking;
  /// so is whether the journal has lost what they have seen.
  private static func begin(_ cutovers: CutoverRunner, leads: Bool) async throws {
    try await cutovers.restore(leads: leads && !cutovers.isShared)
    if cutovers.isShared { try await cutovers.join() }
  }

  private struct Step: Service {
    let body: @Sendable () async throws -> Void
    func run() async throws { try await body() }
  }
}
