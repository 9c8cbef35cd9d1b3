// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
import ResiliencePolicies
import RoutingDecisions

/// Requests of few users, each on one side, counted as the proxy counts them: an error once a user
/// and minute. A value is one run: its copies remember the same users.
package struct SimulatedUsers: Sendable {
  /// Requests a second, both sides together.
  private static let requestsPerSecond = 200.0
  /// Milliseconds between two tries of an open breaker.
  private static let openTime: UInt64 = 30_000

  /// Share of requests that fail on either side.
  package var rate: Double
  /// Every request of the extracted side fails.
  package var isOut = false
  /// Its breaker opens by that many failures in a row, or more where legacy fails as well, and lets
  /// one request try each half minute; nil without a breaker.
  package var breakerOpensAt: Int?

  private let users: Int
  /// Users of both sides.
  private let everybody: Double
  private var random: SimulatedRandom
  private var errors = ErrorOncePerUser()
  private var asked = AskedBuckets()
  private var streak = 0
  private var triedAt: UInt64 = 0
  private var now: UInt64 = 0

  /// - Parameters:
  ///   - users: of the extracted side.
  ///   - percent: share of all users that they are.
  package init(seed: UInt64, users: Int, percent: Double = 10, rate: Double) {
    random = SimulatedRandom(seed: seed)
    self.users = users
    everybody = Double(users) * 100 / percent
    self.rate = rate
  }

  /// The counts of the next second.
  package mutating func second() -> RouteCounts {
    var counts = RouteCounts()
    let run = breakerOpensAt.flatMap { FailureRun.length(atShare: rate, least: $0) } ?? .max
    for _ in 0..<random.poisson(Self.requestsPerSecond) {
      let user = Int(random.unit() * everybody)
      let side: Side = user < users ? .extracted : .legacy
      if side == .extracted, streak >= run, now < triedAt + Self.openTime {
        counts.extracted.keptAway += 1
        continue
      }
      let fails = side == .extracted && isOut || random.unit() < rate
      if side == .extracted { (streak, triedAt) = (fails ? streak + 1 : 0, now) }
      let verdict = errors.end(
        bucket: user, side: side, hasFailed: fails, isFirst: asked.isFirst(user), at: now)
      let request = SideCounts(
        finished: 1, failed: verdict.isFirstFailure ? 1 : 0, succeeded: fails ? 0 : 1,
        judged: (verdict.isJudged ? 1 : 0, verdict.isJudged && fails ? 1 : 0))
      if side == .extracted { counts.extracted += request } else { counts.legacy += request }
    }
    asked.removeAll()
    now += 1_000
    return counts
  }
}
