// SPDX-License-Identifier: Apache-2.0

/// What the shadow comparisons found, per endpoint and path.
public struct ShadowReport: Sendable, Equatable {
  /// One endpoint.
  public struct Endpoint: Sendable, Equatable {
    /// Name, such as `GET /orders/{id}`.
    public var name: String
    /// Comparisons, errors of either side included.
    public var requests: Int
    /// How many there were of each outcome.
    public var outcomes: [Comparison.Outcome: Int]
    /// Share of `matched` and `ignored` among what was compared; legacy's errors are left out.
    public var matchRate: MatchRate
    /// Differing paths: the most alarming first, then the most frequent.
    public var paths: [Path]
    /// Differences that exceeded a limit and are not in `paths`.
    public var dropped: Int
  }

  /// One path-kind that differed.
  public struct Path: Sendable, Equatable {
    /// Where and how.
    public var pathKind: PathKind
    /// What to make of it.
    public var label: NoiseLabel
    /// Comparisons in which it differed.
    public var count: Int
    /// The triples.
    public var evidence: NoiseEvidence
    /// The first difference seen, redacted and bounded.
    public var example: Difference
  }

  /// Endpoints by name.
  public var endpoints: [Endpoint]
  /// Comparisons.
  public var comparisons: Int
  /// How often legacy was asked again.
  public var reasks: Int
  /// Re-asks that the budget did not allow.
  public var reasksOverBudget: Int
  /// Comparisons of endpoints beyond the limit.
  public var droppedComparisons: Int

  init(_ evidence: ShadowEvidence) {
    endpoints = evidence.endpoints.sorted { $0.key < $1.key }.map { name, endpoint in
      let requests = endpoint.outcomes.values.reduce(0, +)
      let good = endpoint.outcomes[.matched, default: 0] + endpoint.outcomes[.ignored, default: 0]
      let paths = endpoint.pathKinds.map { pathKind, seen in
        Path(
          pathKind: pathKind, label: seen.evidence.label, count: seen.count,
          evidence: seen.evidence, example: seen.example)
      }
      return Endpoint(
        name: name, requests: requests, outcomes: endpoint.outcomes,
        matchRate: MatchRate(
          matched: good, total: requests - endpoint.outcomes[.legacyError, default: 0]),
        paths: paths.sorted {
          ($0.label, $1.count, $0.pathKind) < ($1.label, $0.count, $1.pathKind)
        }, dropped: endpoint.dropped)
    }
    comparisons = evidence.comparisons
    reasks = evidence.reasks
    reasksOverBudget = evidence.reasksOverBudget
    droppedComparisons = evidence.droppedComparisons
  }

  /// Paths with one of the labels, with their endpoints.
  public func paths(labelled labels: Set<NoiseLabel>) -> [(endpoint: String, path: Path)] {
    endpoints.flatMap { endpoint in
      endpoint.paths.filter { labels.contains($0.label) }.map { (endpoint.name, $0) }
    }
  }
}
