// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
internal import RoutingDecisions

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
    var (traffic, gate) = (traffic, errorGate())
    return isRolledBack(secondsPerStage: secondsPerStage) { share in
      gate.enterStage()
      traffic.share = share
    } fires: {
      gate.tick(
        traffic.second().errors(against: .concurrentLegacy), against: .concurrentLegacy)
      return gate.hasFired
    }
  }

  /// Goes through all stages, each begun with its share, second by second until a gate fires.
  private static func isRolledBack(
    secondsPerStage: Int, enterStage: (Double) -> Void, fires: () -> Bool
  ) -> Bool {
    shares.contains { share in
      enterStage(share)
      return (0..<secondsPerStage).contains { _ in fires() }
    }
  }

  /// Runs one stage until the gate fires; nil when it did not within `limit` seconds.
  package static func detection(_ traffic: SimulatedTraffic, limit: Int) -> Detection? {
    var traffic = traffic
    var gate = errorGate()
    var bad = 0
    for second in 1...limit {
      let counts = traffic.second()
      bad += counts.failures.extractedBad
      gate.tick(counts.errors(against: .concurrentLegacy), against: .concurrentLegacy)
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
      let counts = traffic.second().errors(against: .concurrentLegacy)
      guard let block = gate.tick(counts, against: .concurrentLegacy) else { continue }
      test.judge(block, against: .concurrentLegacy)
      if test.isProved { return test.judged }
    }
    return nil
  }

  /// A p95 latency gate of a plan with four stages whose threshold begins 30 % too low.
  package static func latencyGate() -> LatencyGate {
    LatencyGate(
      Gate(.latency(ratio: 1.1), stages: shares.count, alpha: alpha),
      LatencyThreshold(
        quantile: 0.95, slowdown: 1.15,
        milliseconds: 0.7 * SimulatedLatency.milliseconds(atQuantile: 0.95)))
  }

  /// Runs a whole cutover by its latency; true when it was rolled back.
  package static func cutover(_ latency: SimulatedLatency, secondsPerStage: Int) -> Bool {
    var (latency, gate) = (latency, latencyGate())
    return isRolledBack(secondsPerStage: secondsPerStage) { share in
      gate.enterStage()
      latency.share = share
    } fires: {
      tick(&gate, &latency)
      return gate.gate.hasFired
    }
  }

  /// Runs a stage that is healthy for some seconds and `slowdown` times slower from then on;
  /// counts from there.
  package static func detection(
    _ latency: SimulatedLatency, slowdown: Double, healthy: Int, limit: Int
  ) -> Detection? {
    var latency = latency
    var gate = latencyGate()
    for _ in 0..<healthy {
      tick(&gate, &latency)
      if gate.gate.hasFired { return nil }
    }
    latency.slowdown = slowdown
    var bad = 0
    for second in 1...limit {
      bad += tick(&gate, &latency).extractedBad
      if gate.gate.hasFired { return Detection(seconds: second, bad: bad) }
    }
    return nil
  }

  @discardableResult
  private static func tick(
    _ gate: inout LatencyGate, _ latency: inout SimulatedLatency
  ) -> BlockCounts {
    let counts = latency.second(by: gate.threshold)
    gate.tick(
      counts, extracted: SideCounts(finished: counts.extracted), against: .concurrentLegacy)
    return counts
  }

  /// Compares answers until the mismatch gate fires; how many it took, nil beyond `limit`.
  ///
  /// - Parameters:
  ///   - rate: share of comparisons in which the extracted answer is the odd one out.
  ///   - areStable: every path is approved as free of noise, so that legacy's own are not set off.
  package static func comparisons(
    seed: UInt64, rate: Double, areStable: Bool, limit: Int
  ) -> Int? {
    let margin = 0.0002
    let baseline: Baseline = areStable ? .ceiling(margin) : .concurrentLegacy
    var random = SimulatedRandom(seed: seed)
    var gate = Gate(.mismatches(margin: margin), stages: shares.count, alpha: alpha)
    var compared = 0
    while compared < limit {
      compared += 1
      let odd = random.unit() < rate ? 1 : 0
      gate.tick(BlockCounts(legacy: 1, extracted: 1, extractedBad: odd), against: baseline)
      if gate.hasFired { return compared }
    }
    return nil
  }

  /// The same of answers that carry noise in every one, set off against legacy's.
  package static func comparisons(_ answers: NoisyAnswers, limit: Int) -> Int? {
    var answers = answers
    var gate = Gate(.mismatches(margin: 0.0002), stages: shares.count, alpha: alpha)
    return (1...limit).first { _ in
      gate.tick(
        answers.compare().block(against: .concurrentLegacy), against: .concurrentLegacy)
      return gate.hasFired
    }
  }

  /// Runs a stage that is healthy for two minutes and fails everything from then on.
  ///
  /// - Returns: seconds to the rollback, by the error gate alone and by that or an outage,
  ///   whichever comes first; nil for what did not happen within `limit`.
  ///
  /// - Parameter baseline: what the side is measured by.
  package static func outage(
    _ users: SimulatedUsers, against baseline: Baseline = .concurrentLegacy, limit: Int
  ) -> (gate: Int?, either: Int?) {
    var (users, gate, outage) = (users, errorGate(), Outage())
    var found: (gate: Int?, either: Int?)
    for second in -119...limit {
      users.isOut = second > 0
      let counts = users.second()
      outage.tick(counts)
      gate.tick(counts.errors(against: baseline), against: baseline)
      if gate.hasFired { found.gate = found.gate ?? second }
      if gate.hasFired || outage.hasLasted(gate.rules, against: baseline) {
        found.either = found.either ?? second
      }
      if found.gate != nil { break }
    }
    return found
  }

  /// Whether equal sides are taken for an outage within so many seconds.
  package static func isOut(
    _ users: SimulatedUsers, against baseline: Baseline = .concurrentLegacy, seconds: Int
  ) -> Bool {
    var (users, outage) = (users, Outage())
    let rules = errorGate().rules
    return (0..<seconds).contains { _ in
      outage.tick(users.second())
      return outage.hasLasted(rules, against: baseline)
    }
  }

  /// Runs one stage as a proxy does until it is over, or for so many seconds.
  ///
  /// - Returns: the seconds to a rollback or a promotion; both nil for neither.
  package static func stage(
    _ traffic: SimulatedTraffic, soak: Int = 60, limit: Int
  ) -> (rolledBack: Int?, promoted: Int?) {
    var traffic = traffic
    let percent = Percentage(hundredths: Int((traffic.share * 10_000).rounded())) ?? .zero
    let stages = [percent, .full].map {
      CutoverStage(
        percent: $0, soak: .seconds(soak), evidence: $0 == .full ? .absolute : .concurrent)
    }
    var machine = CutoverMachine(
      CutoverPlan(
        name: "orders", routes: ["orders"], stages: stages, gates: CutoverGates(latency: [])))
    _ = machine.handle(.start, at: 0)
    for second in 1...limit {
      switch machine.handle(.tick(["orders": traffic.second()]), at: 0) {
      case .rollBack: return (second, nil)
      case .setPercent: return (nil, second)
      case .hold, .awaitApproval, .complete, .refuse: continue
      }
    }
    return (nil, nil)
  }

  /// The value below which `share` of the values lie.
  package static func quantile(_ values: [Int], _ share: Double) -> Int {
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }
}
