// SPDX-License-Identifier: Apache-2.0
import Glibc

/// How a percentile of all requests of a run compares between two contenders.
///
/// A turn of half a second has some hundred requests beyond its 99th percentile, most of them of
/// one or two moments in which the machine did something else: percentiles of turns differ by
/// factors from one to the next, and so do their ratios. That of all turns together is what is
/// asked for, and steadier. How far it may be trusted is found by drawing the rounds again, with
/// replacement: requests of a turn are not independent of each other, rounds are.
struct PooledPercentile {
  private static let draws = 1_000
  /// Buckets double every so many.
  private static let bucketsPerDoubling = 64.0
  private static let buckets = 32 * 64

  /// The ratio of the second to the first, of all rounds; 95 % of the draws lie between `low` and
  /// `high`.
  let ratio: Spread

  /// - Parameter rounds: the latencies of both contenders in each round.
  init(_ share: Double, _ rounds: [(first: LoadOutcome, second: LoadOutcome)]) {
    let counted = rounds.map { (Self.histogram($0.first), Self.histogram($0.second)) }
    func ratio(_ picked: [Int]) -> Double {
      var sums = (
        [UInt32](repeating: 0, count: Self.buckets), [UInt32](repeating: 0, count: Self.buckets)
      )
      for index in picked {
        for bucket in 0..<Self.buckets {
          sums.0[bucket] += counted[index].0[bucket]
          sums.1[bucket] += counted[index].1[bucket]
        }
      }
      return Self.percentile(share, sums.1) / Self.percentile(share, sums.0)
    }
    guard !rounds.isEmpty else {
      self.ratio = Spread([])
      return
    }
    var random = SystemRandomNumberGenerator()
    let drawn = (0..<Self.draws).map { _ in
      ratio(rounds.map { _ in .random(in: rounds.indices, using: &random) })
    }.sorted()
    self.ratio = Spread(
      median: ratio(Array(rounds.indices)), least: drawn[0], most: drawn[Self.draws - 1],
      low: drawn[Self.draws / 40], high: drawn[Self.draws - 1 - Self.draws / 40])
  }

  private static func histogram(_ outcome: LoadOutcome) -> [UInt32] {
    var counts = [UInt32](repeating: 0, count: buckets)
    for latency in outcome.latencies {
      counts[min(buckets - 1, Int(log2(Double(latency) + 1) * bucketsPerDoubling))] += 1
    }
    return counts
  }

  /// The middle of the bucket, in microseconds.
  private static func percentile(_ share: Double, _ counts: [UInt32]) -> Double {
    let total = counts.reduce(0) { $0 + Double($1) }
    var rest = total * share
    for (bucket, count) in counts.enumerated() {
      rest -= Double(count)
      if rest < 0 { return exp2((Double(bucket) + 0.5) / bucketsPerDoubling) - 1 }
    }
    return 0
  }
}
