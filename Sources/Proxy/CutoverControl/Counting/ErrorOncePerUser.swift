// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// Counts an error once per user bucket, side and minute.
///
/// A user whose requests fail comes back at once and fails again. The gates take requests for
/// independent, so without this a handful of such users could roll a cutover back.
///
/// A bit per bucket and side, 2.5 kB in all. Both sides are forgotten at the same moment, so that
/// neither is favoured.
package struct ErrorOncePerUser: Sendable, Equatable {
  /// Milliseconds after which everything is forgotten.
  package static let period: UInt64 = 60_000

  private static let words = (UserBuckets.count + 63) / 64
  private var seen: [UInt64]
  private var periodStart: UInt64?

  package init() {
    seen = Array(repeating: 0, count: Self.words * Side.allCases.count)
  }

  /// Whether a failed request counts.
  ///
  /// - Parameters:
  ///   - bucket: the user's, 0 to 9,999. Errors of requests that belong to no user all count.
  ///   - now: milliseconds of a clock that never goes back.
  package mutating func counts(bucket: Int, side: Side, at now: UInt64) -> Bool {
    let start = periodStart ?? now
    if now >= start &+ Self.period {
      for index in seen.indices { seen[index] = 0 }
      periodStart = now
    } else {
      periodStart = start
    }
    guard (0..<UserBuckets.count).contains(bucket) else { return true }
    let word = Int(side.rawValue) * Self.words + bucket / 64
    let bit: UInt64 = 1 << UInt64(bucket % 64)
    defer { seen[word] |= bit }
    return seen[word] & bit == 0
  }
}
