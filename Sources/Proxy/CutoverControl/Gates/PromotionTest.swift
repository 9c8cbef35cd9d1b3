// SPDX-License-Identifier: Apache-2.0

internal import ShadowComparison

/// Proves that the extracted side is worse by less than a tolerated difference: the bet of a gate
/// the other way round. To promote needs proof; that nothing was found is none.
///
/// The bets lose with every bad request of the extracted side and win with time and with bad
/// requests of legacy: `E *= a^k1 * b^k0 * exp(Delta*n1*(1 - a))`, `b = 1 + (n1/n0)*(1 - a)`. They
/// begin anew with each stage, and no stake comes later: to look again does not help.
///
/// Each route has one, and a cutover goes on when all are proved. That adds nothing to a wrong
/// promotion: whichever route is worse, its own proof has to go wrong, whatever the others say.
package struct PromotionTest: Sendable, Equatable {
  /// Probability of a wrong promotion.
  package static let alpha = 0.05
  /// A bet of 0 is lost with the first bad request and the fastest without one.
  package static let bets = [0.0, 0.5, 0.8, 0.9]

  private static let largestWorth = 1e12
  /// Of the logarithm of a block's factor; e to this is a number still.
  private static let largestGain = 700.0

  /// Tolerated difference between the shares of bad requests (Delta).
  package let tolerance: Double
  /// What each bet is worth.
  package private(set) var worth: [Double]
  /// Requests of the extracted side that were judged.
  package private(set) var judged: Int

  package init(tolerance: Double) {
    self.tolerance = tolerance
    worth = Array(repeating: 1, count: Self.bets.count)
    judged = 0
  }

  /// Goes on with what was written down; nil when it does not fit.
  package init?(tolerance: Double, worth: [Double], judged: Int) {
    guard worth.count == Self.bets.count else { return nil }
    self.tolerance = tolerance
    self.worth = worth
    self.judged = judged
  }

  /// The mean of what the bets are worth.
  package var evidence: Double { worth.reduce(0, +) / Double(worth.count) }

  /// Where `evidence` has to get.
  package static var threshold: Double { 1 / alpha }

  /// Not worse by `tolerance` or more.
  package var isProved: Bool { evidence >= Self.threshold }

  /// Against a ceiling, "not worse" means below the ceiling.
  package mutating func judge(_ block: BlockCounts, against baseline: Baseline) {
    judged += block.extracted
    let n1 = Double(block.extractedRouted)
    // What a breaker keeps away proves nothing good.
    let bad = block.extractedBad + block.extractedKeptAway
    for (index, a) in Self.bets.enumerated() {
      var gain =
        switch baseline {
        case .concurrentLegacy:
          Double(block.legacyBad) * Real.ln(1 + n1 / Double(max(1, block.legacy)) * (1 - a))
            + tolerance * n1 * (1 - a)
        case .ceiling(let ceiling): ceiling * n1 * (1 - a)
        }
      if bad > 0 { gain += Double(bad) * Real.ln(a) }
      // A bet that is lost stays lost, however much an incident of thousands of requests brings the
      // others: nothing times infinity would be no number.
      let factor = Real.e(min(gain, Self.largestGain))
      worth[index] = min(worth[index] * factor, Self.largestWorth)
    }
  }
}
