// SPDX-License-Identifier: Apache-2.0

internal import ShadowComparison

/// How soon the error gate takes back a release that fails so many more of its requests from the
/// first second of a stage on.
///
/// The counts of a second are taken for what is expected of them; a gate that gets those fires
/// about when half of all gates have fired.
package struct DetectionTime: Sendable, Equatable {
  /// Share of requests that the release fails beyond legacy's own: the design's example.
  package static let badShare = 0.05
  /// Nobody waits for more blocks than these.
  private static let mostBlocks = 20_000

  /// Seconds from the start of the stage.
  package let seconds: Int
  /// Requests that were failed by then.
  package let bad: Int

  /// nil when it takes longer than anybody waits.
  ///
  /// - Parameters:
  ///   - rate: requests a second of both sides.
  ///   - share: share of the extracted side, 0 to 1.
  ///   - legacyRate: share of legacy's requests that fail.
  ///   - alpha: of the gate.
  package init?(
    _ rules: GateRules, rate: Double, share: Double, legacyRate: Double,
    against baseline: Baseline, stages: Int, alpha: Double
  ) {
    let (n0, n1) = (rate * (1 - share), rate * share)
    guard n1 > 0, n0 > 0 || baseline != .concurrentLegacy else { return nil }
    let failing = min(1, legacyRate + Self.badShare)
    // A block closes when both sides have a request, and both together twenty.
    var block = max(1, Double(BlockCounts.smallestBlock) / rate, 1 / n1)
    if baseline == .concurrentLegacy { block = max(block, 1 / n0) }
    let gains = rules.bets.map { bet in
      let gain: Double
      switch baseline {
      case .concurrentLegacy:
        let weighted = rules.ratio * n1
        let mean = 1 + weighted / (n0 + weighted) * (bet.psi - 1)
        let lnMean = Real.ln(mean)
        gain =
          n1 * failing * (bet.lnPsi - lnMean) - n0 * legacyRate * lnMean
          - rules.margin * n1 * (bet.psi / mean - 1)
      case .ceiling(let ceiling): gain = n1 * (failing * bet.lnPsi - ceiling * (bet.psi - 1))
      }
      return Real.e(max(-700, min(gain * block, bet.cap)))
    }
    var worth = gains.map { _ in 0.0 }
    for number in 1...Self.mostBlocks {
      let fresh = Gate.stake(ofBlock: number) / Double(max(1, stages) * gains.count)
      for index in worth.indices { worth[index] = (worth[index] + fresh) * gains[index] }
      if worth.reduce(0, +) < 1 / alpha { continue }
      let passed = (Double(number) * block).rounded(.up)
      guard passed < 1e12, passed * n1 < 1e15 else { return nil }
      seconds = Int(passed)
      bad = max(1, Int((passed * n1 * failing).rounded()))
      return
    }
    return nil
  }
}
