// SPDX-License-Identifier: Apache-2.0

/// All evidence as one walk. Nodes `0..<unitCount` are code units; the nodes after them stand for
/// tables, resources, folders and words, to which the units that share them are tied. Such a node
/// costs one edge per unit that shares it, where tying the units to each other would cost the
/// square.
struct EvidenceGraph: Sendable {
  let flow: FlowNetwork
  let unitCount: Int
  /// A name per node that depends on nothing but what it stands for.
  let identities: [String]

  /// Graph over the units for which `isIncluded` answers true; the others keep their numbers and
  /// have no edges.
  init(
    _ facts: UnitFacts, weights: SignalWeights, isIncluded: (Int) -> Bool = { _ in true }
  ) {
    let unitCount = facts.units.count
    var identities = facts.units.units.map(\.identity)
    var edges: [FlowNetwork.Edge] = []

    var references = FlowSignal()
    for reference in facts.references
    where isIncluded(reference.from) && isIncluded(reference.to) {
      references.add(from: reference.from, to: reference.to, reference.weight)
    }
    edges += references.flows(
      nodeCount: unitCount, sourceShare: weights.sourceShare, share: weights.references)
    edges += StructuralEquivalence.edges(
      of: references, nodeCount: unitCount, share: weights.equivalence
    ).map { FlowNetwork.Edge(Int($0.first), Int($0.second), $0.weight / 2, $0.weight / 2) }

    for (evidence, share) in [
      (facts.tables, weights.tables), (facts.routes, weights.routes),
      (facts.folders, weights.folders), (facts.names, weights.names),
      (facts.changes, weights.changes * facts.changeCoverage),
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
      edges += signal.flows(
        nodeCount: identities.count, sourceShare: weights.sourceShare, share: share)
    }
    flow = FlowNetwork(nodeCount: identities.count, edges: edges)
    self.unitCount = unitCount
    self.identities = identities
  }
}
