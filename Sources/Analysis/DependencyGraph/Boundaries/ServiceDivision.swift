// SPDX-License-Identifier: Apache-2.0

/// The units divided into services, with what is set apart.
struct ServiceDivision: Sendable {
  /// Units below which a community is no service and joins the one it is tied to most.
  static let leastUnits = 3

  let roles: [UnitRole]
  /// Service of each unit; nil for units that are set apart.
  let service: [Int?]
  let serviceCount: Int
  /// Mean share of its companions that stay with a unit under noise.
  let unitStability: [Double]
  /// Best Jaccard index of each service with the runs' communities.
  let serviceStability: [Double]
  /// Mean adjusted Rand index between the division and the runs.
  let agreement: Double
  /// Modularity of the damped references under the division.
  let modularity: Double
  let runs: Int

  var includedCount: Int { service.count { $0 != nil } }

  init(_ model: CodeModel, _ facts: UnitFacts, _ options: AnalysisOptions) {
    let everything = Clustering(EvidenceGraph(facts, weights: options.weights), options)
    let roles = UnitRoles.find(model, facts, everything.consensus.majority())
    let isMember = roles.map { $0 == .member }
    var clustering = everything
    if isMember.contains(false) {
      clustering = Clustering(
        EvidenceGraph(facts, weights: options.weights) { isMember[$0] }, options)
    }
    let partition = ServiceCount(clustering, isMember, facts, model).partition(options.services)
    var numbers: [Int: Int] = [:]
    service = isMember.enumerated().map { unit, isMember in
      guard isMember else { return nil }
      let number = numbers[partition[unit]] ?? numbers.count
      numbers[partition[unit]] = number
      return number
    }
    serviceCount = numbers.count
    self.roles = roles
    runs = clustering.runs.partitions.count
    let members = roles.indices.filter { isMember[$0] }
    let kept = Partition(members.map { partition.labels[$0] })
    let keptRuns = clustering.runs.restricted(to: members)
    let stability = keptRuns.stability(in: kept)
    var unitStability = [Double](repeating: 1, count: roles.count)
    for (index, unit) in members.enumerated() { unitStability[unit] = stability[index] }
    self.unitStability = unitStability
    serviceStability = keptRuns.jaccard(of: kept)
    agreement = keptRuns.agreement(with: kept)
    modularity = facts.referenceGraph(options.weights) { isMember[$0] }.modularity(partition)
  }

  /// Qualified names of the types with a role, sorted.
  func names(of role: UnitRole, _ model: CodeModel, _ facts: UnitFacts) -> [String] {
    facts.units.units.indices.filter { roles[$0] == role }
      .flatMap { facts.units.units[$0].types.map(model.displayName) }.sorted()
  }
}

/// Runs and their consensus on one graph.
struct Clustering: Sendable {
  let evidence: EvidenceGraph
  let runs: ResampledRuns
  let consensus: Consensus
  let options: AnalysisOptions

  init(_ evidence: EvidenceGraph, _ options: AnalysisOptions) {
    self.evidence = evidence
    self.options = options
    let count = ResampledRuns.count(edges: evidence.graph.edgeCount, wanted: options.runs)
    let objective: Leiden.Objective =
      switch options.objective {
      case .modularity: .modularity(resolution: options.gamma)
      case .mapEquation: .mapEquation(time: 1 / options.gamma)
      }
    // A second pass gains little; where the budget already lowers the runs, it goes first.
    let leiden = Leiden(objective: objective, iterations: count < options.runs ? 1 : 2)
    runs = ResampledRuns(evidence, leiden: leiden, count: count)
    consensus = Consensus(runs.partitions)
  }
}

extension UnitFacts {
  /// The damped references alone: what modularity is reported on, so that shared folders and words
  /// cannot flatter it.
  func referenceGraph(
    _ weights: SignalWeights, isIncluded: (Int) -> Bool
  ) -> WeightedGraph {
    var signal = FlowSignal()
    for link in references where isIncluded(link.from) && isIncluded(link.to) {
      signal.add(from: link.from, to: link.to, link.weight)
    }
    return WeightedGraph(
      nodeCount: units.count,
      edges: signal.edges(nodeCount: units.count, sourceShare: weights.sourceShare, share: 1))
  }
}
