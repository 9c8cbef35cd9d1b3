// SPDX-License-Identifier: Apache-2.0

/// Bounds of what is kept about shadow comparisons.
public struct EvidenceLimits: Sendable, Equatable {
  /// Most endpoints; comparisons of further ones are counted as dropped.
  public var endpoints: Int
  /// Most path-kinds of one endpoint; further ones are counted as dropped.
  public var pathKinds: Int
  /// Largest share of comparisons for which legacy is asked again.
  public var reaskShare: Double
  /// Most pairs of answers that are kept as examples of one path-kind.
  public var pairs: Int
  /// Share of re-asks that settled path-kinds still get, so that a label can be revoked.
  public var settledShare: Double
  /// Most bytes, about, of all endpoints and path-kinds together; further ones are counted as
  /// dropped.
  public var bytes: Int

  /// Creates limits.
  public init(
    endpoints: Int = 1_000, pathKinds: Int = 500, reaskShare: Double = 0.05,
    settledShare: Double = 0.01, pairs: Int = 3, bytes: Int = 16 << 20
  ) {
    self.endpoints = endpoints
    self.pathKinds = pathKinds
    self.reaskShare = reaskShare
    self.settledShare = settledShare
    self.pairs = pairs
    self.bytes = bytes
  }
}

/// Everything known about the shadow comparisons of a run: counts, examples, evidence.
///
/// After each comparison call `record`; when it answers `.askLegacyAgain` and the request is safe,
/// send it to legacy once more and call `recordTriples`.
public struct ShadowEvidence: Sendable {
  /// What to do after a comparison.
  public enum Decision: Sendable, Equatable {
    /// Nothing: the answers are alike, or differ by what somebody called noise.
    case done
    /// Nothing: one of its differences is real beyond a doubt.
    case known
    /// Nothing, although nobody knows whether its differences are real: legacy cannot be asked
    /// again or was often enough, or there was no room to keep them. What looks like noise is among
    /// them until somebody approves of it: legacy is not asked about it any more, and whatever the
    /// extracted side does there meanwhile, nobody sees.
    case undecided
    /// Ask legacy the same request again: safe methods only.
    case askLegacyAgain
    /// Nothing, and nothing of it counts: it was not filed, since it is of a service that has been
    /// replaced, or of one whose evidence has not begun.
    case unfiled
  }

  /// Re-asks that are always allowed, so that a short run with real differences can see them.
  package static let freeReasks = 50
  /// Share of re-asks that a path-kind gets while its last triples speak for noise: the budget is
  /// for what is new. Who asks about that learns of all that differs beside it.
  private static let noisyShare = 0.2

  let limits: EvidenceLimits
  private(set) var endpoints: [String: EndpointEvidence] = [:]
  package private(set) var totals = EvidenceTotals()
  private(set) var approvals: [String: [PathKind: NoiseApproval]] = [:]
  private var changed: [String: Set<PathKind>] = [:]
  /// Examples kept so far, by endpoint and path-kind.
  private var pairs: [String: [PathKind: Int]] = [:]
  /// By endpoint.
  private var names: [String: MemberNames] = [:]
  /// Bytes that may still be kept.
  private var room: Int
  /// Path-kinds that are kept, of all endpoints.
  private var watched = 0

  /// Creates evidence without comparisons.
  public init(limits: EvidenceLimits = EvidenceLimits()) {
    self.limits = limits
    room = limits.bytes
  }

  /// Whether comparisons of the endpoint are kept.
  package func holds(endpoint name: String) -> Bool { endpoints[name] != nil }

