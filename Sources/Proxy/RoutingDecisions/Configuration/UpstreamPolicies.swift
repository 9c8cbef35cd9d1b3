// SPDX-License-Identifier: Apache-2.0

internal import GatewayComposition
public import ResiliencePolicies

/// A rule that has a sensible default of its own, can be switched off, or is written out.
public enum PolicySetting<Rules: Sendable & Equatable>: Sendable, Equatable {
  /// What suits the upstream.
  case standard
  /// None.
  case off
  /// These.
  case rules(Rules)
}

/// How requests are dealt to an upstream's endpoints, and what happens when they fail.
public struct UpstreamPolicies: Sendable, Equatable {
  /// How requests are dealt to the endpoints.
  public var balance: Balance
  /// Where the key of `consistent-hash` is looked for, in order; the first that is there counts.
  public var hashBy: [StickyKey]
  /// Checks apart from the traffic; nil makes none.
  public var healthCheck: HealthCheckRules?
  /// The circuit breaker of the whole upstream, one for the process.
  ///
  /// `.standard` has one where the upstream is the extracted side of a route, or a part of a
  /// composed answer. Elsewhere nobody could answer in its place, and an open breaker would only
  /// make a short outage longer.
  public var breaker: PolicySetting<BreakerRules>
  /// Leaving out endpoints that fail. `.standard` does so where there are several.
  public var ejection: PolicySetting<EjectionRules>
  /// Limits of requests under way; nil sets none beyond those of connections.
  public var bulkhead: BulkheadRules?
  /// Sending requests again.
  public var retries: RetryRules
  /// When fewer than so many percent of the endpoints are well, health is not looked at any more
  /// for requests that nobody else can answer: the few would only go down as well. 0 never does.
  public var panicPercent: Int
  /// How often the host names of endpoints are looked up; what was found before is kept when a
  /// look-up fails.
  public var resolveEvery: Duration

  /// Creates policies; the defaults are those of the design.
  public init(
    balance: Balance = .roundRobin, hashBy: [StickyKey] = [.clientAddress],
    healthCheck: HealthCheckRules? = nil, breaker: PolicySetting<BreakerRules> = .standard,
    ejection: PolicySetting<EjectionRules> = .standard, bulkhead: BulkheadRules? = nil,
    retries: RetryRules = .init(), panicPercent: Int = 50, resolveEvery: Duration = .seconds(10)
  ) {
    self.balance = balance
    self.hashBy = hashBy
    self.healthCheck = healthCheck
    self.breaker = breaker
    self.ejection = ejection
    self.bulkhead = bulkhead
    self.retries = retries
    self.panicPercent = panicPercent
    self.resolveEvery = resolveEvery
  }
}

extension ProxyConfiguration {
  /// The rules of an upstream's breaker, once what suits it was found out; nil for none.
  package func breakerRules(of upstream: UpstreamConfiguration) -> BreakerRules? {
    switch upstream.policies.breaker {
    case .off: return nil
    case .rules(let rules): return rules
    case .standard:
      let isReplaceable =
        routes.contains { $0.extracted == upstream.name }
        || upstreams.contains { $0.composition?.upstreams.contains(upstream.name) ?? false }
      return isReplaceable ? BreakerRules() : nil
    }
  }

  /// These upstreams, and those that they ask in turn.
  package func upstreams(behind names: Set<String>) -> Set<String> {
    upstreams.filter { names.contains($0.name) }
      .reduce(into: names) { $0.formUnion($1.composition?.upstreams ?? []) }
  }

  /// Names of the upstreams that stand on the other side of routes with this one.
  package func otherSides(ofUpstream name: String) -> Set<String> {
    var found: Set<String> = []
    for route in routes {
      guard let extracted = route.extracted else { continue }
      if route.legacy == name { found.insert(extracted) }
      if extracted == name { found.insert(route.legacy) }
    }
    return found
  }
}

extension UpstreamConfiguration {
  /// The rules by which endpoints are ejected; nil for none.
  package var ejectionRules: EjectionRules? {
    switch (policies.ejection, target) {
    case (.off, _), (.standard, .module), (.standard, .composition): nil
    case (.rules(let rules), _): rules
    // A name may stand for several addresses; the last endpoint is never ejected anyway.
    case (.standard, .network), (.standard, .registry): EjectionRules()
    }
  }
}
