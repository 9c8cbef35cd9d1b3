// SPDX-License-Identifier: Apache-2.0

/// All evidence as one weighted graph. Nodes `0..<unitCount` are code units; the nodes after them
/// stand for tables, resources, folders and words, to which the units that share them are tied.
/// Such a node costs one edge per unit that shares it, where tying the units to each other would
/// cost the square.
struct EvidenceGraph: Sendable {
  let graph: WeightedGraph
  let unitCount: Int
  /// A number per node that depends on nothing but its identity.
  let keys: [UInt64]

  /// Graph over the units for which `isIncluded` answers true; the others keep their numbers and
  /// have no edges.
  init(
    _ facts: UnitFacts, weights: SignalWeights, isIncluded: (Int) -> Bool = { _ in true }
  ) {
    let unitCount = facts.units.count
    var identities = facts.units.units.map(\.identity)
    var edges: [WeightedEdge] = []

    var references = FlowSignal()
    for reference in facts.references
    where isIncluded(reference.from) && isIncluded(reference.to) {
      references.add(from: reference.from, to: reference.to, reference.weight)
    }
    edges += references.edges(
      nodeCount: unitCount, sourceShare: weights.sourceShare, share: weights.references)
    edges += StructuralEquivalence.edges(
      of: references, nodeCount: unitCount, share: weights.equivalence)

    for (evidence, share) in [
      (facts.tables, weights.tables), (facts.routes, weights.routes),
      (facts.folders, weights.folders), (facts.names, weights.names),
      (facts.changes, weights.changes),
    ] where share > 0 {
      var signal = FlowSignal()
      for item in evidence {
        let holders = item.holders.filter { isIncluded($0.unit) }
        guard holders.count > 1 else { continue }
        let rarity = naturalLogarithm(Double(unitCount) / Double(holders.count))
        let node = identities.count
        identities.append(item.identity)
        for holder in holders { signal.add(from: holder.unit, to: node, holder.weight * rarity) }
      }
      edges += signal.edges(
        nodeCount: identities.count, sourceShare: weights.sourceShare, share: share)
    }
    graph = WeightedGraph(nodeCount: identities.count, edges: edges)
    self.unitCount = unitCount
    keys = identities.map(stableHash)
  }

  /// The graph with noise of half of each weight.
  func jittered(run: Int) -> WeightedGraph { graph.jittered(keys: keys, run: run, noise: 0.5) }
}
