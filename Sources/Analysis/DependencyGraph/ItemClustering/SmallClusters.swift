// SPDX-License-Identifier: Apache-2.0

/// Joins clusters that are too small to stand alone to the one that they are tied to.
///
/// Two kinds go. Clusters below a least size join whatever they exchange most flow with. Satellites
/// are a little larger: most of their way out leads to one host, which keeps more flow inside than
/// it gives away, and they exchange more with it than the sizes of both would explain. Where the
/// consensus has cut too deep into a branch this mends it; elsewhere it changes nothing.
struct SmallClusters {
  let parameters: ClusteringParameters
  /// Ties between nodes, both directions added up.
  let graph: WeightedGraph
  /// Groups of nodes that may not be joined.
  var mayJoin: (_ first: [Int], _ second: [Int]) -> Bool = { _, _ in true }

  func absorbed(_ partition: Partition) -> Partition {
    var current = partition
    while let join = nextJoin(current) {
      current = Partition(
        current.labels.map { $0 == Int32(join.small) ? Int32(join.host) : $0 })
    }
    return current
  }

  /// The smallest cluster that has to go, of equal ones the first.
  private func nextJoin(_ partition: Partition) -> (small: Int, host: Int)? {
    let sizes = partition.sizes
    let limit = max(parameters.leastItems, parameters.satelliteItems)
    let candidates = sizes.indices.filter { sizes[$0] < limit }
      .sorted { (sizes[$0], $0) < (sizes[$1], $1) }
    guard !candidates.isEmpty else { return nil }
    let members = partition.members
    let coarse = graph.aggregated(by: partition)
    for small in candidates {
      guard let host = host(of: small, coarse, members) else { continue }
      if sizes[small] < parameters.leastItems || isSatellite(small, of: host, coarse) {
        return (small, host)
      }
    }
    return nil
  }

  private func host(of small: Int, _ coarse: WeightedGraph, _ members: [[Int]]) -> Int? {
    coarse.row(small).filter { mayJoin(members[small], members[Int(coarse.neighbours[$0])]) }
      .max { (coarse.weights[$0], $1) < (coarse.weights[$1], $0) }
      .map { Int(coarse.neighbours[$0]) }
  }

  private func isSatellite(_ small: Int, of host: Int, _ coarse: WeightedGraph) -> Bool {
    let row = coarse.row(small)
    let outward = row.reduce(0) { $0 + coarse.weights[$1] }
    let toHost = row.reduce(0) { Int(coarse.neighbours[$1]) == host ? $0 + coarse.weights[$1] : $0 }
    let bySize =
      coarse.strengths[small] * coarse.strengths[host] / max(1e-300, 2 * coarse.totalWeight)
    return toHost >= parameters.satelliteShare * outward && toHost > bySize
      && 4 * coarse.loops[host] > coarse.strengths[host]
  }
}
