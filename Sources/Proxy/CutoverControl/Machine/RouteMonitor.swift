// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// All gates of one route, and what they need to know of its traffic.
package struct RouteMonitor: Sendable, Equatable {
  /// What has to outlive the process.
  package struct State: Sendable, Equatable, Codable {
    package var errors: Gate.State
    /// What may prove a promotion and was not judged yet. A journal of the version before has none:
    /// it is what the gate has.
    package var unproved: BlockCounts?
    /// All requests of the stage and all failures; nil in journals of the version before.
    package var requests: BlockCounts?
    /// What speaks for it in this stage; nil in journals of a version before, which proved the
    /// routes of a plan together.
    package var proof: Proof?
    package var latency: [LatencyGate.State]
    package var mismatches: Gate.State?
    /// nil in journals of a version before.
    package var doubtful: Int?
    package var legacyRate: DailyRate
    package var legacySilence: LegacySilence
  }

  /// What speaks for the extracted side.
  package struct Proof: Sendable, Equatable, Codable {
    package var worth: [Double]
    package var judged: Int
    package var silence: Silence
  }

  /// Least ceiling where there is no legacy to compare with.
  private static let leastCeiling = 0.02
  /// Whatever legacy did: a side that fails nine times of ten is not to be kept.
  private static let largestCeiling = 0.9
  /// Times legacy's own rate that a ceiling tolerates.
  private static let ceilingFactor = 3.0

  package private(set) var errors: Gate
  package private(set) var latency: [LatencyGate]
  package private(set) var mismatches: Gate?
  /// That it is not worse, in this stage and on this route.
  package private(set) var promotion: PromotionTest
  /// Of the extracted side.
  package private(set) var silence = Silence()
  /// Comparisons of a stage at 0 % that speak against its promotion though nobody knows whether
  /// they should, for people to see; since the start of the process.
  package private(set) var undecided = 0
  /// Comparisons of the stage among those of the mismatch gate that are undecided.
  private var doubtful = 0
  private var legacyRate = DailyRate()
  private var legacySilence = LegacySilence()
  private var unproved = BlockCounts()
  /// All requests of the stage and all failures, of whichever user.
  private var requests = BlockCounts()
  /// Begins anew with each process: it is seen again within seconds.
  package private(set) var outage = Outage()
  /// Of proxies that serve the route otherwise. Their successes end this one and no other: what is
  /// in a row on one service is not so among two.
  private var outageElsewhere = Outage()
  private let rules: CutoverGates

  package init(_ plan: CutoverPlan) {
    let (stages, alpha) = (plan.stages.count, plan.gateAlpha)
    rules = plan.gates
    promotion = PromotionTest(tolerance: plan.stages.first?.effectiveTolerance ?? 0)
    errors = Gate(
      .errors(ratio: rules.errors.ratio, margin: rules.errors.margin), stages: stages, alpha: alpha)
    latency = rules.latency.map { rules in
      LatencyGate(
        Gate(.latency(ratio: rules.ratio), stages: stages, alpha: alpha),
        LatencyThreshold(quantile: rules.quantile, slowdown: rules.slowdown))
    }
    mismatches = rules.mismatches.map {
      Gate(.mismatches(margin: $0.margin), stages: stages, alpha: alpha)
    }
  }

  /// Nil when the state is of other gates.
  ///
  /// - Parameter proof: what speaks for it where the state does not say.
  package init?(
    restoring state: State, _ plan: CutoverPlan, in stage: CutoverStage, proof: Proof?,
    lostBlocks: Int
  ) {
    self.init(plan)
    promotion = PromotionTest(tolerance: stage.effectiveTolerance)
    if let proof = state.proof ?? proof {
      guard
        let test = PromotionTest(
          tolerance: stage.effectiveTolerance, worth: proof.worth, judged: proof.judged)
      else { return nil }
      (promotion, silence) = (test, proof.silence)
    }
    guard state.latency.count == latency.count,
      (state.mismatches == nil) == (mismatches == nil),
      let former = Gate(restoring: state.errors, like: errors, lostBlocks: lostBlocks)
    else { return nil }
    errors = former
    for index in latency.indices {
      guard
        let gate = LatencyGate(
          restoring: state.latency[index], like: latency[index], lostBlocks: lostBlocks)
      else { return nil }
      latency[index] = gate
    }
    if let former = state.mismatches, let gate = mismatches {
      mismatches = Gate(restoring: former, like: gate, lostBlocks: lostBlocks)
      if mismatches == nil { return nil }
    }
    doubtful = state.doubtful ?? 0
    legacyRate = state.legacyRate
    legacySilence = state.legacySilence
    unproved = state.unproved ?? state.errors.pending
    requests = state.requests ?? BlockCounts()
  }

  package var state: State {
    State(
      errors: errors.state, unproved: unproved, requests: requests,
      proof: Proof(worth: promotion.worth, judged: promotion.judged, silence: silence),
      latency: latency.map(\.state),
      mismatches: mismatches?.state, doubtful: doubtful,
      legacyRate: legacyRate, legacySilence: legacySilence)
  }

  package mutating func enterStage(_ stage: CutoverStage) {
    promotion = PromotionTest(tolerance: stage.effectiveTolerance)
    silence = Silence()
    errors.enterStage()
    for index in latency.indices { latency[index].enterStage() }
    mismatches?.enterStage()
    doubtful = 0
    legacySilence = LegacySilence()
    unproved = BlockCounts()
    undecided = 0
    requests = BlockCounts()
    outage = Outage()
    outageElsewhere = Outage()
  }

  /// Nothing that was seen proves anything good any more.
  package mutating func forgetProof(in stage: CutoverStage) {
    promotion = PromotionTest(tolerance: stage.effectiveTolerance)
    unproved = BlockCounts()
    undecided = 0
  }

  /// Comparisons that were not judged yet prove nothing either.
  package mutating func forgetComparisons() { mismatches?.forgetPending() }

  /// A second's requests.
  ///
  /// - Parameter strangers: those of proxies that serve the route otherwise. The gates add them:
  ///   who fails there is a user. They prove nothing good, and end no outage but their own.
  package mutating func tick(
    _ counts: RouteCounts, strangers: RouteCounts = RouteCounts(), in stage: CutoverStage
  ) {
    legacyRate.tick(requests: counts.legacy.judged, bad: counts.legacy.judgedBad)
    guard stage.percent > .zero else {
      for index in latency.indices { latency[index].follow(counts.ages(index)) }
      return
    }
    silence.tick(finished: counts.extracted.finished)
    legacySilence.tick(legacy: counts.legacy.finished, extracted: counts.extracted.finished)
    outage.tick(counts)
    outageElsewhere.tick(strangers)
    var all = counts
    all += strangers
    for index in latency.indices {
      latency[index].tick(
        all.ages(index), extracted: all.extracted,
        against: baseline(in: stage, ceiling: latencyCeiling(index)))
    }
    let measure = errorBaseline(in: stage)
    errors.tick(all.errors(against: measure), against: measure)
    unproved += counts.errors(against: measure)
    requests += all.failures
    guard unproved.isBlock(against: measure) else { return }
    // Without legacy where there should be one, nothing is proved about the difference.
    if !lacksLegacy(in: stage) { promotion.judge(unproved, against: measure) }
    unproved = BlockCounts()
  }

  /// A second's shadow comparisons, none included. At 0 % it is these that have to prove something.
  package mutating func compare(_ counts: CompareCounts, in stage: CutoverStage) {
    if stage.percent == .zero { silence.tick(finished: counts.compared + counts.undecided) }
    guard let rules = rules.mismatches else { return }
    let baseline: Baseline = rules.areStable ? .ceiling(rules.margin) : .concurrentLegacy
    let block = counts.block(against: baseline)
    if block.extracted > 0 { mismatches?.tick(block, against: baseline) }
    doubtful += block.extracted - counts.compared
    if stage.percent == .zero { prove(counts, areStable: rules.areStable, in: stage) }
  }

  private mutating func prove(
    _ counts: CompareCounts, areStable: Bool, in stage: CutoverStage
  ) {
    let tolerated: Baseline = areStable ? .ceiling(stage.effectiveTolerance) : .concurrentLegacy
    if counts.undecided > 0 {
      undecided += counts.undecided
      promotion.judge(counts.doubt, against: tolerated)
    }
    guard counts.compared > 0 else { return }
    unproved += counts.proof
    guard unproved.isBlock(against: tolerated) else { return }
    promotion.judge(unproved, against: tolerated)
    unproved = BlockCounts()
  }

  /// What failed requests are measured by at the moment.
  package func errorBaseline(in stage: CutoverStage) -> Baseline {
    baseline(
      in: stage, ceiling: Self.errorCeiling(rules.errors, legacyRate: legacyRate.value ?? 0))
  }

  /// Those that may be under way: of the side that is judged first, then of what others have there.
  package var outages: [Outage] {
    [outage, outageElsewhere].filter { $0.seconds > 0 || $0.exclusion.isUnderWay }
  }

  /// Nothing succeeds on the extracted side, and that is no chance.
  package func isOut(_ outage: Outage, in stage: CutoverStage) -> Bool {
    outage.hasLasted(errors.rules, against: errorBaseline(in: stage))
  }

  /// Users that have to fail in a row before that is no chance; nil where none would do.
  package func usersAwaited(_ outage: Outage, in stage: CutoverStage) -> Int? {
    outage.usersAwaited(errors.rules, against: errorBaseline(in: stage))
  }

  /// The highest tolerated share of failed requests where there is no legacy to compare with.
  static func errorCeiling(_ rules: ErrorGateRules, legacyRate: Double) -> Double {
    min(largestCeiling, rules.ceiling ?? max(leastCeiling, ceilingFactor * legacyRate))
  }

  /// Legacy stopped answering in a stage that compares with it.
  package func lacksLegacy(in stage: CutoverStage) -> Bool {
    stage.evidence != .absolute && stage.percent > .zero
      && legacySilence.isSilent(share: Double(stage.percent.hundredths) / 10_000)
  }

  private func baseline(in stage: CutoverStage, ceiling: Double) -> Baseline {
    stage.evidence == .absolute || lacksLegacy(in: stage) ? .ceiling(ceiling) : .concurrentLegacy
  }

  /// The threshold makes a fixed share of legacy's requests slow.
  private func latencyCeiling(_ index: Int) -> Double {
    max(Self.leastCeiling, Self.ceilingFactor * (1 - rules.latency[index].quantile))
  }

  /// What every gate says now.
  package func findings(route: String, in stage: CutoverStage) -> [GateFinding] {
    var all = [
      GateFinding(route, .errors, errors, errorBaseline(in: stage), requests: requests)
    ]
    for (index, gate) in latency.enumerated() {
      let ceiling = latencyCeiling(index)
      all.append(
        GateFinding(
          route, .latency(quantile: gate.threshold.quantile), gate.gate,
          baseline(in: stage, ceiling: ceiling)))
    }
    if let mismatches, let rules = rules.mismatches {
      all.append(
        GateFinding(
          route, .mismatches, mismatches,
          rules.areStable ? .ceiling(rules.margin) : .concurrentLegacy, undecided: doubtful))
    }
    return all
  }
}
