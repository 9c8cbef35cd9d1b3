// SPDX-License-Identifier: Apache-2.0

internal import ShadowComparison

/// What a gate bets on, and what it tolerates.
package struct GateRules: Sendable, Equatable {
  /// One bet: that the extracted side is bad `psi` times as often as it may be.
  package struct Bet: Sendable, Equatable {
    package let psi: Double
    package let lnPsi: Double
    /// Most that one block adds to the logarithm of the bet's worth.
    package let cap: Double

    package init(psi: Double, cap: Double) {
      self.psi = psi
      lnPsi = Real.ln(psi)
      self.cap = cap
    }
  }

  /// Most that a block may multiply a bet by is e to this: one second never decides.
  package static let largestCap = 3.0

  /// The bets, held at the same time.
  package let bets: [Bet]
  /// Tolerated factor on legacy's rate (rho).
  package let ratio: Double
  /// Tolerated share of bad requests on top (delta).
  package let margin: Double

  package init(bets: [Bet], ratio: Double, margin: Double) {
    self.bets = bets
    self.ratio = ratio
    self.margin = margin
  }

  /// Failed requests. The margins are needed, not decoration: at thousands of requests a second any
  /// real difference of a twentieth is significant within hours.
  package static func errors(ratio: Double, margin: Double) -> GateRules {
    let bets = [1.5, 3, 10, 50].map { Bet(psi: $0, cap: min(Real.ln($0), largestCap)) }
    return GateRules(bets: bets, ratio: ratio, margin: margin)
  }

  /// Requests that were slower than the running threshold.
  package static func latency(ratio: Double) -> GateRules {
    let bets = [1.25, 1.6, 2.5, 6].map { Bet(psi: $0, cap: largestCap) }
    return GateRules(bets: bets, ratio: ratio, margin: 0)
  }

  /// Shadow comparisons in which one side was the odd one out. Noise makes either side odd equally
  /// often, hence the ratio of 1.
  package static func mismatches(margin: Double) -> GateRules {
    let bets = [3.0, 10, 30].map { Bet(psi: $0, cap: largestCap) }
    return GateRules(bets: bets, ratio: 1, margin: margin)
  }
}
