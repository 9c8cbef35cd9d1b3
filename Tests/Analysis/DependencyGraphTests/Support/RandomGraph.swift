// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

/// Seeded graphs with known groups.
enum RandomGraph {
  static func planted(
    nodes: Int, groups: Int, degree: Int, mixing: Double, seed: UInt64
  ) -> WeightedGraph {
    var random = SeededRandom(seed: seed)
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    let size = nodes / groups
    var edges: [WeightedEdge] = []
    for node in 0..<nodes {
      for _ in 0..<degree / 2 {
        let other = random.unit() < mixing ? below(nodes) : node / size * size + below(size)
        if other != node { edges.append(.init(node, min(other, nodes - 1), 1 + random.unit())) }
      }
    }
    return WeightedGraph(nodeCount: nodes, edges: edges)
  }

  /// True when each community is connected inside itself.
  static func areConnected(_ partition: Partition, in graph: WeightedGraph) -> Bool {
    partition.members.allSatisfy { members in
      guard let first = members.first else { return true }
      var seen: Set<Int> = [first]
      var stack = [first]
      while let node = stack.popLast() {
        for entry in graph.row(node) {
          let next = Int(graph.neighbours[entry])
          if partition[next] == partition[first], seen.insert(next).inserted { stack.append(next) }
        }
      }
      return seen.count == members.count
    }
  }
}
