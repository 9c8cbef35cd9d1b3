// SPDX-License-Identifier: Apache-2.0

import Logging
import ResiliencePolicies
import RoutingDecisions
import Synchronization

/// What all workers know of one upstream: its endpoints, their health, and its breaker.
///
/// One breaker and one judgement of an endpoint for the process: a worker would need many times as
/// long to see as much. What a request reads is two atomic numbers that change with the state only,
/// so they stay in every core's cache; a worker takes the lock after a change, for each failure,
/// and for successes while a failure is on record. Successes of quiet times are added up by each
/// worker and handed over with its tick.
final class SharedUpstream: Sendable {
  let name: String
  let policies: UpstreamPolicies
  let speaksHTTP2: Bool
  /// Its limit of requests under way, for all workers together; nil without one.
  let bulkhead: SharedPlaces?
  /// The upstream is a module of this process, which has one endpoint without an address.
  let isModule: Bool
  /// What came of the parts of its answers; nil when it is not composed.
  let parts: PartTally?
  /// The service whose registered instances are its endpoints; nil for endpoints of the file.
  let service: String?
  /// Endpoints given by a host name.
  let names: [NetworkAddress]
  private let logger: Logger
  private let state: Mutex<State>
  /// Goes up when the endpoints, their health or the breaker's state change.
  private let publishedVersion = Atomic<UInt64>(1)
  /// A failure is on record: successes have to be told one by one.
  private let attention = Atomic<Bool>(false)
  /// Something changes with time alone.
  private let clockwork = Atomic<Bool>(false)
  private let retired = Atomic<Bool>(false)
  private let lookedUp = Atomic<Bool>(false)
  /// The other sides of its routes, each once, and by number of the route.
  private let others = Mutex<(all: [SharedUpstream], byRoute: [Int: SharedUpstream])>(([], [:]))

  struct State: Sendable {
    var endpoints: [SharedEndpoint]
    var breaker: CircuitBreaker?
    var ejection: EjectionRules?
    var totals = UpstreamTotals()
    /// What all its requests came to, for the other sides of its routes.
    var recent = RecentOutcomes()
  }

  /// - Parameters:
  ///   - registered: instances of its service that are known already.
  ///   - former: what stood behind the name before its settings changed. What was learned under
  ///     settings that are the same now still holds: a change of anything else must not close an
  ///     open breaker, nor let twice as many requests pass.
  init(
    _ configuration: UpstreamConfiguration, breaker: BreakerRules?, ejection: EjectionRules?,
    registered: [NetworkAddress] = [], former: SharedUpstream? = nil, logger: Logger
  ) {
    name = configuration.name
    policies = configuration.policies
    speaksHTTP2 = configuration.wireProtocol == .http2
    bulkhead = policies.bulkhead.map { former?.places(under: $0) ?? SharedPlaces($0) }
    var logger = logger
    logger[metadataKey: "upstream"] = "\(configuration.name)"
    self.logger = logger
    parts = configuration.composition.map { former?.parts?.successor($0) ?? PartTally($0) }
    var endpoints: [SharedEndpoint] = []
    switch configuration.target {
    case .network(let addresses):
      isModule = false
      // Names are looked up before the first request; until then nobody stands behind them.
      names = addresses.filter { !NameLookup.isAddress($0.host) }
      for address in addresses where !names.contains(address) {
        endpoints.append(SharedEndpoint(address, at: address, policies, ejection))
      }
    case .registry:
      isModule = false
      names = []
      endpoints = registered.map {
        SharedEndpoint($0, at: $0, configuration.policies, ejection)
      }
    case .module(let module):
      isModule = true
      names = []
      let address = NetworkAddress(host: module, port: 0)
      endpoints = [SharedEndpoint(address, at: address, UpstreamPolicies(), nil)]
    case .composition:
      isModule = false
      names = []
      let address = NetworkAddress(host: configuration.name, port: 0)
      endpoints = [SharedEndpoint(address, at: address, UpstreamPolicies(), nil)]
    }
    service = configuration.service
    let known = former?.state.withLock(\.self)
    var first = State(
      endpoints: endpoints,
      breaker: breaker.map { known?.breaker?.successor($0) ?? CircuitBreaker($0) },
      ejection: ejection)
    if let known, let former { first.inherit(known, former.policies, names, policies) }
    let namesAreKnown = names.allSatisfy { name in first.endpoints.contains { $0.name == name } }
    state = Mutex(first)
    if former?.wasLookedUp == true, namesAreKnown { wasWaitedFor() }
    // Publishes what was inherited.
    change { _, _ in }
  }

