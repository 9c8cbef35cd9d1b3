// SPDX-License-Identifier: Apache-2.0

package import ResiliencePolicies

/// Where the attempts at one service get their place and their endpoint: bulkhead, breakers, and
/// the choice among the endpoints.
///
/// Times are milliseconds of one clock that never goes back. What others have to be told is left in
/// `effects`.
package struct CallGate: Sendable {
  /// What an attempt holds while it is under way.
  package struct Seat: Sendable, Equatable {
    package let endpoint: ServiceEndpoint
    /// Tells an endpoint from one that had its address before.
    fileprivate let instance: UInt64
    fileprivate let pass: CircuitBreaker.Pass?
  }

  package enum Entry: Sendable, Equatable {
    case seat(Seat)
    /// In line, until this time at most; `Effect.granted` ends the wait.
    case line(until: UInt64)
    case refused(AttemptOutcome.Refusal)
  }

  /// What the choice depends on.
  package struct Request: Sendable {
    /// Hash of what requests are to be kept together by.
    package var key: UInt64
    /// An endpoint that failed the call before.
    package var avoided: ServiceEndpoint?
    /// A random number, drawn for this attempt.
    package var draw: UInt64

    package init(key: UInt64 = 0, avoided: ServiceEndpoint? = nil, draw: UInt64 = 0) {
      self.key = key
      self.avoided = avoided
      self.draw = draw
    }
  }

  package enum Effect: Sendable, Equatable {
    /// The ticket waits no more: it has a place, for `enterGranted`.
    case granted(UInt64)
    case breakerChanged(ServiceEndpoint, CircuitBreaker.Change)
  }

  fileprivate struct Instance: BalancedEndpoint {
    let endpoint: ServiceEndpoint
    let number: UInt64
    let identity: UInt64
    var priority: Int
    var weight: Int
    var load = 0
    var isUsable = true
    var breaker: CircuitBreaker?
  }

  package var budget: RetryBudget
  private let rules: BreakerRules?
  private var bulkhead: Bulkhead?
  private var balancer: LoadBalancer
  private var instances: [Instance] = []
  /// Priorities or weights differ.
  private var isRanked = false
  private var instancesEver: UInt64 = 0
  private var effects: [Effect] = []

  package init(_ policy: ServiceCallPolicy, endpoints: [ServiceEndpoint] = []) {
    budget = RetryBudget(policy.retries)
    rules = policy.breaker
    bulkhead = policy.bulkhead.map(Bulkhead.init)
    balancer = LoadBalancer(policy.balance)
    replace(endpoints)
  }

  /// Replaces the endpoints; one that stays keeps its breaker and its load.
  package mutating func replace(_ endpoints: [ServiceEndpoint]) {
    replace(ranked: endpoints.map { RankedEndpoint($0) })
  }

  /// The same with ranks.
  package mutating func replace(ranked endpoints: [RankedEndpoint]) {
    let known = instances
    instances = endpoints.map { ranked in
      if var instance = known.first(where: { $0.endpoint == ranked.endpoint }) {
        (instance.priority, instance.weight) = (ranked.priority, ranked.weight)
        return instance
      }
      instancesEver += 1
      return Instance(
        endpoint: ranked.endpoint, number: instancesEver,
        identity: LoadBalancer.identity(of: ranked.endpoint.description),
        priority: ranked.priority, weight: ranked.weight,
        breaker: rules.map(CircuitBreaker.init))
    }
    isRanked = instances.contains {
      $0.priority != instances[0].priority || $0.weight != instances[0].weight
    }
  }

  /// What happened since it was asked last.
  package mutating func takeEffects() -> [Effect] {
    defer { effects = [] }
    return effects
  }
}

// MARK: - Coming and going

extension CallGate {
  /// Asks for a place at an endpoint.
  package mutating func enter(
    _ ticket: UInt64, _ request: Request, at now: UInt64, deadline: UInt64
  ) -> Entry {
    // Nobody stands in line for what is refused anyway.
    if let refusal = refusal(at: now) { return .refused(refusal) }
    switch bulkhead?.enter(ticket, at: now, deadline: deadline) ?? .place {
    case .full: return .refused(.bulkheadFull)
    case .line(let until): return .line(until: until)
    case .place: return enterGranted(request, at: now)
    }
  }

