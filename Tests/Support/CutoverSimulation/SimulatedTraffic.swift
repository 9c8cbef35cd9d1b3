// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
import Foundation
package import RoutingDecisions

/// Traffic of one route, request by request: what both sides share, and what only one of them has.
/// Its users are counted as the proxy counts them.
///
/// A value is one run: its copies remember the same users.
package struct SimulatedTraffic: Sendable {
  /// Requests a second, both sides together.
  package var requestsPerSecond: Double
  /// Share of the extracted side, 0 to 1.
  package var share: Double
  /// Usual share of bad requests on legacy.
  package var legacyRate: Double
  /// The same on the extracted side; nil is legacy's.
  package var extractedRate: Double?
  /// Standard deviation of the logarithm of the rate that both sides share; it wanders within ten
  /// minutes.
  package var drift = 0.0
  /// Shared incidents an hour; 30 % of all requests fail for five minutes.
  package var incidentsPerHour = 0.0

  /// Users of both sides, at most 10,000; those of the extracted side are a share of them.
  package var users = UserBuckets.count
  /// One user of a side, who does nothing else, fails alone and asks so many times a second.
  package var loops = 0
  package var loopingSide = Side.extracted
  /// Each request is a page that never fails, and a call behind it, of the rates above.
  package var areVisits = false

  private static let incidentRate = 0.3
  private static let incidentSeconds = 300
  private static let memory = exp(-1.0 / 600)

  private var random: SimulatedRandom
  private var errors = ErrorOncePerUser()
  private var asked = [AskedBuckets(), AskedBuckets()]
  private var now: UInt64 = 0
  private var wander = 0.0
  private var incidentLeft = 0

  package init(
    seed: UInt64, requestsPerSecond: Double, share: Double, legacyRate: Double,
    extractedRate: Double? = nil
  ) {
    random = SimulatedRandom(seed: seed)
    self.requestsPerSecond = requestsPerSecond
    self.share = share
    self.legacyRate = legacyRate
    self.extractedRate = extractedRate
  }

  /// Begins a shared incident.
  package mutating func beginIncident() { incidentLeft = Self.incidentSeconds }

  /// The counts of the next second.
  package mutating func second() -> RouteCounts {
    var factor = 1.0
    if drift > 0 {
      let fresh = (1 - Self.memory * Self.memory).squareRoot() * drift
      wander = Self.memory * wander + fresh * random.normal()
      factor = exp(wander)
    }
    if incidentsPerHour > 0, random.unit() < incidentsPerHour / 3600 { beginIncident() }
    var floor = 0.0
    if incidentLeft > 0 {
      incidentLeft -= 1
      floor = Self.incidentRate
    }
    let rate = min(1, max(floor, legacyRate * factor))
    let other = min(1, max(floor, (extractedRate ?? legacyRate) * factor))
    let moved = min(max(1, Int((Double(users) * share).rounded())), max(1, users - 1))
    var counts = RouteCounts()
    let (first, second) = loops == 0 ? (0, 0) : loopingSide == .legacy ? (0, 1) : (1, 0)
    counts.legacy = side(
      .legacy, requests: requestsPerSecond * (1 - share), rate: rate,
      users: moved + second..<users)
    counts.extracted = side(
      .extracted, requests: requestsPerSecond * share, rate: other, users: first..<moved)
    if loops > 0 {
      for _ in 0..<loops {
        switch loopingSide {
        case .legacy: end(moved, .legacy, hasFailed: true, &counts.legacy)
        case .extracted: end(0, .extracted, hasFailed: true, &counts.extracted)
        }
      }
    }
    for index in asked.indices { asked[index].removeAll() }
    now += 1_000
    return counts
  }

  private mutating func side(
    _ side: Side, requests: Double, rate: Double, users: Range<Int>
  ) -> SideCounts {
    var counts = SideCounts()
    let (count, failing) = (UInt64(users.count), UInt64(rate * 4_294_967_296))
    for _ in 0..<random.poisson(requests) {
      // Two draws of 32 bits: who asks, and what comes of it.
      let draw = random.next()
      let user = users.lowerBound + Int(((draw >> 32) &* count) >> 32)
      if areVisits { end(user, side, hasFailed: false, &counts) }
      end(user, side, hasFailed: draw & 0xFFFF_FFFF < failing, &counts)
    }
    return counts
  }

  private mutating func end(
    _ user: Int, _ side: Side, hasFailed: Bool, _ counts: inout SideCounts
  ) {
    counts.finished += 1
    if !hasFailed { counts.succeeded += 1 }
    let verdict = errors.end(
      bucket: user, side: side, hasFailed: hasFailed,
      isFirst: asked[Int(side.rawValue)].isFirst(user), at: now)
    if verdict.isFirstFailure { counts.failed += 1 }
    if verdict.isIgnored { counts.ignored += 1 }
    if verdict.isJudged {
      counts.judged += 1
      if hasFailed { counts.judgedBad += 1 }
    }
  }
}