  private func places(under rules: BulkheadRules) -> SharedPlaces? {
    guard let bulkhead, bulkhead.rules.inFlight == rules.inFlight,
      bulkhead.rules.queue == rules.queue
    else { return nil }
    return bulkhead
  }

  func setOthers(_ upstreams: [SharedUpstream], byRoute: [Int: SharedUpstream] = [:]) {
    others.withLock { $0 = (upstreams, byRoute) }
  }

  /// Gives it a breaker, or takes its breaker away, when its routes changed what suits it.
  func adopt(breaker rules: BreakerRules?) {
    change { state, _ in
      if (state.breaker == nil) == (rules == nil) { return }
      state.breaker = rules.map { CircuitBreaker($0) }
    }
    publishedVersion.wrappingAdd(1, ordering: .releasing)
  }

  /// No request is decided for it any more.
  func retire() { retired.store(true, ordering: .relaxed) }
  var isRetired: Bool { retired.load(ordering: .relaxed) }
  /// Its names were waited for, whatever came of it.
  func wasWaitedFor() { lookedUp.store(true, ordering: .relaxed) }
  /// Its names were looked up, or waited for in vain.
  var wasLookedUp: Bool { lookedUp.load(ordering: .relaxed) }

  var version: UInt64 { publishedVersion.load(ordering: .acquiring) }
  var needsAttention: Bool { attention.load(ordering: .relaxed) }
  var hasClockwork: Bool { clockwork.load(ordering: .relaxed) }

  /// What requests need to know, from one moment.
  func view() -> UpstreamView {
    state.withLock { state in
      UpstreamView(
        version: publishedVersion.load(ordering: .relaxed),
        endpoints: state.endpoints.map(\.view),
        generation: state.breaker?.generation ?? 0,
        passesAll: state.breaker?.isOpenToAll ?? true,
        refusesUntil: state.breaker?.refusesUntil ?? 0)
    }
  }

  /// Changes the state, makes the change known, and writes down what it means.
  private func change<Value>(_ body: (inout State, inout [StateChange]) -> Value) -> Value {
    var changes: [StateChange] = []
    let value = state.withLock { state in
      let wasOpenToAll = state.breaker?.isOpenToAll ?? true
      let value = body(&state, &changes)
      state.totals.count(changes)
      let isOpenToAll = state.breaker?.isOpenToAll ?? true
      if !changes.isEmpty || wasOpenToAll != isOpenToAll {
        publishedVersion.wrappingAdd(1, ordering: .releasing)
      }
      attention.store(!state.isQuiet, ordering: .relaxed)
      clockwork.store(
        !isOpenToAll || state.endpoints.contains { $0.outlier?.isEjected ?? false },
        ordering: .relaxed)
      return value
    }
    for change in changes { change.log(to: logger) }
    return value
  }
}

// MARK: - Requests

extension SharedUpstream {
  /// Whether a request may pass the breaker.
  func admit(at now: UInt64, isReplaceable: Bool, draw: UInt64) -> CircuitBreaker.Admission {
    change { state, changes in
      guard state.breaker != nil else {
        return .passed(CircuitBreaker.Pass(generation: 0, isProbe: false))
      }
      let answer = state.breaker?.admit(at: now, isReplaceable: isReplaceable, draw: draw)
      if let change = answer?.change { changes.append(.breaker(change)) }
      return answer?.admission ?? .refused
    }
  }