  /// An attempt that waited has its place; the rest is as for one that did not wait.
  package mutating func enterGranted(_ request: Request, at now: UInt64) -> Entry {
    if let seat = choose(request, at: now) { return .seat(seat) }
    leavePlace(at: now)
    return .refused(refusal(at: now) ?? .breakerOpen(until: now))
  }

  /// An attempt stops waiting. Whoever was granted a place meanwhile has to use it.
  package mutating func withdraw(_ ticket: UInt64) { bulkhead?.withdraw(ticket) }

  /// An attempt is over.
  package mutating func leave(_ seat: Seat, _ outcome: AttemptOutcome, at now: UInt64) {
    if let index = instances.firstIndex(where: { $0.number == seat.instance }) {
      instances[index].load -= 1
      if let pass = seat.pass { tell(outcome, of: pass, toInstanceAt: index, at: now) }
    }
    leavePlace(at: now)
  }

  private mutating func leavePlace(at now: UInt64) {
    if let next = bulkhead?.leave(at: now) { effects.append(.granted(next)) }
  }
}

// MARK: - Endpoints

extension CallGate {
  /// Why every request is refused; nil while some pass.
  private func refusal(at now: UInt64) -> AttemptOutcome.Refusal? {
    if instances.isEmpty { return .noEndpoint }
    let first = instances.map { $0.breaker?.refusesUntil ?? 0 }.min() ?? 0
    return first > now ? .breakerOpen(until: first) : nil
  }

  private mutating func choose(_ request: Request, at now: UInt64) -> Seat? {
    for index in instances.indices {
      note(instances[index].breaker?.advance(to: now), ofInstanceAt: index)
      instances[index].isUsable = instances[index].breaker?.state != .open
    }
    let avoided = request.avoided.flatMap { avoided in
      instances.firstIndex { $0.endpoint == avoided }
    }
    while let index = pick(request, avoiding: avoided) {
      let isReplaceable = instances.count(where: \.isUsable) > 1
      let admission = instances[index].breaker?.admit(
        at: now, isReplaceable: isReplaceable, draw: request.draw)
      var pass: CircuitBreaker.Pass?
      switch admission?.admission {
      case .refused:
        instances[index].isUsable = false
        continue
      case .passed(let granted): pass = granted
      case nil: break
      }
      instances[index].load += 1
      let instance = instances[index]
      return Seat(endpoint: instance.endpoint, instance: instance.number, pass: pass)
    }
    return nil
  }

  /// The index of one that is usable, by rank where those differ: another one of a larger priority
  /// comes before the one that failed the call.
  private mutating func pick(_ request: Request, avoiding avoided: Int?) -> Int? {
    if !isRanked { return balancer.pick(instances, key: request.key, avoiding: avoided) }
    let usable = instances.indices.filter { instances[$0].isUsable }
    let others = usable.filter { $0 != avoided }
    let candidates = others.isEmpty ? usable : others
    guard let first = candidates.map({ instances[$0].priority }).min() else { return nil }
    let group = candidates.filter { instances[$0].priority == first }
    let weights = group.map { instances[$0].weight }
    let choice =
      weights.allSatisfy { $0 == weights[0] }
      ? balancer.pick(group.map { instances[$0] }, key: request.key)
      // The breaker takes the same number.
      : RankedEndpoint.choice(among: weights, draw: request.draw &* 0x9E37_79B9_7F4A_7C15)
    return choice.map { group[$0] }
  }

  private mutating func tell(
    _ outcome: AttemptOutcome, of pass: CircuitBreaker.Pass, toInstanceAt index: Int, at now: UInt64
  ) {
    switch outcome.isSuccess {
    case true?:
      note(instances[index].breaker?.succeeded(pass, at: now), ofInstanceAt: index)
    case false?:
      note(instances[index].breaker?.failed(pass, at: now), ofInstanceAt: index)
    case nil: instances[index].breaker?.abandoned(pass)
    }
  }

  private mutating func note(_ change: CircuitBreaker.Change??, ofInstanceAt index: Int) {
    guard let change = change ?? nil else { return }
    effects.append(.breakerChanged(instances[index].endpoint, change))
  }
}
