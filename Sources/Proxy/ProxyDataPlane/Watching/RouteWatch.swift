// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
package import RoutingDecisions
import Synchronization

/// Counts the requests of routes that are under a cutover, for its gates.
///
/// Each worker has a part of its own, with a lock that only the taking of counts, once a second,
/// ever contends for. A route that is not watched costs a request one look at a flag.
package final class RouteWatch: Sendable {
  /// A route to watch, and from which age on its requests are slow.
  package struct Target: Sendable, Equatable {
    package let route: String
    /// Milliseconds, one pair for each latency gate; as many as before for a route that is watched.
    package let slowness: [SlownessThresholds]

    package init(route: String, slowness: [SlownessThresholds]) {
      self.route = route
      self.slowness = slowness
    }
  }

  let workers: [WorkerWatch]
  private let watched = Mutex<[String: WatchedRoute]>([:])

  init(workers: Int) {
    self.workers = (0..<max(1, workers)).map { _ in WorkerWatch() }
  }

  /// Watches these routes from now on, and no others. One that is watched already goes on with its
  /// counts; `numbers` are those in force.
  package func follow(_ targets: [Target], numbers: RoutingNumbers) {
    let routes = watched.withLock { watched in
      var next: [String: WatchedRoute] = [:]
      for target in targets {
        guard let number = numbers.route(named: target.route) else { continue }
        let known = watched[target.route]
        let isSame = known?.number == number && known?.gates == target.slowness.count
        next[target.route] =
          (isSame ? known : nil) ?? WatchedRoute(number: number, gates: target.slowness.count)
      }
      watched = next
      return next
    }
    let settings = targets.compactMap { target in
      routes[target.route].map { ($0, target.slowness) }
    }
    for worker in workers { worker.follow(settings) }
  }

  /// What the watched routes did since the last call, added up over all workers.
  package func take() -> [String: RouteCounts] {
    let routes = watched.withLock(\.self)
    let now = WorkerContext.clock() / 1_000_000
    var counts = routes.mapValues { _ in RouteCounts() }
    for worker in workers {
      let part = worker.take(at: now)
      for (name, route) in routes {
        if let more = part[route.number] { counts[name]? += more }
      }
    }
    return counts
  }
}

/// What all workers share of a watched route.
final class WatchedRoute: Sendable {
  let number: Int
  /// Number of latency gates.
  let gates: Int
  /// Each user once a minute, whichever worker serves her.
  let errors = ErrorOncePerUser()

  init(number: Int, gates: Int) {
    self.number = number
    self.gates = gates
  }
}
