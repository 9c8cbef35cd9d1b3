// SPDX-License-Identifier: Apache-2.0

/// How long both sides took to answer one request, in microseconds.
public struct AnswerTimes: Sendable, Equatable {
  /// Legacy's first answer.
  public var legacy: Int
  /// The extracted side's.
  public var extracted: Int

  /// Creates times.
  public init(legacy: Int, extracted: Int) {
    self.legacy = legacy
    self.extracted = extracted
  }
}

/// What is known about one endpoint.
package struct EndpointEvidence: Sendable, Equatable {
  package var outcomes: [Comparison.Outcome: Int] = [:]
  package var drops: [DropReason: Int] = [:]
  /// Differences that exceeded a limit.
  package var unlisted = 0
  package var legacyLatency = LatencyHistogram()
  package var extractedLatency = LatencyHistogram()
  package var pathKinds: [PathKind: PathEvidence] = [:]

  /// About how many bytes one takes without its path-kinds.
  static let overhead = 2_048

  package init() {}

  mutating func merge(_ other: EndpointEvidence, limits: EvidenceLimits, room: inout Int) {
    outcomes.merge(other.outcomes, uniquingKeysWith: +)
    drops.merge(other.drops, uniquingKeysWith: +)
    unlisted += other.unlisted
    legacyLatency.merge(other.legacyLatency)
    extractedLatency.merge(other.extractedLatency)
    for (pathKind, path) in other.pathKinds {
      if pathKinds[pathKind] != nil {
        pathKinds[pathKind]?.count += path.count
        pathKinds[pathKind]?.evidence.merge(path.evidence)
      } else if pathKinds.count < limits.pathKinds, path.bytes <= room {
        room -= path.bytes
        pathKinds[pathKind] = path
      } else {
        unlisted += path.count
      }
    }
  }
}

/// What is known about one path-kind of an endpoint.
package struct PathEvidence: Sendable, Equatable {
  /// Comparisons in which it differed.
  package var count = 0
  package var example: Difference
  package var evidence = NoiseEvidence()
  /// Of this process.
  var recent = RecentVerdicts()

  package init(count: Int = 0, example: Difference, evidence: NoiseEvidence = NoiseEvidence()) {
    self.count = count
    self.example = example
    self.evidence = evidence
  }

  /// Bytes that one takes beside its texts.
  private static let overhead = 256

  /// About how many bytes it takes.
  var bytes: Int {
    example.pathKind.path.description.utf8.count + (example.legacy?.utf8.count ?? 0)
      + (example.extracted?.utf8.count ?? 0) + Self.overhead
  }
}

/// Counts over all endpoints.
package struct EvidenceTotals: Sendable, Equatable {
  package var comparisons = 0
  package var reasks = 0
  package var reasksOverBudget = 0
  /// Of endpoints beyond the limit.
  package var droppedComparisons = 0

  package init() {}

  mutating func merge(_ other: EvidenceTotals) {
    comparisons += other.comparisons
    reasks += other.reasks
    reasksOverBudget += other.reasksOverBudget
    droppedComparisons += other.droppedComparisons
  }
}

/// Evidence in the form in which it is stored: the values of endpoints and path-kinds at one
/// moment. Storing the same twice changes nothing.
package struct EvidenceChanges: Sendable, Equatable {
  package var totals: EvidenceTotals
  package var endpoints: [String: EndpointEvidence]

  package init(
    totals: EvidenceTotals = EvidenceTotals(), endpoints: [String: EndpointEvidence] = [:]
  ) {
    self.totals = totals
    self.endpoints = endpoints
  }

  /// Takes newer values over older ones that are not stored yet.
  package mutating func replace(with newer: EvidenceChanges) {
    totals = newer.totals
    for (name, endpoint) in newer.endpoints {
      var pathKinds = endpoints[name]?.pathKinds ?? [:]
      pathKinds.merge(endpoint.pathKinds) { $1 }
      endpoints[name] = endpoint
      endpoints[name]?.pathKinds = pathKinds
    }
  }
}
