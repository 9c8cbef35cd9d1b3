// SPDX-License-Identifier: Apache-2.0

/// Joins clusters that are too small to stand alone to the one that they are tied to.
///
/// Two kinds go. Clusters below a least size join whatever they exchange most flow with. Satellites
/// are a little larger: most of their way out leads to one host, which keeps more flow inside than
/// it gives away, and they exchange more with it than the sizes of both would explain; that is
/// judged on the walk that the members describe. Where the consensus has cut too deep into a branch
/// this mends it; elsewhere it changes nothing.
struct SmallClusters {
  let parameters: ClusteringParameters
  /// What nodes give each other, however often the walk comes by.
  let damped: WeightedGraph
  /// How often the walk in balance uses each edge.
  let walk: WeightedGraph
  /// Refuses groups of nodes that may not be joined.
  var mayJoin: (_ first: [Int], _ second: [Int]) -> Bool = { _, _ in true }

  func absorbed(_ partition: Partition) -> Partition {
    var ties = ClusterGraph(damped, partition)
    var steps = ClusterGraph(walk, partition)
    while let join = nextJoin(ties, steps) {
      ties.join(join.small, join.host)
      steps.join(join.small, join.host)
    }
    return ties.partition
  }

  /// The smallest cluster that has to go, of equal ones the first.
  private func nextJoin(
    _ ties: ClusterGraph, _ steps: ClusterGraph
  ) -> (small: Int, host: Int)? {
    let members = ties.members
    let limit = max(parameters.leastItems, parameters.satelliteItems)
    let candidates = members.indices.filter { members[$0].count < limit }
      .sorted { (members[$0].count, $0) < (members[$1].count, $1) }
    for small in candidates {
      if members[small].count < parameters.leastItems {
        if let host = host(of: small, ties) { return (small, host) }
      } else if let host = host(of: small, steps), isSatellite(small, of: host, steps.graph) {
        return (small, host)
      }
    }
    return nil
  }

  private func host(of small: Int, _ clusters: ClusterGraph) -> Int? {
    let (graph, members) = (clusters.graph, clusters.members)
    return graph.row(small)
      .filter { mayJoin(members[small], members[Int(graph.neighbours[$0])]) }
      .max { (graph.weights[$0], $1) < (graph.weights[$1], $0) }
      .map { Int(graph.neighbours[$0]) }
  }

  private func isSatellite(_ small: Int, of host: Int, _ graph: WeightedGraph) -> Bool {
    let row = graph.row(small)
    let outward = row.reduce(0) { $0 + graph.weights[$1] }
    let toHost = row.reduce(0) { Int(graph.neighbours[$1]) == host ? $0 + graph.weights[$1] : $0 }
    let bySize =
      graph.strengths[small] * graph.strengths[host] / max(1e-300, 2 * graph.totalWeight)
    return toHost >= parameters.satelliteShare * outward && toHost > bySize
      && 4 * graph.loops[host] > graph.strengths[host]
  }
}

/// The clusters of a division as nodes; joining two costs what the clusters' own graph costs.
struct ClusterGraph {
  private(set) var graph: WeightedGraph
  /// Nodes of each cluster in ascending order.
  private(set) var members: [[Int]]

  init(_ graph: WeightedGraph, _ partition: Partition) {
    self.graph = graph.aggregated(by: partition)
    members = partition.members
  }

  mutating func join(_ first: Int, _ second: Int) {
    let joined = Partition(
      members.indices.map { Int32($0 == max(first, second) ? min(first, second) : $0) })
    graph = graph.aggregated(by: joined)
    members = joined.members.map { clusters in clusters.flatMap { members[$0] }.sorted() }
  }

  var partition: Partition {
    var labels = [Int32](repeating: 0, count: members.reduce(0) { $0 + $1.count })
    for (cluster, nodes) in members.enumerated() {
      for node in nodes { labels[node] = Int32(cluster) }
    }
    return Partition(labels)
  }
}
