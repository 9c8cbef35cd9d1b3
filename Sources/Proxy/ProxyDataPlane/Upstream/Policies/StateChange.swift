// SPDX-License-Identifier: Apache-2.0

import Logging
import ResiliencePolicies
import RoutingDecisions

/// A change of an upstream's state: one line in the log each, and no line per request.
enum StateChange: Sendable {
  case breaker(CircuitBreaker.Change)
  case ejected(NetworkAddress, until: UInt64, from: UInt64)
  case readmitted(NetworkAddress)
  case healthy(NetworkAddress)
  case unhealthy(NetworkAddress, String)
  case resolved(NetworkAddress, [NetworkAddress])
  case registered(NetworkAddress)
  case deregistered(NetworkAddress)

  func log(to logger: Logger) {
    switch self {
    case .breaker(let change):
      logger.log(
        level: change.to == .open ? .warning : .notice, "circuit breaker changed",
        metadata: ["from": "\(change.from.name)", "to": "\(change.to.name)"])
    case .ejected(let endpoint, let end, let start):
      logger.warning(
        "endpoint ejected",
        metadata: ["endpoint": "\(endpoint)", "milliseconds": "\(end - start)"])
    case .readmitted(let endpoint):
      logger.notice("endpoint readmitted", metadata: ["endpoint": "\(endpoint)"])
    case .healthy(let endpoint):
      logger.notice("endpoint healthy", metadata: ["endpoint": "\(endpoint)"])
    case .unhealthy(let endpoint, let reason):
      logger.warning(
        "endpoint unhealthy", metadata: ["endpoint": "\(endpoint)", "reason": "\(reason)"])
    case .registered(let endpoint):
      logger.notice("endpoint registered", metadata: ["endpoint": "\(endpoint)"])
    case .deregistered(let endpoint):
      logger.notice("endpoint deregistered", metadata: ["endpoint": "\(endpoint)"])
    case .resolved(let name, let addresses):
      logger.notice(
        "endpoint resolved",
        metadata: [
          "name": "\(name)",
          "addresses": "\(addresses.map(\.description).sorted().joined(separator: ", "))",
        ])
    }
  }
}

extension UpstreamTotals {
  mutating func count(_ changes: [StateChange]) {
    for change in changes {
      switch change {
      case .breaker(let change): if change.to == .open { breakerOpened += 1 }
      case .ejected: ejections += 1
      case .readmitted, .healthy, .unhealthy, .resolved, .registered, .deregistered: break
      }
    }
  }

  mutating func add(_ batch: UpstreamBatch) {
    inFlight += batch.inFlight
    waiting += batch.waiting
    refusedByBreaker += batch.refused
    overloaded += batch.overloaded
    queueTimeouts += batch.queueTimeouts
    retryBudgetExhausted += batch.budgetExhausted
  }
}
