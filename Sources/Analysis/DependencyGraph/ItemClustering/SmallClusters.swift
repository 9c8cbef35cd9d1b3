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
  /// Nodes that are no items and add nothing to a size.
  let isWitness: [Bool]
  /// Refuses groups of nodes that may not be joined.
  var mayJoin: (_ first: [Int], _ second: [Int]) -> Bool = { _, _ in true }

  func absorbed(_ partition: Partition) -> Partition {
    var ties = ClusterGraph(damped, partition)
    var steps = ClusterGraph(walk, partition)
    let limit = max(parameters.leastItems, parameters.satelliteItems)
    // The smallest cluster goes first, of equal ones the first. One that stays is looked at again
    // only when something next to it has changed: nothing else could change the answer.
    var waiting = MinimumHeap<Candidate>()
    var isWaiting = [Bool](repeating: false, count: partition.count)
    var sizes = ties.members.map { nodes in nodes.count { !isWitness[$0] } }
    func enqueue(_ cluster: Int) {
      let size = sizes[cluster]
      guard size < limit, !isWaiting[cluster] else { return }
      isWaiting[cluster] = true
      waiting.insert(Candidate(size: size, cluster: cluster))
    }
    for cluster in 0..<partition.count { enqueue(cluster) }
    while let small = waiting.removeLeast()?.cluster {
      isWaiting[small] = false
      guard let host = target(of: small, sizes[small], ties, steps) else { continue }
      let kept = ties.join(small, host)
      sizes[kept] = sizes[small] + sizes[host]
      steps.join(small, host, keeping: kept)
      enqueue(kept)
      for neighbour in ties.links[kept].keys.sorted() { enqueue(neighbour) }
    }
    return ties.partition
  }

  private struct Candidate: Comparable {
    var size: Int
    var cluster: Int

    static func < (left: Self, right: Self) -> Bool {
      (left.size, left.cluster) < (right.size, right.cluster)
    }
  }

  /// What a small cluster has to join, if anything.
  private func target(
    of small: Int, _ size: Int, _ ties: ClusterGraph, _ steps: ClusterGraph
  ) -> Int? {
    if size < parameters.leastItems { return host(of: small, ties) }
    guard size < parameters.satelliteItems, let host = host(of: small, steps),
      isSatellite(small, of: host, steps)
    else { return nil }
    return host
  }

  private func host(of small: Int, _ clusters: ClusterGraph) -> Int? {
    clusters.links[small]
      .filter { mayJoin(clusters.members[small], clusters.members[$0.key]) }
      .max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  private func isSatellite(_ small: Int, of host: Int, _ walk: ClusterGraph) -> Bool {
    let toHost = walk.links[small][host] ?? 0
    return toHost >= parameters.satelliteShare * walk.outward(small)
      && walk.gain(small, host) > 0 && 4 * walk.loops[host] > walk.strengths[host]
  }
}
