// SPDX-License-Identifier: Apache-2.0

/// Settles how many services there are: as many as the runs agree on, or as many as asked for.
struct ServiceCount {
  private let clustering: Clustering
  private let isMember: [Bool]
  private let facts: UnitFacts
  private let model: CodeModel
  private let ties: UnitTies

  init(_ clustering: Clustering, _ isMember: [Bool], _ facts: UnitFacts, _ model: CodeModel) {
    self.clustering = clustering
    self.isMember = isMember
    self.facts = facts
    self.model = model
    ties = UnitTies(clustering.evidence)
  }

  /// Resolution grows by half until enough communities appear, at most this often.
  private static let finerAttempts = 12

  func partition(_ wanted: Int?) -> Partition {
    let natural = absorbed(clustering.consensus.majority())
    guard let wanted else { return natural }
    let most = isMember.count { $0 }
    let count = max(1, min(wanted, most))
    return merged(divided(natural, atLeast: count), into: count)
  }

  /// The natural division, or a finer one that has enough services.
  private func divided(_ natural: Partition, atLeast count: Int) -> Partition {
    if memberCount(natural) >= count { return natural }
    var options = clustering.options
    for _ in 0..<Self.finerAttempts {
      options.gamma *= 1.5
      let finer = absorbed(Clustering(clustering.evidence, options).consensus.majority())
      if memberCount(finer) >= count { return finer }
    }
    // More services than groups of three: every unit may stand alone.
    return Partition(singletons: isMember.count)
  }

  private func memberCount(_ partition: Partition) -> Int {
    Set(isMember.indices.filter { isMember[$0] }.map { partition.labels[$0] }).count
  }

  /// Joins communities that are too small to the one they exchange most with; those without any tie
  /// join the largest community of their module.
  private func absorbed(_ partition: Partition) -> Partition {
    var labels = partition.labels
    var sizes = [Int](repeating: 0, count: partition.count)
    for unit in isMember.indices where isMember[unit] { sizes[partition[unit]] += 1 }
    var members = partition.members.map { $0.filter { isMember[$0] } }
    let small = sizes.indices.filter { (1..<ServiceDivision.leastUnits).contains(sizes[$0]) }
      .sorted { (sizes[$0], $0) < (sizes[$1], $1) }
    for community in small where (1..<ServiceDivision.leastUnits).contains(sizes[community]) {
      let target =
        strongest(ties.weights(from: members[community], labels, isMember), but: community)
        ?? largestOfModule(members[community], sizes, labels, but: community)
      guard let target else { continue }
      for unit in members[community] { labels[unit] = Int32(target) }
      members[target] += members[community]
      sizes[target] += sizes[community]
      (members[community], sizes[community]) = ([], 0)
    }
    return Partition(labels)
  }

  private func strongest(_ ties: [Int: Double], but community: Int) -> Int? {
    ties.filter { $0.key != community }
      .max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  private func largestOfModule(
    _ units: [Int], _ sizes: [Int], _ labels: [Int32], but community: Int
  ) -> Int? {
    func module(_ unit: Int) -> String {
      model.files[Int(facts.units.units[unit].file.index)].module
    }
    guard let first = units.first else { return nil }
    var counts: [Int: Int] = [:]
    for unit in labels.indices
    where isMember[unit] && Int(labels[unit]) != community && module(unit) == module(first) {
      counts[Int(labels[unit]), default: 0] += 1
    }
    if let best = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) { return best.key }
    return sizes.indices.filter { $0 != community && sizes[$0] > 0 }
      .max { (sizes[$0], $1) < (sizes[$1], $0) }
  }

  /// Joins the two services whose union loses least modularity until `count` are left.
  private func merged(_ partition: Partition, into count: Int) -> Partition {
    // Units that are set apart follow no service; they are put aside in a community of their own.
    let aside = Int32(partition.count)
    var current = Partition(
      partition.labels.enumerated().map { isMember[$0.offset] ? $0.element : aside })
    let hasAside = isMember.contains(false)
    while current.count - (hasAside ? 1 : 0) > count {
      let asideLabel = isMember.firstIndex(of: false).map { current[$0] }
      let coarse = ties.graph.aggregated(by: current)
      var best: (gain: Double, first: Int, second: Int) = (-.infinity, 0, 0)
      for first in 0..<coarse.nodeCount where first != asideLabel {
        var links = [Double](repeating: 0, count: coarse.nodeCount)
        for entry in coarse.row(first) {
          links[Int(coarse.neighbours[entry])] = coarse.weights[entry]
        }
        for second in (first + 1)..<max(first + 1, coarse.nodeCount) where second != asideLabel {
          let expected =
            coarse.strengths[first] * coarse.strengths[second] / max(1e-12, 2 * coarse.totalWeight)
          let gain = links[second] - expected
          if gain > best.gain { best = (gain, first, second) }
        }
      }
      let (kept, gone) = (Int32(best.first), Int32(best.second))
      current = Partition(current.labels.map { $0 == gone ? kept : $0 })
    }
    return current
  }
}

/// The evidence graph seen between units only: evidence that two units share ties them directly.
struct UnitTies {
  let graph: WeightedGraph

  /// Sharers above which a piece of evidence is left out; the rarer the evidence, the more it says.
  private static let sharersLimit = 64

  init(_ evidence: EvidenceGraph) {
    let all = evidence.graph
    var edges: [WeightedEdge] = []
    for node in 0..<all.nodeCount {
      if node < evidence.unitCount {
        for entry in all.row(node) {
          let neighbour = Int(all.neighbours[entry])
          if neighbour > node, neighbour < evidence.unitCount {
            edges.append(WeightedEdge(node, neighbour, all.weights[entry]))
          }
        }
      } else if all.row(node).count <= Self.sharersLimit, all.strengths[node] > 0 {
        let row = all.row(node)
        for first in row {
          for second in row where second > first {
            let weight = all.weights[first] * all.weights[second] / all.strengths[node]
            edges.append(
              WeightedEdge(Int(all.neighbours[first]), Int(all.neighbours[second]), weight))
          }
        }
      }
    }
    graph = WeightedGraph(nodeCount: evidence.unitCount, edges: edges)
  }

  /// Weight between the units and each community that a member stands in.
  func weights(from units: [Int], _ labels: [Int32], _ isMember: [Bool]) -> [Int: Double] {
    var ties: [Int: Double] = [:]
    for unit in units {
      for entry in graph.row(unit) where isMember[Int(graph.neighbours[entry])] {
        ties[Int(labels[Int(graph.neighbours[entry])]), default: 0] += graph.weights[entry]
      }
    }
    return ties
  }
}
