// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Logging
import ResiliencePolicies
import RoutingDecisions
import Synchronization

/// The lane of one server and everything that is its own: numbers, upstreams with their breakers
/// and pools, TLS, counters, and the thread it runs on, which exists once a route shadows.
final class ShadowHost: Sendable {
  /// Where workers hand over what they copied.
  let live = LiveShadow()
  /// Takes what is found; set before the server runs. Without one, counters are all there is.
  let ledger = Mutex<(any ShadowLedger)?>(nil)

  private struct State {
    var configuration: ProxyConfiguration
    var numbers: RoutingNumbers
    var parts: [UpstreamParts]
    var thread: (any ShadowThread)?
  }

  private let state: Mutex<State>
  private let upstreams: UpstreamMonitor
  private let counters: ProxyCounters
  private let tls: LiveTLS
  private let modules: [String: any InProcessModule]
  /// Where the spans of copies go.
  private let tracing: Tracing?
  private let logger: Logger

  init(
    _ configuration: ProxyConfiguration, _ numbers: RoutingNumbers,
    modules: [String: any InProcessModule], tracing: Tracing?, logger: Logger
  ) throws {
    var logger = logger
    logger[metadataKey: "lane"] = "shadow"
    self.logger = logger
    self.modules = modules
    self.tracing = tracing
    let own = configuration.ofShadowLane
    let ownNumbers = RoutingNumbers(own)
    tls = try LiveTLS(own, ownNumbers)
    counters = ProxyCounters(
      own, rejectionReasons: Rejection.allCases.map(\.name),
      failureReasons: UpstreamFailure.allCases.map(\.name))
    upstreams = UpstreamMonitor(logger: logger)
    let targets = try own.upstreams.map { try UpstreamTarget($0, modules) }
    let parts = zip(targets, upstreams.adopt(own, ownNumbers)).map {
      UpstreamParts(target: $0, shared: $1)
    }
    state = Mutex(State(configuration: own, numbers: ownNumbers, parts: parts))
    live.adopt(configuration, numbers, lane: ownNumbers)
  }

  /// What is known of every route that shadows now.
  func snapshot() -> [ShadowSnapshot] {
    let breakers = Dictionary(
      upstreams.snapshot().map { ($0.name, $0.breaker) }, uniquingKeysWith: { $1 })
    return live.routes.compactMap { route in
      guard let route else { return nil }
      let current = route.counts.current
      let breaker = breakers[route.extracted] ?? nil
      return ShadowSnapshot(
        route: route.name, summary: route.configuration.summary, legacy: route.legacy,
        extracted: route.extracted, service: route.service.text,
        breaker: breaker == "closed" ? nil : breaker,
        tally: current.tally, bytes: current.bytes,
        peakBytes: current.peak, bytesLimit: route.configuration.bodyBytes)
    }
  }
}

// MARK: - Running

extension ShadowHost {
  /// Begins to send, when a route shadows and nobody sends yet.
  func start() async {
    guard live.routes.contains(where: { $0 != nil }), state.withLock({ $0.thread == nil }) else {
      return
    }
    await upstreams.prepare()
    guard let thread = makeThread() else {
      return logger.error("no request is shadowed: the system has no descriptors left")
    }
    state.withLock { $0.thread = thread }
    live.connect { thread.wake() }
    logger.info("shadow lane runs")
  }

  private func makeThread() -> (any ShadowThread)? {
    let (asked, upstreamParts, numbers) = state.withLock {
      ($0.configuration, $0.parts, $0.numbers)
    }
    guard let table = try? RoutingTable(asked) else { return nil }
    // After the table, which takes no limits beyond those that a file may set.
    var configuration = asked
    configuration.limits.makeRoom()
    let parts = ServerParts(
      upstreams: upstreamParts,
      names: UpstreamNames(numbers: numbers, paths: ComposedPaths(asked)),
      routing: LiveRouting(table), counters: counters,
      watch: RouteWatch(workers: configuration.workers), accepting: AcceptLimit(0),
      observation: Observation(ofShadowLane: tracing), takesOver: false, tls: tls,
      shadow: LiveShadow(), logger: logger)
    let ledger = ledger.withLock(\.self)
    #if os(Linux)
      if configuration.transport == .epoll {
        return EpollShadowThread(configuration, parts, live, ledger)
      }
    #endif
    return NIOShadowThread(configuration, parts, live, ledger)
  }

