// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import RoutingDecisions

/// One endpoint as all workers know it.
struct SharedEndpoint: Sendable {
  /// As configured.
  let name: NetworkAddress
  /// What to connect to.
  let address: NetworkAddress
  private let identity: UInt64
  var health: HealthCheck?
  var outlier: OutlierDetector?
  var checksPassed: UInt64 = 0
  var checksFailed: UInt64 = 0
  var ejections: UInt64 = 0

  init(
    _ name: NetworkAddress, at address: NetworkAddress, _ policies: UpstreamPolicies,
    _ ejection: EjectionRules?
  ) {
    self.name = name
    self.address = address
    identity = LoadBalancer.identity(of: address.description)
    health = policies.healthCheck.map { HealthCheck($0) }
    outlier = ejection.map { OutlierDetector($0) }
  }

  /// Neither its checks nor its answers speak against it.
  var isUsable: Bool { (health?.isHealthy ?? true) && !(outlier?.isEjected ?? false) }

  var view: UpstreamView.Endpoint {
    UpstreamView.Endpoint(name: name, address: address, identity: identity, isUsable: isUsable)
  }

  func snapshot(at now: UInt64) -> UpstreamSnapshot.Endpoint {
    UpstreamSnapshot.Endpoint(
      name: name, address: address, isHealthy: health?.isHealthy,
      ejectedForMilliseconds: outlier?.ejectedUntil.map { $0 > now ? $0 - now : 0 },
      ejections: ejections, checksPassed: checksPassed, checksFailed: checksFailed)
  }
}

/// Where an endpoint is.
struct EndpointPlace: Sendable, Hashable {
  /// As configured.
  let name: NetworkAddress
  /// What to connect to.
  let address: NetworkAddress
}

/// What workers copy of an upstream's state after each change.
struct UpstreamView {
  struct Endpoint {
    let name: NetworkAddress
    let address: NetworkAddress
    let identity: UInt64
    let isUsable: Bool
  }

  let version: UInt64
  let endpoints: [Endpoint]
  let generation: UInt32
  /// The breaker lets everything pass, or there is none.
  let passesAll: Bool
  /// The breaker lets nothing pass before this time.
  let refusesUntil: UInt64
}

/// What one worker saw since its last tick.
struct UpstreamBatch {
  var generation: UInt32 = 0
  var successes: [(endpoint: NetworkAddress, count: UInt32)] = []
  /// Successes by number of the route, those included that were told one by one.
  var routes: [(route: Int, count: UInt32)] = []
  /// Changes of the gauges.
  var inFlight = 0
  var waiting = 0
  var refused: UInt64 = 0
  var overloaded: UInt64 = 0
  var queueTimeouts: UInt64 = 0
  var budgetExhausted: UInt64 = 0
}
