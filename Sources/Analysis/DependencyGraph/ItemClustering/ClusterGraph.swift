// SPDX-License-Identifier: Apache-2.0

/// The clusters of a division as nodes that can be joined. A join costs what the smaller of the two
/// rows costs, so that joining thousands of clusters costs little more than reading the graph.
struct ClusterGraph {
  /// Nodes of each cluster, in no order; none where a cluster is gone.
  private(set) var members: [[Int]]
  /// Weights between each cluster and those next to it.
  private(set) var links: [[Int: Double]]
  /// Weight inside each cluster, counted once.
  private(set) var loops: [Double]
  /// Sum of the weights at each cluster; inner ones count twice.
  private(set) var strengths: [Double]
  /// Sum of all weights.
  let totalWeight: Double

  init(_ graph: WeightedGraph, _ partition: Partition) {
    let coarse = graph.aggregated(by: partition)
    members = partition.members
    loops = coarse.loops
    strengths = coarse.strengths
    totalWeight = coarse.totalWeight
    links = (0..<coarse.nodeCount).map { cluster in
      Dictionary(
        uniqueKeysWithValues: coarse.row(cluster).map {
          (Int(coarse.neighbours[$0]), coarse.weights[$0])
        })
    }
  }

  /// Weight that leads out of a cluster.
  func outward(_ cluster: Int) -> Double { strengths[cluster] - 2 * loops[cluster] }

  /// What two clusters give each other beyond what their sizes alone explain: the modularity that a
  /// join gains.
  func gain(_ first: Int, _ second: Int) -> Double {
    let expected = strengths[first] * strengths[second] / max(1e-300, 2 * totalWeight)
    return (links[first][second] ?? 0) - expected
  }

  /// Joins two clusters and returns the number that both have now; the other one is gone. What has
  /// fewer neighbours is moved; of equals the later one, so that nothing is left to chance.
  mutating func join(_ first: Int, _ second: Int) -> Int {
    let (low, high) = (min(first, second), max(first, second))
    let kept = links[high].count > links[low].count ? high : low
    join(low, high, keeping: kept)
    return kept
  }

  /// The same with the number given.
  mutating func join(_ first: Int, _ second: Int, keeping kept: Int) {
    let gone = kept == first ? second : first
    let between = links[kept].removeValue(forKey: gone) ?? 0
    links[gone][kept] = nil
    loops[kept] += loops[gone] + between
    strengths[kept] += strengths[gone]
    if members[gone].count > members[kept].count { members.swapAt(kept, gone) }
    members[kept] += members[gone]
    members[gone] = []
    let moved = links[gone]
    links[gone] = [:]
    for (other, weight) in moved {
      links[other][gone] = nil
      links[other][kept, default: 0] += weight
      links[kept][other, default: 0] += weight
    }
  }

  var partition: Partition {
    var labels = [Int32](repeating: 0, count: members.reduce(0) { $0 + $1.count })
    for (cluster, nodes) in members.enumerated() {
      for node in nodes { labels[node] = Int32(cluster) }
    }
    return Partition(labels)
  }
}
