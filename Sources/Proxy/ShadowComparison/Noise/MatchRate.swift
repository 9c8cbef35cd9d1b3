// SPDX-License-Identifier: Apache-2.0

/// A rate with an interval that stays valid however often it is looked at.
public struct MatchRate: Sendable, Equatable {
  /// Successes.
  public let matched: Int
  /// Tries.
  public let total: Int

  /// Creates a rate; both are at least 0 and `matched` is at most `total`.
  public init(matched: Int, total: Int) {
    self.total = max(0, total)
    self.matched = min(max(0, matched), self.total)
  }

  /// The observed share from 0 to 1, nil before the first try.
  public var observed: Double? { total == 0 ? nil : Double(matched) / Double(total) }

  /// All true rates that the data do not exclude, from 0 to 1.
  ///
  /// A confidence sequence from a beta mixture: with probability 1 - `alpha` it holds the true rate
  /// at **every** moment, which an interval for one look does not.
  public func interval(alpha: Double = 0.05) -> ClosedRange<Double> {
    guard total > 0 else { return 0...1 }
    let (x, n) = (Double(matched), Double(total))
    let mixture = Real.lnBeta(x + 0.5, n - x + 0.5) - Real.lnBeta(0.5, 0.5)
    let threshold = Real.ln(1 / alpha)
    func isExcluded(_ p: Double) -> Bool {
      let successes = x == 0 ? 0 : x * Real.ln(p)
      let failures = n == x ? 0 : (n - x) * Real.ln(1 - p)
      return mixture - successes - failures > threshold
    }
    let observed = x / n
    return Self.bisect(
      excluded: 0, kept: observed, isExcluded)...Self.bisect(
        excluded: 1, kept: observed, isExcluded)
  }

  /// The border between excluded and kept rates.
  private static func bisect(
    excluded: Double, kept: Double, _ isExcluded: (Double) -> Bool
  ) -> Double {
    var (outside, inside) = (excluded, kept)
    for _ in 0..<60 {
      let middle = (outside + inside) / 2
      if isExcluded(middle) { outside = middle } else { inside = middle }
    }
    return inside
  }
}
