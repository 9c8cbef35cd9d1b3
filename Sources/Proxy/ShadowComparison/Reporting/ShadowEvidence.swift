// SPDX-License-Identifier: Apache-2.0

/// Bounds of what is kept about shadow comparisons.
public struct EvidenceLimits: Sendable, Equatable {
  /// Most endpoints; comparisons of further ones are counted as dropped.
  public var endpoints: Int
  /// Most path-kinds of one endpoint; further ones are counted as dropped.
  public var pathKinds: Int
  /// Largest share of comparisons for which legacy is asked again.
  public var reaskShare: Double
  /// Share of re-asks that settled path-kinds still get, so that a label can be revoked.
  public var settledShare: Double

  /// Creates limits.
  public init(
    endpoints: Int = 1_000, pathKinds: Int = 500, reaskShare: Double = 0.05,
    settledShare: Double = 0.01
  ) {
    self.endpoints = endpoints
    self.pathKinds = pathKinds
    self.reaskShare = reaskShare
    self.settledShare = settledShare
  }
}

/// Everything known about the shadow comparisons of a run: counts, examples, evidence.
///
/// After each comparison call `record`; when it answers `.askLegacyAgain` and the request is safe,
/// send it to legacy once more and call `recordTriples`.
public struct ShadowEvidence: Sendable {
  /// What to do after a comparison.
  public enum Decision: Sendable, Equatable {
    /// Nothing.
    case done
    /// Ask legacy the same request again: safe methods only.
    case askLegacyAgain
  }

  struct Endpoint: Sendable {
    var outcomes: [Comparison.Outcome: Int] = [:]
    var pathKinds: [PathKind: Seen] = [:]
    var dropped = 0
  }

  struct Seen: Sendable {
    var count = 0
    var example: Difference
    var evidence = NoiseEvidence()
  }

  /// Re-asks that are always allowed, so that a short run with real differences can see them.
  private static let freeReasks = 50

  let limits: EvidenceLimits
  private(set) var endpoints: [String: Endpoint] = [:]
  private(set) var comparisons = 0
  private(set) var reasks = 0
  private(set) var reasksOverBudget = 0
  private(set) var droppedComparisons = 0

  /// Creates evidence without comparisons.
  public init(limits: EvidenceLimits = EvidenceLimits()) { self.limits = limits }

  /// Files a comparison.
  ///
  /// - Parameters:
  ///   - endpoint: name under which it is reported, such as `GET /orders/{id}`.
  ///   - draw: a random number from 0 up to 1 that decides about revoking settled labels.
  public mutating func record(
    _ comparison: Comparison, endpoint name: String, draw: Double
  ) -> Decision {
    guard endpoints[name] != nil || endpoints.count < limits.endpoints else {
      droppedComparisons += 1
      return .done
    }
    comparisons += 1
    var endpoint = endpoints[name] ?? Endpoint()
    endpoint.outcomes[comparison.outcome, default: 0] += 1
    endpoint.dropped += comparison.unlisted
    var wantsTriple = false
    for difference in comparison.differences {
      if endpoint.pathKinds[difference.pathKind] == nil {
        guard endpoint.pathKinds.count < limits.pathKinds else {
          endpoint.dropped += 1
          continue
        }
        endpoint.pathKinds[difference.pathKind] = Seen(example: difference)
      }
      endpoint.pathKinds[difference.pathKind]?.count += 1
      let isSettled = endpoint.pathKinds[difference.pathKind]?.evidence.isSettled ?? true
      if !isSettled || draw < limits.settledShare { wantsTriple = true }
    }
    endpoints[name] = endpoint
    guard wantsTriple, comparison.outcome == .mismatched else { return .done }
    let budget = Int(Double(comparisons) * limits.reaskShare) + Self.freeReasks
    guard reasks < budget else {
      reasksOverBudget += 1
      return .done
    }
    reasks += 1
    return .askLegacyAgain
  }

  /// Files what `ResponseComparator.oddOneOut` found.
  public mutating func recordTriples(_ triples: [PathKind: OddOneOut], endpoint name: String) {
    for (pathKind, triple) in triples {
      endpoints[name]?.pathKinds[pathKind]?.evidence.add(triple)
    }
  }

  /// What is known now.
  public func report() -> ShadowReport { ShadowReport(self) }
}
