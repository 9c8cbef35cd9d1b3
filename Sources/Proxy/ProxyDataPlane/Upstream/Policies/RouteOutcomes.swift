// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import RoutingDecisions
import Synchronization

/// How the other side of a route does of late, for breakers and ejections.
///
/// An upstream serves many routes. Of legacy it is the route at hand that counts: one whose report
/// times out every night must not let another one's service fail unnoticed. What requests came to
/// is counted by route anyway (`ProxyCounters`); here the numbers of some seconds ago are kept
/// beside them, so that a request costs nothing more.
///
/// A route that legacy hardly answers any more says too little by itself. There it is all of
/// legacy's requests that count, as they do for the extracted side.
final class RouteOutcomes: Sendable {
  /// Milliseconds between two looks at the counters.
  static let interval: UInt64 = 1_000
  /// Looks that are kept: what is older than recent is forgotten.
  private static let looks = Int(OutlierDetector.recent / interval) + 1

  /// The two sides of a route.
  struct Sides: Sendable {
    let legacy: SharedUpstream
    let extracted: SharedUpstream
  }

  private struct Look {
    let time: UInt64
    /// By number of the route.
    let legacy: [RequestOutcomes]
  }

  private struct State {
    var sides: [Int: Sides] = [:]
    /// Oldest first.
    var looks: [Look] = []
  }

  private let counters: ProxyCounters
  private let state = Mutex(State())
  private let nextLook = Atomic<UInt64>(0)

  init(_ counters: ProxyCounters) { self.counters = counters }

  /// The split routes in force, by number.
  func adopt(_ sides: [Int: Sides]) { state.withLock { $0.sides = sides } }

  /// Time passed, on any thread that has traffic.
  func look(at now: UInt64) {
    let due = nextLook.load(ordering: .relaxed)
    guard now >= due,
      nextLook.compareExchange(
        expected: due, desired: now &+ Self.interval, ordering: .relaxed
      ).exchanged
    else { return }
    let look = Look(time: now, legacy: counters.outcomes(of: .legacy))
    state.withLock { state in
      state.looks.removeAll { $0.time &+ UInt64(Self.looks) * Self.interval <= now }
      state.looks.append(look)
    }
  }

  /// Share of failures of late where a route's other side is, 0 to 1; nil when there were too few
  /// requests to tell.
  ///
  /// - Parameters:
  ///   - upstream: the side at hand.
  ///   - least: fewest requests that tell.
  func otherSide(
    ofRoute route: Int, than upstream: SharedUpstream, least: UInt64, at now: UInt64
  ) -> Double? {
    let (sides, former) = state.withLock { state in
      (
        state.sides[route],
        state.looks.first { $0.time &+ UInt64(Self.looks) * Self.interval > now }?.legacy
      )
    }
    guard let sides else { return nil }
    if upstream === sides.legacy { return sides.extracted.failureShare(at: now) }
    guard upstream === sides.extracted else { return nil }
    if let former, former.indices.contains(route) {
      let recent = counters.outcomes(of: .legacy, route: route).since(former[route])
      if recent.requests >= max(1, least) {
        return Double(recent.failures) / Double(recent.requests)
      }
    }
    return sides.legacy.failureShare(at: now)
  }
}

/// Requests that were answered, and those of them that were answered with a server's error.
struct RequestOutcomes: Sendable, Equatable {
  var requests: UInt64 = 0
  var failures: UInt64 = 0

  fileprivate func since(_ former: RequestOutcomes) -> RequestOutcomes {
    // Numbers are read one after the other while others write them.
    let requests = requests > former.requests ? requests - former.requests : 0
    let failures = failures > former.failures ? failures - former.failures : 0
    return RequestOutcomes(requests: requests, failures: min(failures, requests))
  }
}

extension ProxyCounters {
  /// What the requests of one side came to, by number of the route.
  fileprivate func outcomes(of side: Side) -> [RequestOutcomes] {
    withWorkers { layout, workers in
      layout.routes.indices.map { Self.outcomes($0, side, layout, workers) }
    }
  }

  fileprivate func outcomes(of side: Side, route: Int) -> RequestOutcomes {
    withWorkers { layout, workers in Self.outcomes(route, side, layout, workers) }
  }

  private static func outcomes(
    _ route: Int, _ side: Side, _ layout: CounterLayout, _ workers: [WorkerCounters]
  ) -> RequestOutcomes {
    workers.reduce(into: RequestOutcomes()) { sum, worker in
      let classes = worker.statusClasses(of: route, side)
      // The last one is of clients who left before there was any status.
      sum.requests &+= classes.dropLast().reduce(0, &+)
      sum.failures &+= classes[layout.statusClass(500)]
    }
  }
}
