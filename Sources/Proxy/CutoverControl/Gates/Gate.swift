// SPDX-License-Identifier: Apache-2.0

internal import ShadowComparison

/// Decides whether the extracted side is worse than legacy, and may be asked after every second.
///
/// # How a gate decides
///
/// A gate plays a game that it cannot be expected to win while the extracted side is not worse than
/// legacy. It starts with a small stake and bets on "bad requests come from the extracted side more
/// often than its share of the traffic says". A bad request there multiplies the stake; a bad
/// request of legacy, and time without bad requests, shrink it. When the stake has grown to
/// 1/alpha,
/// 400-fold for the default of 0.25 % a gate, all traffic goes back to legacy.
///
/// **Why it may look every second.** If the extracted side is not worse, what the stake is worth is
/// not expected to grow, whatever happened so far. Such a process ever reaches 1/alpha with a
/// probability of at most alpha (Ville's inequality). That covers every moment of the cutover at
/// once; a threshold or a significance test that is looked at again and again has no such bound.
/// The plan's `alpha` (1 % unless said otherwise) is the chance that a whole cutover of an equal
/// service is rolled back, dealt out over its gates and routes.
///
/// **Why an incident does not matter.** Nothing is compared with a fixed number or with last week.
/// When the database that both sides use fails, both have bad requests in proportion to their
/// traffic, and the bets neither win nor lose.
///
/// **What is tolerated.** "Not worse" means: at most `ratio` times legacy's rate plus `margin`
/// (1.25 times and 0.05 % for errors). Without that, a difference too small to matter would be
/// proved within hours on a busy route.
///
/// **How fast it is.** 5 to 30 bad requests, whatever the traffic: seconds where those arrive in
/// seconds. At 100 requests a second and 5 % of users, a service that fails 5 % of its requests is
/// rolled back after 22 s and 6 bad requests (median). At 1 request a second and 1 % such a service
/// has one bad request in 2,000 s and nobody can know sooner: start such routes at 5 or 10 %. At
/// 50 % a bad request is little more evidence than a thrown coin, so it takes 18 or more.
///
/// **Latency** is the same game over "slower than the threshold". The threshold is legacy's running
/// p95 or p99; the extracted side may be `slowdown` times slower. A request counts as slow when its
/// age passes the threshold, not when it ends, so that a side which hangs is seen.
///
/// **Mismatches** are the same game over shadow comparisons in which the extracted answer was the
/// odd one out of three, against those in which legacy's was. A path whose last answers spoke for
/// noise is left out meanwhile (`RecentVerdicts`): what was left out before an answer came cannot
/// favour a side, and noise in every answer does not bury two wrong ones of a hundred.
///
/// **What it cannot know.** A side without traffic gives no evidence: the cutover holds, and never
/// promotes on silence. Where legacy answers next to nothing (95 % and above) there is nobody to
/// compare with: the plan must keep some traffic on legacy, or accept an absolute ceiling that
/// cannot tell a shared incident from a bad service. A wobble of one side alone that is larger
/// than the margin is a difference: on routes with more than 1,000 requests a second give latency
/// a margin of 1.25. A user who fails again and again is one user, not many: from her failure on
/// nothing of her is judged in that minute, good or bad, and of a second only her first request and
/// her first that fails (`ErrorOncePerUser`). So `n` and `k` are of the same requests, and each of
/// them is a throw of its own. That a failure may be judged where a success would not be adds it to
/// `n1` as well as to `k1`, which makes `w` larger and the factor below smaller.
///
/// **What a breaker keeps away** is neither bad nor good. It counts in `n1`, as the requests that
/// were the extracted side's, and never in `k1`: what is not drawn is replaced by what was to be
/// expected of it, so the formula asks for nothing about when a breaker opens. That users are left
/// out for a minute does: those of legacy are counted while a breaker keeps the others away. So it
/// does not open by trouble that both sides have (`CircuitBreaker`), and `Outage` sees to a side
/// whose breaker stays open.
///
/// # The formula
///
/// For a block of `n0`, `n1` requests of which `k0`, `k1` were bad, and every `psi` of the rules:
///
///     w = rho*n1 / (n0 + rho*n1)      c = 1 + w*(psi - 1)
///     l = k1*ln(psi/c) - k0*ln(c) - delta*n1*(psi/c - 1)
///     M = min((M + g(t) / (S*J)) * exp(clamp(l, -700, cap)), 1e12)
///     g(t) = ln 2 * log1p(1/(t + 1)) / (ln(t + 1) * ln(t + 2)),  t = 1, 2, ... blocks of the stage
///
/// The gate fires at `sum M >= 1/alpha`. S is the number of stages, J that of bets. The fresh
/// stakes sum to one over the plan; they find a change that comes late in a stage.
///
/// Sources: Turner, Ly, Gruenwald (arXiv 2106.02693), Shin, Ramdas, Rinaldo (E-detectors, NEJSDS
/// 59). What follows from the numbers above is measured by `swift run -c release gate-simulator`.
package struct Gate: Sendable, Equatable {
  /// What has to outlive the process: a restart wins no fresh stake.
  package struct State: Sendable, Equatable, Codable {
    /// What each bet is worth (M).
    package var worth: [Double]
    /// Blocks judged in this stage (t).
    package var blocks = 0
    /// What is counted and not judged yet.
    package var pending = BlockCounts()
    /// All that was counted in this stage, for people.
    package var total = BlockCounts()

    package init(bets: Int) {
      worth = Array(repeating: 0, count: bets)
    }
  }

  private static let largestWorth = 1e12
  private static let leastLogarithm = -700.0

  package let rules: GateRules
  /// Part of each fresh stake that one bet gets: 1/(S*J).
  private let stake: Double
  /// 1/alpha.
  package let threshold: Double
  package private(set) var state: State

  /// Creates a gate.
  ///
  /// - Parameters:
  ///   - stages: number of stages in the plan, at least 1.
  ///   - alpha: bound of the probability that the gate ever fires while the extracted side is not
  ///     worse, above 0.
  package init(_ rules: GateRules, stages: Int, alpha: Double) {
    self.rules = rules
    stake = 1 / Double(max(1, stages) * rules.bets.count)
    threshold = 1 / alpha
    state = State(bets: rules.bets.count)
  }

  /// Goes on where a gate with the same rules was; nil when the state is of other rules.
  ///
  /// `lostBlocks` is the most that may have been judged since the state was written down. Their
  /// stakes are given up: to win them again would add to the probability of a false rollback.
  package init?(restoring state: State, like gate: Gate, lostBlocks: Int) {
    guard state.worth.count == gate.rules.bets.count else { return nil }
    self = gate
    self.state = state
    self.state.blocks += max(0, lostBlocks)
  }

  /// What all bets together are worth; above 1 the evidence is against the extracted side.
  package var evidence: Double { state.worth.reduce(0, +) }

  /// The extracted side is worse: go back.
  package var hasFired: Bool { evidence >= threshold }

  /// The next stage begins. What the bets are worth stays, and a new series of stakes begins.
  package mutating func enterStage() {
    state.blocks = 0
    state.pending = BlockCounts()
    state.total = BlockCounts()
  }

  /// What is counted and not judged yet is left out, whatever it says: who chose by that would
  /// choose the verdict.
  package mutating func forgetPending() { state.pending = BlockCounts() }

  /// A second's counts; answers with the block that they completed.
  @discardableResult
  package mutating func tick(_ counts: BlockCounts, against baseline: Baseline) -> BlockCounts? {
    state.pending += counts
    state.total += counts
    guard state.pending.isBlock(against: baseline) else { return nil }
    let block = state.pending
    state.pending = BlockCounts()
    judge(block, against: baseline)
    return block
  }

  private mutating func judge(_ block: BlockCounts, against baseline: Baseline) {
    state.blocks += 1
    let fresh = Self.stake(ofBlock: state.blocks) * stake
    for (index, bet) in rules.bets.enumerated() {
      let gain = logarithm(of: bet, block, against: baseline)
      let factor = Real.e(max(Self.leastLogarithm, min(gain, bet.cap)))
      state.worth[index] = min((state.worth[index] + fresh) * factor, Self.largestWorth)
    }
  }

  /// The logarithm of a block's e-value, before it is capped.
  package func logarithm(
    of bet: GateRules.Bet, _ block: BlockCounts, against baseline: Baseline
  ) -> Double {
    let (n1, k1) = (Double(block.extractedRouted), Double(block.extractedBad))
    switch baseline {
    case .concurrentLegacy:
      let weighted = rules.ratio * n1
      let share = weighted / (Double(block.legacy) + weighted)
      let mean = 1 + share * (bet.psi - 1)
      let lnMean = Real.ln(mean)
      return k1 * (bet.lnPsi - lnMean) - Double(block.legacyBad) * lnMean
        - rules.margin * n1 * (bet.psi / mean - 1)
    case .ceiling(let ceiling): return k1 * bet.lnPsi - n1 * ceiling * (bet.psi - 1)
    }
  }

  /// The part of a stage's stakes that block `t`, from 1, brings; they sum to 1.
  package static func stake(ofBlock t: Int) -> Double {
    let t = Double(t)
    return Real.ln(2) * Real.ln1p(1 / (t + 1)) / (Real.ln(t + 1) * Real.ln(t + 2))
  }
}