  /// A request that had to be told about went well; its route is told with the batch.
  func succeeded(_ pass: CircuitBreaker.Pass, at endpoint: NetworkAddress, at now: UInt64) {
    change { state, changes in
      state.recent.succeeded(1, at: now)
      state.withEndpoint(endpoint) { $0.outlier?.succeeded(at: now) }
      if let change = state.breaker?.succeeded(pass, at: now) { changes.append(.breaker(change)) }
    }
  }

  /// A request failed, or a connection for one did.
  ///
  /// - Parameters:
  ///   - pass: nil when the failure says nothing about the upstream as a whole, since the request
  ///     is tried elsewhere.
  ///   - route: number of the request's route; nil for all routes of the upstream.
  func failed(
    _ pass: CircuitBreaker.Pass?, at endpoint: NetworkAddress, at now: UInt64, route: Int? = nil
  ) {
    // Asked before its own lock is taken: the other side may be asking about this one.
    let otherSide = otherSide(ofRoute: route, at: now)
    change { state, changes in
      state.recent.failed(route: route, at: now)
      if let pass, let change = state.breaker?.failed(pass, at: now, otherSide: otherSide) {
        changes.append(.breaker(change))
      }
      let left = state.endpoints.count { $0.isUsable && $0.address != endpoint }
      state.withEndpoint(endpoint) {
        $0.outlier?.failed(at: now)
        if $0.outlier?.judge(at: now, otherSide: otherSide, mayEject: left > 0) == true {
          $0.ejections += 1
          changes.append(.ejected(endpoint, until: $0.outlier?.ejectedUntil ?? now, from: now))
        }
      }
    }
  }

  private func otherSide(ofRoute route: Int?, at now: UInt64) -> Double? {
    guard let route, route >= 0 else {
      return others.withLock { $0.all }.compactMap { $0.failureShare(at: now) }.max()
    }
    return others.withLock { $0.byRoute[route] }?.failureShare(ofRoute: route, at: now)
  }

  /// Share of its requests that failed of late, 0 to 1; nil when there were too few to tell.
  func failureShare(ofRoute route: Int? = nil, at now: UInt64) -> Double? {
    state.withLock { state in
      let least = (state.ejection ?? EjectionRules()).minimumRequests
      return state.recent.failureShare(ofRoute: route, least: UInt64(least), at: now)
    }
  }

  /// A request that passed ended in a way that says nothing.
  func abandoned(_ pass: CircuitBreaker.Pass) {
    change { state, _ in state.breaker?.abandoned(pass) }
  }

  /// Takes over what a worker added up.
  func take(_ batch: UpstreamBatch, at now: UInt64) {
    change { state, _ in
      state.totals.add(batch)
      for (route, successes) in batch.routes {
        state.recent.succeeded(successes, onRoute: route, at: now)
      }
      for (endpoint, successes) in batch.successes where successes > 0 {
        state.recent.succeeded(successes, at: now)
        state.breaker?.succeeded(successes, generation: batch.generation, at: now)
        state.withEndpoint(endpoint) { $0.outlier?.succeeded(successes, at: now) }
      }
    }
  }

  /// Does what time alone changes.
  func advance(to now: UInt64) {
    change { state, changes in
      if let change = state.breaker?.advance(to: now) { changes.append(.breaker(change)) }
      for index in state.endpoints.indices
      where state.endpoints[index].outlier?.advance(to: now) == true {
        changes.append(.readmitted(state.endpoints[index].address))
      }
    }
  }
}

// MARK: - Endpoints

extension SharedUpstream {
  /// The endpoints, as configured and as connected to.
  var places: [EndpointPlace] {
    state.withLock { $0.endpoints.map { EndpointPlace(name: $0.name, address: $0.address) } }
  }

