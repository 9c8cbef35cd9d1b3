// SPDX-License-Identifier: Apache-2.0

public import ShadowComparison

/// How a recording is replayed.
public struct ReplayOptions: Sendable {
  /// Where legacy answers.
  public var legacy: BaseAddress
  /// Where the extracted side answers.
  public var extracted: BaseAddress
  /// Most requests under way at once; each is asked of both sides.
  public var concurrency: Int
  /// Most recorded requests that are begun in a second.
  public var rate: Int
  /// How often the whole recording is sent.
  public var repeats: Int
  /// Bounds of one answer.
  public var answers: AnswerLimits
  /// Bounds of what is kept.
  public var evidence: EvidenceLimits
  /// What is compared, left out and hidden.
  public var rules: ComparisonRules

  /// Creates options. Legacy is asked again for every difference that could be noise: a replay is
  /// no users' traffic, and its rate bounds the load.
  public init(
    legacy: BaseAddress, extracted: BaseAddress, concurrency: Int = 4, rate: Int = 100,
    repeats: Int = 1, answers: AnswerLimits = AnswerLimits(),
    evidence: EvidenceLimits = EvidenceLimits(reaskShare: 1),
    rules: ComparisonRules = ComparisonRules()
  ) {
    self.legacy = legacy
    self.extracted = extracted
    self.concurrency = concurrency
    self.rate = rate
    self.repeats = repeats
    self.answers = answers
    self.evidence = evidence
    self.rules = rules
  }
}
