// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Synchronization

/// A request that is counted for the gates of its route's cutover.
struct WatchedRequest {
  fileprivate let route: WatchedRoute
  fileprivate let side: Side
  fileprivate let bucket: Int
  fileprivate let ticket: InFlightAges.Ticket
}

/// One worker's part of a `RouteWatch`.
final class WorkerWatch: Sendable {
  /// How a request ended.
  enum Outcome {
    case succeeded, failed
    /// The client left before there was anything to judge.
    case abandoned
    /// The side's breaker refused it.
    case keptAway
  }

  private struct Part {
    let route: WatchedRoute
    var sides: [SidePart]
  }

  fileprivate struct SidePart {
    var ages: InFlightAges
    var counts = SideCounts()
  }

  private let isActive = Atomic(false)
  /// By number of the route.
  private let parts = Mutex<[Int: Part]>([:])

  func follow(_ targets: [(route: WatchedRoute, slowness: [SlownessThresholds])]) {
    parts.withLock { parts in
      var next: [Int: Part] = [:]
      for (route, slowness) in targets {
        let thresholds = Side.allCases.map { side in slowness.map { $0.milliseconds(of: side) } }
        if var part = parts[route.number], part.route === route {
          for index in part.sides.indices {
            part.sides[index].ages.setThresholds(thresholds[index])
          }
          next[route.number] = part
        } else {
          next[route.number] = Part(
            route: route,
            sides: thresholds.map { SidePart(ages: InFlightAges(thresholds: $0)) })
        }
      }
      parts = next
    }
    isActive.store(!targets.isEmpty, ordering: .relaxed)
  }

  /// A request was routed, on the worker's own thread; nil when nobody watches its route.
  @inline(__always)
  func begin(_ decision: RoutingDecision, at nanoseconds: UInt64) -> WatchedRequest? {
    guard isActive.load(ordering: .relaxed) else { return nil }
    return beginWatched(decision, at: nanoseconds / 1_000_000)
  }

  @inline(never)
  private func beginWatched(_ decision: RoutingDecision, at now: UInt64) -> WatchedRequest? {
    parts.withLock { parts in
      let side = Int(decision.side.rawValue)
      guard let route = parts[decision.routeIndex]?.route,
        let ticket = parts[decision.routeIndex]?.sides[side].ages.begin(at: now)
      else { return nil }
      parts[decision.routeIndex]?.sides[side].counts.inFlight += 1
      return WatchedRequest(
        route: route, side: decision.side, bucket: decision.bucket, ticket: ticket)
    }
  }

  /// It is over.
  func end(_ request: WatchedRequest, _ outcome: Outcome, at nanoseconds: UInt64) {
    let now = nanoseconds / 1_000_000
    let route = request.route
    let fails =
      outcome == .failed && route.counts(bucket: request.bucket, side: request.side, at: now)
    parts.withLock { parts in
      // A cutover that has ended since, or another one that began, knows nothing of it.
      guard var part = parts.removeValue(forKey: route.number) else { return }
      defer { parts[route.number] = part }
      guard part.route === route else { return }
      part.sides[Int(request.side.rawValue)].end(request.ticket, outcome, fails: fails, at: now)
    }
  }

  /// Takes what was counted, by number of the route.
  func take(at now: UInt64) -> [Int: RouteCounts] {
    parts.withLock { parts in
      var counts: [Int: RouteCounts] = [:]
      for number in Array(parts.keys) {
        guard var part = parts.removeValue(forKey: number) else { continue }
        let sides = part.sides.indices.map { part.sides[$0].take(at: now) }
        counts[number] = RouteCounts(
          legacy: sides[Int(Side.legacy.rawValue)], extracted: sides[Int(Side.extracted.rawValue)])
        parts[number] = part
      }
      return counts
    }
  }
}

extension WorkerWatch.SidePart {
  fileprivate mutating func end(
    _ ticket: InFlightAges.Ticket, _ outcome: WorkerWatch.Outcome, fails: Bool, at now: UInt64
  ) {
    counts.inFlight -= 1
    switch outcome {
    case .abandoned: return ages.abandon(ticket)
    case .keptAway:
      counts.keptAway += 1
      return ages.abandon(ticket)
    case .succeeded: counts.succeeded += 1
    case .failed: counts.failed += fails ? 1 : 0
    }
    ages.end(ticket, at: now)
    counts.finished += 1
  }

  fileprivate mutating func take(at now: UInt64) -> SideCounts {
    counts.ages = ages.take(at: now)
    defer { counts = SideCounts(inFlight: counts.inFlight) }
    return counts
  }
}
