// SPDX-License-Identifier: Apache-2.0

internal import ControlPlane
package import CutoverControl
package import ProxyDataPlane
internal import RoutingDecisions
package import Synchronization

/// Traffic that follows the shares in force.
package final class ScenarioTraffic: CutoverTraffic {
  /// What the two sides of each route do in a second.
  package struct Rates: Sendable {
    package var requestsPerSecond = 100
    /// Of each hundred requests.
    package var extractedFailures = 0
    package var legacyFailures = 0
  }

  private let routing: LiveRouting
  package let rates = Mutex(Rates())
  private let targets = Mutex<[String]>([])

  package init(_ routing: LiveRouting) { self.routing = routing }

  /// Routes that are counted.
  package var followed: [String] { targets.withLock(\.self) }

  package func follow(_ targets: [RouteWatch.Target]) {
    self.targets.withLock { $0 = targets.map(\.route) }
  }

  package func take() -> [String: RouteCounts] {
    let rates = rates.withLock(\.self)
    let shares = routing.percentages
    var counts: [String: RouteCounts] = [:]
    for route in followed {
      let share = shares[route]?.hundredths ?? 0
      let extracted = rates.requestsPerSecond * share / 10_000
      let legacy = rates.requestsPerSecond - extracted
      counts[route] = RouteCounts(
        legacy: SideCounts(finished: legacy, failed: legacy * rates.legacyFailures / 100),
        extracted: SideCounts(
          finished: extracted, failed: extracted * rates.extractedFailures / 100))
    }
    return counts
  }
}
