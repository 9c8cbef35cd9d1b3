// SPDX-License-Identifier: Apache-2.0

internal import ShadowComparison

/// How many requests of the extracted side a promotion is likely to need.
///
/// Each bet's logarithm is a random walk whose drift and spread per request follow from the formula
/// of `PromotionTest`; it is taken for normal, and the number is the one within which it arrives
/// nine times out of ten. Against simulations that is 5 to 34 % too many.
package enum ProofSize {
  /// Normal quantile of 0.9.
  private static let ninety = 1.2816

  /// Requests of the extracted side; nil when an equal service would not be proved at all.
  ///
  /// - Parameters:
  ///   - tolerance: difference that is to be excluded (Delta), above 0.
  ///   - rate: share of bad requests of both sides, 0 to 1.
  ///   - share: share of the extracted side, above 0 and below 1; nil proves against a ceiling,
  ///     which is `tolerance` then.
  package static func requests(tolerance: Double, rate: Double, share: Double?) -> Int? {
    if rate <= 0 { return faultless(tolerance) }
    let goal = Real.ln(Double(PromotionTest.bets.count) * PromotionTest.threshold)
    let counts = PromotionTest.bets.filter { $0 > 0 }.compactMap { a -> Double? in
      let lost = Real.ln(a)
      var drift = rate * lost + tolerance * (1 - a)
      var variance = rate * lost * lost
      if let share, share > 0, share < 1 {
        let ratio = share / (1 - share)
        let gained = Real.ln(1 + ratio * (1 - a))
        drift += rate / ratio * gained
        variance += rate / ratio * gained * gained
      }
      guard drift > 0 else { return nil }
      let spread = ninety * variance.squareRoot()
      let root = (spread + (spread * spread + 4 * drift * goal).squareRoot()) / (2 * drift)
      return root * root
    }
    // Beyond this nobody waits.
    guard let fewest = counts.min(), fewest < 1e12 else { return nil }
    return Int(fewest.rounded(.up))
  }

  /// Exact: without bad requests nothing is left to chance.
  private static func faultless(_ tolerance: Double) -> Int? {
    guard tolerance > 0 else { return nil }
    func evidence(_ requests: Double) -> Double {
      let worth = PromotionTest.bets.map { Real.e(min(700, tolerance * requests * (1 - $0))) }
      return worth.reduce(0, +) / Double(worth.count)
    }
    var (low, high) = (0.0, 700 / tolerance)
    while high - low > 0.5 {
      let middle = (low + high) / 2
      if evidence(middle) >= PromotionTest.threshold { high = middle } else { low = middle }
    }
    return Int(high.rounded(.up))
  }
}