  /// A health check of an endpoint ended.
  ///
  /// - Parameter start: when it began.
  func checked(_ endpoint: NetworkAddress, failure: String?, since start: UInt64) {
    change { state, changes in
      var isWell = false
      state.withEndpoint(endpoint) {
        $0.checksPassed += failure == nil ? 1 : 0
        $0.checksFailed += failure == nil ? 0 : 1
        if $0.health?.record(passed: failure == nil) == true {
          changes.append(failure.map { .unhealthy(endpoint, $0) } ?? .healthy(endpoint))
        }
        isWell = failure == nil && $0.isUsable
      }
      // A breaker is not tried with an endpoint that gets no request.
      if isWell, let change = state.breaker?.checkPassed(since: start) {
        changes.append(.breaker(change))
      }
    }
  }

  /// A host name stands for these addresses from now on. An empty answer changes nothing: a
  /// resolver in trouble must not take away what works.
  func resolved(_ name: NetworkAddress, to hosts: [String]) {
    lookedUp.store(true, ordering: .relaxed)
    let addresses = hosts.map { NetworkAddress(host: $0, port: name.port) }
    change { state, changes in
      let known = Set(state.endpoints.filter { $0.name == name }.map(\.address))
      if addresses.isEmpty || known == Set(addresses) { return }
      let rules = state.ejection
      state.endpoints.removeAll { $0.name == name && !addresses.contains($0.address) }
      for address in addresses where !state.endpoints.contains(where: { $0.address == address }) {
        state.endpoints.append(SharedEndpoint(name, at: address, policies, rules))
      }
      changes.append(.resolved(name, addresses))
    }
  }

  /// Its instances are at these addresses from now on. What is under way at one that left is
  /// finished there.
  func registered(_ addresses: [NetworkAddress]) {
    change { state, changes in
      let known = state.endpoints.map(\.address)
      changes += known.filter { !addresses.contains($0) }.map(StateChange.deregistered)
      state.endpoints.removeAll { !addresses.contains($0.address) }
      let rules = state.ejection
      for address in addresses where !known.contains(address) {
        state.endpoints.append(SharedEndpoint(address, at: address, policies, rules))
        changes.append(.registered(address))
      }
    }
  }

  /// For metrics and the admin API.
  func snapshot(at now: UInt64) -> UpstreamSnapshot {
    if hasClockwork { advance(to: now) }
    return state.withLock { state in
      UpstreamSnapshot(
        name: name, isModule: isModule, breaker: state.breaker?.state.name,
        totals: state.totals, parts: parts?.counts ?? [],
        endpoints: parts == nil ? state.endpoints.map { $0.snapshot(at: now) } : [])
    }
  }
}

extension SharedUpstream.State {
  /// Takes over what was known of the same addresses, if they were judged by the same rules, and
  /// what was counted.
  fileprivate mutating func inherit(
    _ known: SharedUpstream.State, _ former: UpstreamPolicies, _ names: [NetworkAddress],
    _ policies: UpstreamPolicies
  ) {
    totals = known.totals
    // Requests under way tell the former one.
    totals.inFlight = 0
    totals.waiting = 0
    let keeps = former.healthCheck == policies.healthCheck && known.ejection == ejection
    for endpoint in known.endpoints {
      let index = endpoints.firstIndex {
        $0.name == endpoint.name && $0.address == endpoint.address
      }
      if let index {
        if keeps { endpoints[index] = endpoint }
      } else if names.contains(endpoint.name) {
        endpoints.append(
          keeps
            ? endpoint : SharedEndpoint(endpoint.name, at: endpoint.address, policies, ejection))
      }
    }
  }

  /// Single successes change nothing.
  fileprivate var isQuiet: Bool {
    (breaker?.isQuiet ?? true) && endpoints.allSatisfy { $0.outlier?.isQuiet ?? true }
  }

  fileprivate mutating func withEndpoint(
    _ address: NetworkAddress, _ body: (inout SharedEndpoint) -> Void
  ) {
    if let index = endpoints.firstIndex(where: { $0.address == address }) {
      body(&endpoints[index])
    }
  }
}
