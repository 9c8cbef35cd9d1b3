// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import ShadowComparison
import Synchronization

/// Where the workers of one server meet the lane that sends their shadows.
final class LiveShadow: Sendable {
  private struct State {
    /// By the routes' numbers.
    var routes: [ShadowRoute?] = []
    var counts: [Int: ShadowCounts] = [:]
    var jobs: [ShadowJob] = []
    /// The lane looks for jobs by itself.
    var isAwake = false
    /// nil while there is no lane.
    var wake: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// Takes up a configuration; shadows under way end by their old rules. Changes come one after the
  /// other.
  ///
  /// - Parameters:
  ///   - numbers: of the routes.
  ///   - lane: the lane's own, of the upstreams.
  func adopt(
    _ configuration: ProxyConfiguration, _ numbers: RoutingNumbers, lane: RoutingNumbers
  ) {
    // Many rules take long to prepare, and workers would wait for the lock.
    var counts = state.withLock(\.counts)
    var routes = [ShadowRoute?](repeating: nil, count: numbers.routes.count)
    for route in configuration.routes {
      guard let shadow = route.shadow, shadow.mode != .off, let name = route.extracted,
        let extracted = lane.upstream(named: name),
        let legacy = lane.upstream(named: route.legacy),
        let number = numbers.route(named: route.name)
      else { continue }
      let own = counts[number] ?? ShadowCounts()
      counts[number] = own
      routes[number] = ShadowRoute(
        route, shadow, extracted: name,
        service: configuration.comparisonText(ofRoute: route.name) ?? "",
        upstreams: (legacy, extracted), counts: own)
    }
    state.withLock { [counts, routes] state in
      state.counts = counts
      state.routes = routes
    }
  }

  /// By the routes' numbers; nil for those without a shadow.
  var routes: [ShadowRoute?] { state.withLock(\.routes) }

  // MARK: - From the workers to the lane

  /// Hands over an exchange that is in line already. Never waits.
  func submit(_ job: ShadowJob) {
    let wake = state.withLock { state -> (@Sendable () -> Void)? in
      state.jobs.append(job)
      if state.isAwake { return nil }
      state.isAwake = true
      return state.wake
    }
    // Once awake it looks by itself with each of its ticks: many are handed over by one look.
    wake?()
  }

  /// What was handed over since the last look. `mayRest`: the lane has nothing else to do, and is
  /// woken by the next one when there is nothing here either.
  func take(mayRest: Bool) -> [ShadowJob] {
    state.withLock { state in
      defer { state.jobs = [] }
      if mayRest, state.jobs.isEmpty { state.isAwake = false }
      return state.jobs
    }
  }

  /// A lane is there, or gone. Clients may be served before the lane runs: what waits for it then
  /// is its first work. What waits for none is let go.
  func connect(_ wake: (@Sendable () -> Void)?) {
    let left = state.withLock { state in
      state.wake = wake
      state.isAwake = wake != nil
      guard wake == nil else { return [ShadowJob]() }
      defer { state.jobs = [] }
      return state.jobs
    }
    for job in left { job.route.leaveLine() }
    wake?()
  }
}