  /// Services that registered have their instances here.
  func register(_ services: [String: [NetworkAddress]]) { upstreams.register(services) }

  /// Looks after the lane's upstreams until it is cancelled.
  func watch() async { await upstreams.watch(tls) }

  func shutDown() async {
    live.connect(nil)
    let thread = state.withLock { state in
      defer { state.thread = nil }
      return state.thread
    }
    await thread?.shutDown()
  }
}

// MARK: - Changes

extension ShadowHost {
  /// What a change needs and may not get.
  struct Change {
    fileprivate let own: ProxyConfiguration
    fileprivate let ownNumbers: RoutingNumbers
    fileprivate let targets: [UpstreamTarget]
    fileprivate let contexts: LiveTLS.Contexts
  }

  /// Looks whether another configuration can be taken up; nothing changes yet.
  func prepare(_ next: ProxyConfiguration) throws -> Change {
    let own = next.ofShadowLane
    let before = state.withLock(\.numbers)
    guard let ownNumbers = before.adopting(own) else { throw ProxyServerError.numbersExhausted }
    let targets = try ownNumbers.upstreams.dropFirst(before.upstreams.count)
      .map { try UpstreamTarget($0, modules) }
    return Change(
      own: own, ownNumbers: ownNumbers, targets: targets,
      contexts: try tls.prepare(own, ownNumbers))
  }

  /// Takes up another configuration; called before any request is decided by it.
  ///
  /// - Parameters:
  ///   - change: what was prepared for it.
  ///   - numbers: of the server's routes.
  func adopt(_ change: Change, of next: ProxyConfiguration, _ numbers: RoutingNumbers) async {
    let (own, ownNumbers) = (change.own, change.ownNumbers)
    tls.install(change.contexts)
    counters.grow(ownNumbers)
    let added = zip(change.targets, upstreams.adopt(own, ownNumbers)).map {
      UpstreamParts(target: $0, shared: $1)
    }
    let (thread, before) = state.withLock { state in
      let before = state.numbers
      state.configuration = own
      state.numbers = ownNumbers
      state.parts += added
      return (state.thread, before)
    }
    await upstreams.prepare()
    await thread?.adopt(
      WorkerChange(
        timeouts: own.timeouts, numbers: ownNumbers, paths: ComposedPaths(own), added: added))
    live.adopt(next, numbers, lane: ownNumbers)
    let retired = before.retired(by: ownNumbers)
    await thread?.retire(retired)
    upstreams.retire(retired)
    await start()
  }

  /// Reads certificates and authorities anew.
  func reloadCertificates() throws(InvalidConfiguration) {
    let (configuration, numbers) = state.withLock { ($0.configuration, $0.numbers) }
    tls.install(try tls.prepare(configuration, numbers))
  }
}

extension ProxyLimits {
  /// For what the proxy added to requests on their way to legacy, and what marks a copy.
  fileprivate mutating func makeRoom() {
    fields += 16
    field += 256
    head += 4096
    requestLine += 16
  }
}

extension ProxyConfiguration {
  /// What the lane runs by: routes that shadow and their upstreams, each with a breaker, and
  /// without what clients need.
  ///
  /// Nothing is sent twice but what met a connection that was closing, and nobody is asked how well
  /// he is a second time.
  fileprivate var ofShadowLane: ProxyConfiguration {
    var own = self
    own.workers = 1
    own.tls = nil
    own.admin = nil
    own.accessLog = nil
    own.tracing = nil
    own.cutovers = []
    own.routes = own.routes.filter { ($0.shadow?.mode ?? .off) != .off }
    let sides = Set(own.routes.flatMap { [$0.legacy, $0.extracted].compactMap(\.self) })
    let asked = own.upstreams(behind: sides)
    own.routes = own.routes.map { route in
      var route = route
      route.shadow = nil
      return route
    }
    own.upstreams = own.upstreams.filter { asked.contains($0.name) }.map { upstream in
      var upstream = upstream
      if case .rules = upstream.policies.breaker {
      } else {
        upstream.policies.breaker = .rules(BreakerRules())
      }
      upstream.policies.healthCheck = nil
      upstream.policies.bulkhead = nil
      upstream.policies.retries = RetryRules(attempts: 1, budgetPercent: 0, budgetFloor: 0)
      return upstream
    }
    return own
  }
}
