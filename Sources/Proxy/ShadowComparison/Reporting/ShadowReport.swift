// SPDX-License-Identifier: Apache-2.0

/// What the shadow comparisons found, per endpoint and path.
public struct ShadowReport: Sendable, Equatable {
  /// Most differing paths of all endpoints that are listed, the most alarming ones.
  public static let mostPaths = 2_000

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
    /// Requests that were not compared, by reason.
    public var drops: [DropReason: Int]
    /// How long both sides took; nil when it was not measured.
    public var latency: Latency?
  }

  /// How long both sides took to answer, in microseconds; each figure is off by an eighth at most.
  public struct Latency: Sendable, Equatable {
    /// Legacy's median.
    public var legacyMedian: Int
    /// The extracted side's median.
    public var extractedMedian: Int
    /// The time that 95 % of legacy's answers did not exceed.
    public var legacyP95: Int
    /// The time that 95 % of the extracted side's answers did not exceed.
    public var extractedP95: Int

    init?(_ legacy: LatencyHistogram, _ extracted: LatencyHistogram) {
      guard let legacyMedian = legacy.quantile(0.5), let legacyP95 = legacy.quantile(0.95),
        let extractedMedian = extracted.quantile(0.5), let extractedP95 = extracted.quantile(0.95)
      else { return nil }
      self.legacyMedian = legacyMedian
      self.extractedMedian = extractedMedian
      self.legacyP95 = legacyP95
      self.extractedP95 = extractedP95
    }
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
    /// True when it is among those to believe although many were looked at: at most 5 % of all
    /// that a report believes are expected to be noise.
    public var isBelieved: Bool
    /// Who called it noise, if anybody.
    public var approval: NoiseApproval?
    /// Numbers of pairs of answers that show it, where they were kept.
    public var pairs: [Int64] = []

    /// A difference of behaviour that somebody has to look at.
    public var isDifference: Bool { label <= .likely && approval == nil }

    /// Nobody could ask legacy about it, and nobody approved it: whose doing it is, is open.
    var isUnasked: Bool { evidence.triples == 0 && approval == nil }
  }

  /// What the comparisons belong to: a replay, or a process that shadowed live traffic.
  public struct Run: Sendable, Equatable {
    /// Its number.
    public var number: Int64
    /// `live` or `replay`.
    public var source: String
    /// Address or name of the legacy side.
    public var legacy: String
    /// Address or name of the extracted side.
    public var extracted: String
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var startedAt: Int64

    /// Creates a run.
    public init(
      number: Int64, source: String, legacy: String, extracted: String, startedAt: Int64
    ) {
      self.number = number
      self.source = source
      self.legacy = legacy
      self.extracted = extracted
      self.startedAt = startedAt
    }

    /// In one line.
    public var summary: String {
      "run \(number), \(source): \(legacy) as legacy, \(extracted) extracted"
    }
  }

  /// The runs that were added up; none when they are not known.
  public var runs: [Run] = []
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
      Endpoint(name: name, endpoint, approvals: evidence.approvals[name] ?? [:])
    }
    comparisons = evidence.totals.comparisons
    reasks = evidence.totals.reasks
    reasksOverBudget = evidence.totals.reasksOverBudget
    droppedComparisons = evidence.totals.droppedComparisons
    markBelieved()
    keepMostAlarming()
  }

  /// What nobody reads to its end is not made: the rest is counted.
  private mutating func keepMostAlarming() {
    let places = endpoints.indices.flatMap { endpoint in
      endpoints[endpoint].paths.indices.map { (endpoint: endpoint, path: $0) }
    }
    guard places.count > Self.mostPaths else { return }
    let order = places.sorted { left, right in
      let one = endpoints[left.endpoint].paths[left.path]
      let other = endpoints[right.endpoint].paths[right.path]
      return (one.isDifference ? 0 : 1, one.label, other.count)
        < (other.isDifference ? 0 : 1, other.label, one.count)
    }
    var kept = [Set<Int>](repeating: [], count: endpoints.count)
    for place in order.prefix(Self.mostPaths) { kept[place.endpoint].insert(place.path) }
    for index in endpoints.indices {
      let paths = endpoints[index].paths
      endpoints[index].paths = paths.indices.filter(kept[index].contains).map { paths[$0] }
      endpoints[index].dropped +=
        paths.indices.filter { !kept[index].contains($0) }.reduce(0) { $0 + paths[$1].count }
    }
  }

  private mutating func markBelieved() {
    let places = endpoints.indices.flatMap { endpoint in
      endpoints[endpoint].paths.indices.map { (endpoint, $0) }
    }
    let believed = FalseDiscoveries.believed(
      lnEvidence: places.map { endpoints[$0].paths[$1].evidence.lnEvidence })
    for (index, place) in places.enumerated() where believed.contains(index) {
      endpoints[place.0].paths[place.1].isBelieved = true
    }
  }

  /// Which runs it is about, in one line; nil when they are not known.
  var heading: String? {
    if let run = runs.first, runs.count == 1 { return run.summary }
    guard let first = runs.first, let last = runs.last else { return nil }
    return "\(runs.count) runs together, from \(first.number) to \(last.number)"
  }

  /// Whether anything was found that somebody has to look at: a path-kind that is real or likely
  /// and that nobody approved as noise, one about which legacy could never be asked again (as for
  /// a write), or an error of the extracted side alone.
  public var hasDifferences: Bool {
    endpoints.contains { endpoint in
      endpoint.outcomes[.extractedError, default: 0] > 0
        || endpoint.paths.contains { $0.isDifference || $0.isUnasked }
    }
  }

  /// Paths with one of the labels, with their endpoints.
  public func paths(labelled labels: Set<NoiseLabel>) -> [(endpoint: String, path: Path)] {
    endpoints.flatMap { endpoint in
      endpoint.paths.filter { labels.contains($0.label) }.map { (endpoint.name, $0) }
    }
  }
}

extension ShadowReport.Endpoint {
  fileprivate init(
    name: String, _ evidence: EndpointEvidence, approvals: [PathKind: NoiseApproval]
  ) {
    let requests = evidence.outcomes.values.reduce(0, +)
    let good = evidence.outcomes[.matched, default: 0] + evidence.outcomes[.ignored, default: 0]
    let paths = evidence.pathKinds.map { pathKind, path in
      ShadowReport.Path(
        pathKind: pathKind, label: path.evidence.label, count: path.count,
        evidence: path.evidence, example: path.example, isBelieved: false,
        approval: approvals[pathKind])
    }
    self.init(
      name: name, requests: requests, outcomes: evidence.outcomes,
      matchRate: MatchRate(
        matched: good, total: requests - evidence.outcomes[.legacyError, default: 0]),
      paths: paths.sorted { ($0.label, $1.count, $0.pathKind) < ($1.label, $0.count, $1.pathKind) },
      dropped: evidence.unlisted, drops: evidence.drops,
      latency: ShadowReport.Latency(evidence.legacyLatency, evidence.extractedLatency))
  }
}
