// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// What the quietest route of a plan carries: each needs its own proof.
package struct MeasuredTraffic: Sendable, Equatable {
  /// Requests a second of both sides.
  package var requestsPerSecond: Double
  /// Legacy's share of failed requests, 0 to 1.
  package var errorRate: Double
  /// Shadow comparisons a second.
  package var comparisonsPerSecond: Double

  package init(
    requestsPerSecond: Double, errorRate: Double = 0.001, comparisonsPerSecond: Double = 0
  ) {
    self.requestsPerSecond = requestsPerSecond
    self.errorRate = errorRate
    self.comparisonsPerSecond = comparisonsPerSecond
  }
}

/// How long each stage of a plan has to last at the traffic that was measured, to be shown before
/// anybody starts it.
package struct PlanForecast: Sendable, Equatable {
  package struct Stage: Sendable, Equatable, CustomStringConvertible {
    package let percent: Percentage
    /// Requests of the extracted side a second; comparisons at 0 %.
    package let requestsPerSecond: Double
    /// Seconds of the plan's soak time.
    package let soak: Int
    /// Requests that prove an equal service in nine of ten cases; nil when none do.
    package let proof: Int?
    /// Seconds until then; nil when never.
    package let proofSeconds: Int?
    /// Seconds until the stage's minimum sample is there; nil when never.
    package let sampleSeconds: Int?
    /// When a release that fails 5 % of its requests is taken back; nil when nobody would wait for
    /// it, and without users.
    package let detection: DetectionTime?

    /// Such as `5 %: 8 min for 2526 requests at 5.0/s; soak 30 min; 5 % errors: back after about
    /// 22 s and 6 of them`.
    package var description: String { proofText + detectionText }

    private var detectionText: String {
      if percent == .zero { return "" }
      guard let detection else { return "; 5 % errors: not noticed by the gate in any useful time" }
      return "; 5 % errors: back after about \(PlanForecast.text(detection.seconds)) and "
        + "\(detection.bad) of them"
    }

    private var proofText: String {
      let what = percent == .zero ? "comparisons" : "requests"
      let rate = "\(Double(Int(requestsPerSecond * 100)) / 100)/s"
      guard let proof else { return "\(percent) %: cannot be proved; allow a larger tolerance" }
      guard let proofSeconds else { return "\(percent) %: cannot be proved at \(rate)" }
      return "\(percent) %: \(PlanForecast.text(proofSeconds)) for \(proof) \(what) at \(rate); "
        + "soak \(PlanForecast.text(soak))"
    }
  }

  package let stages: [Stage]
  /// What cannot work at this traffic, by key of the configuration.
  package let diagnostics: [Diagnostic]

  package init(_ plan: CutoverPlan, at traffic: MeasuredTraffic) {
    stages = plan.stages.map { Self.stage($0, plan, traffic) }
    var found: [Diagnostic] = []
    for (index, (stage, forecast)) in zip(plan.stages, stages).enumerated() {
      let key = "cutovers.\(plan.name).stages[\(index)]"
      let reachable = Int(forecast.requestsPerSecond * Double(forecast.soak))
      if stage.minimum > reachable {
        let needed =
          forecast.sampleSeconds.map { "or a soak of \(Self.text($0))" }
          ?? "and there is no traffic"
        found.append(
          Diagnostic(
            .error, key: "\(key).minimum",
            message: "a soak of \(Self.text(forecast.soak)) brings about \(reachable) of the "
              + "\(stage.minimum); expected at most that, \(needed)"))
      }
      guard let seconds = forecast.proofSeconds else {
        found.append(
          Diagnostic(
            .error, key: "\(key).tolerance",
            message: forecast.proof == nil
              ? "that a service is not worse by \(stage.effectiveTolerance) cannot be proved at "
                + "\(traffic.errorRate) errors; allow more"
              : "nothing can be proved without traffic"))
        continue
      }
      if seconds > forecast.soak {
        found.append(
          Diagnostic(
            .warning, key: "\(key).soak",
            message: "the proof takes about \(Self.text(seconds)), so the stage will last longer "
              + "than its soak of \(Self.text(forecast.soak))"))
      }
    }
    diagnostics = found
  }

  private static func stage(
    _ stage: CutoverStage, _ plan: CutoverPlan, _ traffic: MeasuredTraffic
  ) -> Stage {
    let share = Double(stage.percent.hundredths) / 10_000
    let isShadow = stage.percent == .zero
    let rate =
      isShadow ? traffic.comparisonsPerSecond : max(0, traffic.requestsPerSecond) * share
    let proof = proof(stage, plan, traffic, share)
    return Stage(
      percent: stage.percent, requestsPerSecond: rate,
      soak: Int(stage.soak.components.seconds), proof: proof,
      proofSeconds: proof.flatMap { seconds(for: $0, at: rate) },
      sampleSeconds: seconds(for: stage.minimum, at: rate),
      detection: detection(stage, plan, traffic, share))
  }

  private static func detection(
    _ stage: CutoverStage, _ plan: CutoverPlan, _ traffic: MeasuredTraffic, _ share: Double
  ) -> DetectionTime? {
    let rules = plan.gates.errors
    let ceiling = RouteMonitor.errorCeiling(rules, legacyRate: traffic.errorRate)
    return DetectionTime(
      .errors(ratio: rules.ratio, margin: rules.margin), rate: max(0, traffic.requestsPerSecond),
      share: share, legacyRate: traffic.errorRate,
      against: stage.evidence == .absolute ? .ceiling(ceiling) : .concurrentLegacy,
      stages: plan.stages.count, alpha: plan.gateAlpha)
  }

  private static func proof(
    _ stage: CutoverStage, _ plan: CutoverPlan, _ traffic: MeasuredTraffic, _ share: Double
  ) -> Int? {
    if stage.percent == .zero {
      return ProofSize.requests(tolerance: stage.effectiveTolerance, rate: 0, share: 0.5)
    }
    guard stage.evidence == .absolute else {
      return ProofSize.requests(
        tolerance: stage.effectiveTolerance, rate: traffic.errorRate, share: share)
    }
    let ceiling = RouteMonitor.errorCeiling(plan.gates.errors, legacyRate: traffic.errorRate)
    return ProofSize.requests(tolerance: ceiling, rate: traffic.errorRate, share: nil)
  }

  private static func seconds(for count: Int, at rate: Double) -> Int? {
    if count == 0 { return 0 }
    let seconds = Double(count) / rate
    return seconds < 1e12 ? Int(seconds.rounded(.up)) : nil
  }

  /// `48 s`, `8 min`, `2.6 h`: as exact as a forecast is, rounded up.
  private static func text(_ seconds: Int) -> String {
    if seconds < 120 { return "\(seconds) s" }
    if seconds < 7_200 { return "\((seconds + 59) / 60) min" }
    let tenths = (seconds + 359) / 360
    return tenths % 10 == 0 ? "\(tenths / 10) h" : "\(tenths / 10).\(tenths % 10) h"
  }
}
