// SPDX-License-Identifier: Apache-2.0

/// Counts of waiting times in buckets that grow with the time, eight to each doubling: a quantile
/// read from it is off by an eighth at most, and two histograms add up.
public struct LatencyHistogram: Sendable, Equatable {
  /// Longer times count as this long, about 19 hours.
  private static let longest = (1 << 36) - 1

  /// How many times fell into each bucket, by its number; empty buckets are left out.
  package private(set) var buckets: [Int: Int] = [:]

  /// Creates a histogram without times.
  public init() {}

  /// Takes up counts that were stored.
  package init(buckets: [Int: Int]) { self.buckets = buckets }

  /// How many times it holds.
  public var count: Int { buckets.values.reduce(0, +) }

  mutating func add(microseconds: Int) { buckets[Self.bucket(of: microseconds), default: 0] += 1 }

  mutating func merge(_ other: LatencyHistogram) {
    buckets.merge(other.buckets, uniquingKeysWith: +)
  }

  /// The time in microseconds that a share of all do not exceed, 0 to 1; nil without any.
  public func quantile(_ share: Double) -> Int? {
    let total = count
    guard total > 0 else { return nil }
    let rank = min(total, max(1, Int((share * Double(total)).rounded(.up))))
    var seen = 0
    for (bucket, count) in buckets.sorted(by: { $0.key < $1.key }) {
      seen += count
      if seen >= rank { return Self.middle(of: bucket) }
    }
    return nil
  }

  static func bucket(of microseconds: Int) -> Int {
    let time = min(max(0, microseconds), longest)
    guard time >= 8 else { return time }
    let exponent = Int.bitWidth - 1 - time.leadingZeroBitCount
    return (exponent - 2) * 8 + ((time >> (exponent - 3)) & 7)
  }

  static func middle(of bucket: Int) -> Int {
    guard bucket >= 8 else { return bucket }
    let shift = min(bucket / 8 - 1, 33)
    return (8 + bucket % 8) << shift + (1 << shift) / 2
  }
}
