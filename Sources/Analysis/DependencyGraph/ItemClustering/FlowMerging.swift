// SPDX-License-Identifier: Apache-2.0

/// Joins clusters one pair at a time until a number is reached: each time the pair whose union
/// gains most modularity, or loses least.
struct FlowMerging {
  let graph: WeightedGraph
  /// 1 for nodes that count, 0 for witnesses: a cluster of witnesses alone is none.
  let counts: [Int]
  var rules = ClusterRules()

  func merged(_ partition: Partition, into count: Int) -> Partition {
    var clusters = ClusterGraph(graph, partition)
    while true {
      let counted = clusters.members.map { nodes in nodes.contains { counts[$0] > 0 } }
      guard counted.count(where: { $0 }) > count,
        let pair = bestPair(clusters.graph, clusters.members, counted)
      else { return clusters.partition }
      clusters.join(pair.first, pair.second)
    }
  }

  private func bestPair(
    _ coarse: WeightedGraph, _ members: [[Int]], _ counted: [Bool]
  ) -> (first: Int, second: Int)? {
    var best: (gain: Double, first: Int, second: Int)?
    for first in 0..<coarse.nodeCount where counted[first] {
      var links = [Double](repeating: 0, count: coarse.nodeCount)
      for entry in coarse.row(first) {
        links[Int(coarse.neighbours[entry])] = coarse.weights[entry]
      }
      for second in (first + 1)..<max(first + 1, coarse.nodeCount) where counted[second] {
        let expected =
          coarse.strengths[first] * coarse.strengths[second] / max(1e-300, 2 * coarse.totalWeight)
        let gain = links[second] - expected
        if gain > best?.gain ?? -.infinity, rules.mayJoin(members[first], members[second]) {
          best = (gain, first, second)
        }
      }
    }
    return best.map { ($0.first, $0.second) }
  }
}
