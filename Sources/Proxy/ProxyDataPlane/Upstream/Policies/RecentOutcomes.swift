// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies

/// What an upstream's requests came to of late, for the breakers and ejections of the other sides
/// of its routes.
///
/// An upstream serves many routes, and it is the one at hand that counts: one whose report times
/// out every night must not let another one's service fail unnoticed. A route that it hardly
/// answers says too little by itself; there it is all of its requests that count.
///
/// Only what the upstream did is counted. An answer that the proxy made in its place, such as of
/// one that nobody was asked for, says nothing about it.
struct RecentOutcomes: Sendable {
  private var all = Self.window
  /// By number of the route; there are as many as routes that it has served.
  private var routes: [Int: SlidingWindow] = [:]

  private static var window: SlidingWindow { SlidingWindow(length: OutlierDetector.recent) }

  mutating func succeeded(_ count: UInt32, at now: UInt64) {
    all.add(first: count, second: 0, at: now)
  }

  /// Counts for the route alone: for all it is told by endpoint.
  mutating func succeeded(_ count: UInt32, onRoute route: Int, at now: UInt64) {
    routes[route, default: Self.window].add(first: count, second: 0, at: now)
  }

  mutating func failed(route: Int?, at now: UInt64) {
    all.add(first: 0, second: 1, at: now)
    guard let route, route >= 0 else { return }
    routes[route, default: Self.window].add(first: 0, second: 1, at: now)
  }

  /// Share of failures, 0 to 1; nil when there were fewer requests than `least`.
  mutating func failureShare(ofRoute route: Int?, least: UInt64, at now: UInt64) -> Double? {
    if let route, let share = routes[route]?.failureShare(least: max(1, least), at: now) {
      return share
    }
    return all.failureShare(least: least, at: now)
  }
}

extension SlidingWindow {
  /// Successes are the first of the two.
  fileprivate mutating func failureShare(least: UInt64, at now: UInt64) -> Double? {
    advance(to: now)
    let requests = firstSum + secondSum
    return requests < least ? nil : Double(secondSum) / Double(requests)
  }
}

/// Successes by route that a worker has not handed over yet: a number a route, and the routes that
/// have one, so that a tick looks at no others.
struct RouteSuccesses {
  private var counts: [UInt32] = []
  private var told: [Int] = []

  /// `route`: its number; negative for none.
  @inline(__always)
  mutating func add(_ route: Int) {
    if route < 0 { return }
    if route >= counts.count { grow(to: route) }
    if counts[route] == 0 { told.append(route) }
    counts[route] &+= 1
  }

  private mutating func grow(to route: Int) {
    counts += repeatElement(0, count: route + 1 - counts.count)
  }

  /// Those since the last call.
  mutating func take() -> [(route: Int, count: UInt32)] {
    let taken = told.map { (route: $0, count: counts[$0]) }
    for route in told { counts[route] = 0 }
    told.removeAll(keepingCapacity: true)
    return taken
  }
}
