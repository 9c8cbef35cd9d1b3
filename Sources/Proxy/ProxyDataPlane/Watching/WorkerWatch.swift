// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Synchronization

/// A request that is counted for the gates of its route's cutover.
struct WatchedRequest {
  fileprivate let route: WatchedRoute
  fileprivate let bucket: Int
  fileprivate let side: Side
  /// None of its user's began before it in the same second, on the same worker.
  fileprivate let isFirst: Bool
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
    var asked = AskedBuckets()
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
      guard let index = parts.index(forKey: decision.routeIndex) else { return nil }
      let (ticket, isFirst) = parts.values[index].sides[Int(decision.side.rawValue)]
        .begin(decision.bucket, at: now)
      return WatchedRequest(
        route: parts.values[index].route, bucket: decision.bucket, side: decision.side,
        isFirst: isFirst, ticket: ticket)
    }
  }

  /// It is over.
  func end(_ request: WatchedRequest, _ outcome: Outcome, at nanoseconds: UInt64) {
    let now = nanoseconds / 1_000_000
    let route = request.route
    let verdict: ErrorOncePerUser.Verdict? =
      switch outcome {
      case .succeeded, .failed:
        route.errors.end(
          bucket: request.bucket, side: request.side, hasFailed: outcome == .failed,
          isFirst: request.isFirst, at: now)
      case .abandoned, .keptAway: nil
      }
    parts.withLock { parts in
      // A cutover that has ended since, or another one that began, knows nothing of it.
      guard let index = parts.index(forKey: route.number), parts.values[index].route === route
      else { return }
      parts.values[index].sides[Int(request.side.rawValue)]
        .end(request.ticket, outcome, verdict, at: now)
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
  fileprivate mutating func begin(
    _ bucket: Int, at now: UInt64
  ) -> (ticket: InFlightAges.Ticket, isFirst: Bool) {
    counts.inFlight += 1
    return (ages.begin(at: now), asked.isFirst(bucket))
  }

  fileprivate mutating func end(
    _ ticket: InFlightAges.Ticket, _ outcome: WorkerWatch.Outcome,
    _ verdict: ErrorOncePerUser.Verdict?, at now: UInt64
  ) {
    counts.inFlight -= 1
    guard let verdict else {
      if outcome == .keptAway { counts.keptAway += 1 }
      return ages.abandon(ticket)
    }
    ages.end(ticket, at: now)
    counts.finished += 1
    if outcome == .succeeded { counts.succeeded += 1 }
    if verdict.isFirstFailure { counts.failed += 1 }
    if verdict.isIgnored { counts.ignored += 1 }
    if verdict.isJudged {
      counts.judged += 1
      if outcome == .failed { counts.judgedBad += 1 }
    }
  }

  fileprivate mutating func take(at now: UInt64) -> SideCounts {
    counts.ages = ages.take(at: now)
    asked.removeAll()
    defer { counts = SideCounts(inFlight: counts.inFlight) }
    return counts
  }
}