  /// Files a comparison.
  ///
  /// - Parameters:
  ///   - endpoint: name under which it is reported, such as `GET /orders/{id}`.
  ///   - times: how long each side took; nil when that means nothing.
  ///   - canAskAgain: false for a request that must not be sent twice, such as a write.
  ///   - hasBudget: false when its route's own budget of re-asks is used up.
  ///   - draw: a random number from 0 up to 1 that decides about revoking settled labels.
  public mutating func record(
    _ comparison: Comparison, endpoint name: String, times: AnswerTimes? = nil,
    canAskAgain: Bool = true, hasBudget: Bool = true, draw: Double
  ) -> Decision {
    guard takes(name) else {
      totals.droppedComparisons += 1
      return comparison.outcome == .mismatched ? .undecided : .done
    }
    totals.comparisons += 1
    let comparison = take(comparison, name)
    var wantsTriple = false
    var isKnown = false
    var isOpen = comparison.unlisted > 0
    let limits = limits
    var (room, watched) = (room, watched)
    change(name) { endpoint, changed, approved in
      endpoint.outcomes[Self.outcome(comparison, approved), default: 0] += 1
      endpoint.unlisted += comparison.unlisted
      if let times {
        endpoint.legacyLatency.add(microseconds: times.legacy)
        endpoint.extractedLatency.add(microseconds: times.extracted)
      }
      for difference in comparison.differences {
        let pathKind = difference.pathKind
        if endpoint.pathKinds[pathKind] == nil {
          let new = PathEvidence(example: difference)
          guard endpoint.pathKinds.count < limits.pathKinds, new.bytes <= room else {
            endpoint.unlisted += 1
            if approved[pathKind] == nil { isOpen = true }
            continue
          }
          room -= new.bytes
          endpoint.pathKinds[pathKind] = new
          watched += 1
        }
        endpoint.pathKinds[pathKind]?.count += 1
        changed.insert(pathKind)
        let evidence = endpoint.pathKinds[pathKind]?.evidence
        let isApproved = approved[pathKind] != nil
        let isCertain = evidence?.isCertain(among: watched) ?? false
        if !isApproved {
          if isCertain { isKnown = true } else { isOpen = true }
        }
        let isSettled = isApproved || isCertain || evidence?.label == .noiseProposed
        let tells = endpoint.pathKinds[pathKind]?.recent.tells ?? true
        let share = isSettled ? limits.settledShare : Self.noisyShare
        if !isSettled && tells || draw < share { wantsTriple = true }
      }
    }
    (self.room, self.watched) = (room, watched)
    guard comparison.outcome == .mismatched else { return .done }
    let otherwise: Decision =
      isKnown ? .known : isOpen ? .undecided : .done
    guard wantsTriple, canAskAgain else { return otherwise }
    let budget = Int(Double(totals.comparisons) * limits.reaskShare) + Self.freeReasks
    guard hasBudget, totals.reasks < budget else {
      totals.reasksOverBudget += 1
      return otherwise
    }
    totals.reasks += 1
    return .askLegacyAgain
  }

  /// Files requests that were not compared.
  public mutating func recordDrop(_ reason: DropReason, endpoint name: String, count: Int = 1) {
    guard takes(name) else {
      totals.droppedComparisons += count
      return
    }
    change(name) { endpoint, _, _ in endpoint.drops[reason, default: 0] += count }
  }

  /// What a comparison counts as: one that differs by approved noise alone is `ignored`.
  package func outcome(of comparison: Comparison, endpoint name: String) -> Comparison.Outcome {
    let approved = approvals[name] ?? [:]
    if approved.isEmpty { return comparison.outcome }
    return Self.outcome(folded(comparison, endpoint: name), approved)
  }

  /// Files what `ResponseComparator.oddOneOut` found.
  ///
  /// - Returns: what of it counts for or against a side: approved noise is filed like everything
  ///   else, so that its label can still become real, and holds nothing against anybody.
  @discardableResult
  public mutating func recordTriples(
    _ triples: [PathKind: OddOneOut], endpoint name: String
  ) -> FiledTriples {
    let triples = folded(triples, name)
    let approved = approvals[name] ?? [:]
    let counted = triples.filter { approved[$0.key] == nil }
    var filed = FiledTriples()
    for (pathKind, triple) in counted {
      // As it stands before this triple.
      let tells = endpoints[name]?.pathKinds[pathKind]?.recent.tells ?? true
      filed.odd.formUnion(triple.sides)
      if tells { filed.telling.formUnion(triple.sides) }
    }
    filed.isOpen = !counted.isEmpty && filed.odd.isEmpty
    if endpoints[name] != nil {
      change(name) { endpoint, changed, _ in
        for (pathKind, triple) in triples where endpoint.pathKinds[pathKind] != nil {
          endpoint.pathKinds[pathKind]?.evidence.add(triple)
          endpoint.pathKinds[pathKind]?.recent.add(triple)
          changed.insert(pathKind)
        }
      }
    }
    return filed
  }

  /// Whether the two answers are worth keeping: a path-kind of theirs has few examples so far. Says
  /// yes only so often, so ask once for each comparison.
  public mutating func wantsPair(of comparison: Comparison, endpoint name: String) -> Bool {
    guard endpoints[name] != nil else { return false }
    var isWanted = false
    for difference in folded(comparison, endpoint: name).differences
    where endpoints[name]?.pathKinds[difference.pathKind] != nil {
      let kept = pairs[name]?[difference.pathKind] ?? 0
      guard kept < limits.pairs else { continue }
      pairs[name, default: [:]][difference.pathKind] = kept + 1
      isWanted = true
    }
    return isWanted
  }

  /// Evidence without comparisons, within the same limits and under the same approvals.
  public func anew() -> ShadowEvidence {
    var evidence = ShadowEvidence(limits: limits)
    evidence.approvals = approvals
    return evidence
  }

  /// What is known now.
  public func report() -> ShadowReport { ShadowReport(self) }

  // MARK: - Approved noise

  /// Takes somebody's word; it counts for comparisons from now on.
  public mutating func approve(_ approval: NoiseApproval) {
    approvals[approval.endpoint, default: [:]][approval.pathKind] = approval
  }

