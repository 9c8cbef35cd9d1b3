// SPDX-License-Identifier: Apache-2.0

internal import ShadowComparison
internal import ShadowEvidenceStore

/// The evidence of one replay while many comparisons add to it.
actor ReplayLedger {
  private var evidence: ShadowEvidence
  private var random = SystemRandomNumberGenerator()
  private let rules: ComparisonRules
  private let recorder: PairRecorder
  private let writer: EvidenceWriter
  private let unixMilliseconds: @Sendable () -> Int64
  private(set) var done = 0

  init(
    limits: EvidenceLimits, rules: ComparisonRules, approvals: [NoiseApproval],
    writer: EvidenceWriter, unixMilliseconds: @escaping @Sendable () -> Int64
  ) {
    evidence = ShadowEvidence(limits: limits)
    for approval in approvals { evidence.approve(approval) }
    self.rules = rules
    recorder = PairRecorder(rules: rules)
    self.writer = writer
    self.unixMilliseconds = unixMilliseconds
  }

  /// What was found about one request.
  struct Finding: Sendable {
    var legacy: SideAnswer
    var extracted: SideAnswer
    var comparison: Comparison
    var times: AnswerTimes
  }

  /// Files a comparison; true when legacy should be asked again.
  func file(_ finding: Finding, of request: ReplayRequest) -> Bool {
    let endpoint = self.endpoint(of: request)
    let decision = evidence.record(
      finding.comparison, endpoint: endpoint, times: finding.times,
      canAskAgain: request.isSafe, draw: Double.random(in: 0..<1, using: &random))
    var pair: ShadowPair?
    if evidence.wantsPair(of: finding.comparison, endpoint: endpoint) {
      pair = recorder.pair(
        endpoint: endpoint, method: request.method, target: request.target,
        comparedAt: unixMilliseconds(), legacy: finding.legacy, extracted: finding.extracted,
        comparison: evidence.folded(finding.comparison, endpoint: endpoint))
    }
    writer.submit(&evidence, pair: pair)
    return decision == .askLegacyAgain
  }

  func file(_ triples: [PathKind: OddOneOut], of request: ReplayRequest) {
    evidence.recordTriples(triples, endpoint: endpoint(of: request))
    writer.submit(&evidence)
  }

  func drop(_ request: ReplayRequest, _ reason: DropReason) {
    evidence.recordDrop(reason, endpoint: endpoint(of: request))
    writer.submit(&evidence)
  }

  private func endpoint(of request: ReplayRequest) -> String {
    rules.endpoint(method: request.method, target: request.target)
  }

  /// Counts a request that is over and returns how many are.
  func finishOne() -> Int {
    done += 1
    return done
  }
}
