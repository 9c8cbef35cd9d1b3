// SPDX-License-Identifier: Apache-2.0

package import CutoverControl

/// What a gate does with simulated traffic.
package enum GateRun {
  /// When a gate fired.
  package struct Detection: Sendable {
    /// Seconds from the start, the one that fired included.
    package let seconds: Int
    /// Bad requests that the extracted side had answered by then.
    package let bad: Int
  }

  /// The design's setting: 1 % for the whole cutover, dealt out over four gates.
  package static let alpha = 0.0025
  /// Shares of the design's stages.
  package static let shares = [0.01, 0.05, 0.25, 0.5]

  /// An error gate of a plan with four stages.
  package static func errorGate() -> Gate {
    Gate(.errors(ratio: 1.25, margin: 0.0005), stages: shares.count, alpha: alpha)
  }

  /// Runs a whole cutover; true when it was rolled back.
  package static func cutover(_ traffic: SimulatedTraffic, secondsPerStage: Int) -> Bool {
    var traffic = traffic
    var gate = errorGate()
    for share in shares {
      gate.enterStage()
      traffic.share = share
      for _ in 0..<secondsPerStage {
        gate.tick(traffic.second(), against: .concurrentLegacy)
        if gate.hasFired { return true }
      }
    }
    return false
  }

  /// Runs one stage until the gate fires; nil when it did not within `limit` seconds.
  package static func detection(_ traffic: SimulatedTraffic, limit: Int) -> Detection? {
    var traffic = traffic
    var gate = errorGate()
    var bad = 0
    for second in 1...limit {
      let counts = traffic.second()
      bad += counts.extractedBad
      gate.tick(counts, against: .concurrentLegacy)
      if gate.hasFired { return Detection(seconds: second, bad: bad) }
    }
    return nil
  }

  /// Runs one stage until promotion is proved; the requests of the extracted side that it took.
  package static func promotion(
    _ traffic: SimulatedTraffic, tolerance: Double, limit: Int
  ) -> Int? {
    var traffic = traffic
    var gate = errorGate()
    var test = PromotionTest(tolerance: tolerance)
    while test.judged < limit {
      guard let block = gate.tick(traffic.second(), against: .concurrentLegacy) else { continue }
      test.judge(block, against: .concurrentLegacy)
      if test.isProved { return test.judged }
    }
    return nil
  }

  /// The value below which `share` of the values lie.
  package static func quantile(_ values: [Int], _ share: Double) -> Int {
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }
}