  /// Takes the word back.
  public mutating func revoke(_ pathKind: PathKind, endpoint: String) {
    approvals[endpoint]?[pathKind] = nil
  }

  /// Takes the words that count from now on in place of those before.
  ///
  /// - Returns: the endpoints of which somebody has said something else since.
  @discardableResult
  public mutating func replaceApprovals(_ all: [NoiseApproval]) -> Set<String> {
    let former = approvals
    approvals = [:]
    for approval in all { approve(approval) }
    return Set(former.keys).union(approvals.keys).filter { endpoint in
      (former[endpoint] ?? [:]) != (approvals[endpoint] ?? [:])
    }
  }

  private static func outcome(
    _ comparison: Comparison, _ approved: [PathKind: NoiseApproval]
  ) -> Comparison.Outcome {
    let isNoise =
      comparison.outcome == .mismatched && comparison.unlisted == 0
      && comparison.differences.allSatisfy { approved[$0.pathKind] != nil }
    return isNoise ? .ignored : comparison.outcome
  }

  // MARK: - Keeping and adding up

  /// What changed since the last call, with the values of now; nil when nothing did.
  package mutating func takeChanges() -> EvidenceChanges? {
    guard !changed.isEmpty else { return nil }
    defer { changed = [:] }
    return EvidenceChanges(
      totals: totals,
      endpoints: changed.reduce(into: [:]) { changes, change in
        guard var endpoint = endpoints[change.key] else { return }
        endpoint.pathKinds = endpoint.pathKinds.filter { change.value.contains($0.key) }
        changes[change.key] = endpoint
      })
  }

  /// Adds what was found in another run.
  package mutating func merge(_ other: EvidenceChanges) {
    totals.merge(other.totals)
    for (name, endpoint) in other.endpoints {
      guard takes(name) else {
        totals.droppedComparisons += endpoint.outcomes.values.reduce(0, +)
        continue
      }
      var room = room
      endpoints[name, default: EndpointEvidence()].merge(endpoint, limits: limits, room: &room)
      self.room = room
    }
    watched = endpoints.values.reduce(0) { $0 + $1.pathKinds.count }
  }

  /// Whether there is room for the endpoint, which it then has.
  private mutating func takes(_ name: String) -> Bool {
    if endpoints[name] != nil { return true }
    let cost = name.utf8.count + EndpointEvidence.overhead
    guard endpoints.count < limits.endpoints, cost <= room else { return false }
    room -= cost
    endpoints[name] = EndpointEvidence()
    return true
  }

  private mutating func change(
    _ name: String,
    _ body: (inout EndpointEvidence, inout Set<PathKind>, [PathKind: NoiseApproval]) -> Void
  ) {
    body(
      &endpoints[name, default: EndpointEvidence()], &changed[name, default: []],
      approvals[name] ?? [:])
  }
}

// MARK: - Names that are keys

extension ShadowEvidence {
  /// The comparison as it is counted: `*` in place of names of members of which an object has too
  /// many.
  public func folded(_ comparison: Comparison, endpoint name: String) -> Comparison {
    guard let names = names[name] else { return comparison }
    return Self.fold(comparison, approvals[name] ?? [:]) { names.folded($0) }
  }

  private mutating func take(_ comparison: Comparison, _ name: String) -> Comparison {
    if comparison.differences.isEmpty { return comparison }
    var known = names[name] ?? MemberNames()
    defer { names[name] = known }
    return Self.fold(comparison, approvals[name] ?? [:]) { known.take($0, room: &room) }
  }

  private static func fold(
    _ comparison: Comparison, _ approved: [PathKind: NoiseApproval],
    _ path: (ResponsePath) -> ResponsePath
  ) -> Comparison {
    var comparison = comparison
    var seen: Set<PathKind> = []
    comparison.differences = comparison.differences.compactMap { difference in
      var difference = difference
      // A place that somebody named stays the one he named.
      if approved[difference.pathKind] == nil {
        difference.pathKind.path = path(difference.pathKind.path)
      }
      return seen.insert(difference.pathKind).inserted ? difference : nil
    }
    return comparison
  }

  /// Several names that are counted as one have one verdict. It is as fair a coin as that of one
  /// name: who changes the sides' places changes the verdict.
  private func folded(
    _ triples: [PathKind: OddOneOut], _ name: String
  ) -> [PathKind: OddOneOut] {
    guard let names = names[name] else { return triples }
    let approved = approvals[name] ?? [:]
    return Dictionary(grouping: triples) { triple in
      approved[triple.key] != nil
        ? triple.key : PathKind(path: names.folded(triple.key.path), kind: triple.key.kind)
    }.mapValues { one in
      let isExtracted = one.contains { $0.value == .extracted }
      let isLegacy = one.contains { $0.value == .legacy }
      return isExtracted == isLegacy ? .volatile : isExtracted ? .extracted : .legacy
    }
  }
}
