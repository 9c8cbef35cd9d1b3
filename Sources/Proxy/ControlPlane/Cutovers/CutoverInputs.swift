// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
package import ProxyDataPlane
internal import RoutingDecisions

/// Where the gates' counts come from.
package protocol CutoverTraffic: Sendable {
  /// Counts the requests of these routes from now on, and of no others.
  func follow(_ targets: [RouteWatch.Target])
  /// What the routes did since the last call.
  func take() -> [String: RouteCounts]
}

/// Where the comparisons of both sides' answers come from. Without one a plan that begins with a
/// stage at 0 % holds there: no data is no evidence.
package protocol CutoverComparisons: Sendable {
  /// What was compared since the last call, by route.
  func take() -> [String: CompareCounts]
  /// What people ruled to be noise, as far as it was seen; nil where nobody knows.
  var rulings: NoiseRulings? { get }
  /// Looks at what they have ruled until now.
  func lookUpRulings() async
}

/// The requests of a proxy in this process.
struct ProxyTraffic: CutoverTraffic {
  let watch: RouteWatch
  let routing: LiveRouting

  func follow(_ targets: [RouteWatch.Target]) {
    watch.follow(targets, numbers: routing.current.numbers)
  }

  func take() -> [String: RouteCounts] { watch.take() }
}

/// Who wants something, and why: both go into the journal.
package struct CutoverOrder: Sendable, Equatable {
  package let actor: String
  package let reason: String

  package init(actor: String, reason: String) {
    self.actor = actor
    self.reason = reason
  }
}
