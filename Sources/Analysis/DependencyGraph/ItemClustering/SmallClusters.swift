// SPDX-License-Identifier: Apache-2.0

/// Joins clusters that are too small to stand alone to the one that they are tied to.
///
/// Two kinds go. Clusters below a least size join whatever they exchange most flow with. Satellites
/// are a little larger: most of their way out leads to one host, which keeps more flow inside than
/// it gives away, and they exchange more with it than the sizes of both would explain; that is
/// judged on the walk that the members describe. Where the consensus has cut too deep into a branch
/// this mends it; elsewhere it changes nothing.
///
/// Beside a stored division, what that joined stays joined: a part of a stored cluster goes back to
/// the rest of it while most of its way out leads there, and what it held apart is no satellite.
struct SmallClusters {
  let parameters: ClusteringParameters
  /// What nodes give each other, however often the walk comes by.
  let damped: WeightedGraph
  /// How often the walk in balance uses each edge.
  let walk: WeightedGraph
  /// Nodes that are no items and add nothing to a size.
  let isWitness: [Bool]
  /// A stored division whose joins are kept unless they have become clearly worse.
  var anchor: Partition?
  /// Refuses groups of nodes that may not be joined.
  var mayJoin: (_ first: [Int], _ second: [Int]) -> Bool = { _, _ in true }

  func absorbed(_ partition: Partition) -> Partition {
    var ties = ClusterGraph(damped, partition)
    var steps = ClusterGraph(walk, partition)
    var stored = anchor.map { StoredCompanions(partition, $0) }
    let limit = max(parameters.leastItems, parameters.satelliteItems)
    // The smallest cluster goes first, of equal ones the first. One that stays is looked at again
    // only when something next to it has changed: nothing else could change the answer.
    var waiting = MinimumHeap<Candidate>()
    var isWaiting = [Bool](repeating: false, count: partition.count)
    var resting = RestingClusters()
    var sizes = ties.members.map { nodes in nodes.count { !isWitness[$0] } }
    func enqueue(_ cluster: Int) {
      let size = sizes[cluster]
      guard size < limit || stored != nil, !isWaiting[cluster] else { return }
      isWaiting[cluster] = true
      waiting.insert(Candidate(size: size, cluster: cluster))
    }
    for cluster in 0..<partition.count { enqueue(cluster) }
    while let small = waiting.removeLeast()?.cluster {
      isWaiting[small] = false
      guard let host = target(of: small, sizes[small], ties, steps, stored) else {
        if !ties.links[small].isEmpty { resting.insert(small) }
        continue
      }
      resting.remove(small)
      resting.remove(host)
      let kept = ties.join(small, host)
      sizes[kept] = sizes[small] + sizes[host]
      steps.join(small, host, keeping: kept)
      stored?.join(small, host, keeping: kept)
      enqueue(kept)
      for neighbour in resting.woken(by: ties.links[kept]) { enqueue(neighbour) }
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
    of small: Int, _ size: Int, _ ties: ClusterGraph, _ steps: ClusterGraph,
    _ stored: StoredCompanions?
  ) -> Int? {
    if size < parameters.leastItems { return host(of: small, ties, stored) }
    guard let host = host(of: small, steps, stored) else { return nil }
    let isHeld =
      stored?.areTogether(small, host)
      ?? (size < parameters.satelliteItems
        && isSatellite(small, of: host, steps))
    return isHeld && leansOn(host, small, steps) ? host : nil
  }

  /// What it exchanges most flow with; a stored companion counts more.
  private func host(
    of small: Int, _ clusters: ClusterGraph, _ stored: StoredCompanions?
  ) -> Int? {
    clusters.links[small]
      .filter { mayJoin(clusters.members[small], clusters.members[$0.key]) }
      .map { cluster, flow in
        let isStored = stored?.areTogether(small, cluster) ?? false
        return (cluster: cluster, flow: isStored ? flow * (1 + parameters.anchorShare) : flow)
      }
      .max { ($0.flow, $1.cluster) < ($1.flow, $0.cluster) }?.cluster
  }

  /// Whether most of the way out leads to the host.
  private func leansOn(_ host: Int, _ small: Int, _ walk: ClusterGraph) -> Bool {
    2 * (walk.links[small][host] ?? 0) >= walk.outward(small)
  }

  private func isSatellite(_ small: Int, of host: Int, _ walk: ClusterGraph) -> Bool {
    let toHost = walk.links[small][host] ?? 0
    return toHost >= parameters.satelliteShare * walk.outward(small)
      && walk.gain(small, host) > 0 && 4 * walk.loops[host] > walk.strengths[host]
  }
}

/// Clusters that were looked at and stay where they are. A change next to them makes them wait
/// again; asking all that touches a hub after each of its joins would cost their square.
private struct RestingClusters {
  private var clusters: Set<Int> = []

  mutating func insert(_ cluster: Int) { clusters.insert(cluster) }

  mutating func remove(_ cluster: Int) { clusters.remove(cluster) }

  /// Takes out those among a cluster's neighbours, by the shorter way; the order is any.
  mutating func woken(by links: [Int: Double]) -> [Int] {
    let found =
      clusters.count < links.count
      ? clusters.filter { links[$0] != nil } : Set(links.keys.filter(clusters.contains))
    clusters.subtract(found)
    return Array(found)
  }
}

/// How many nodes of each cluster stand in each community of a stored division.
private struct StoredCompanions {
  private var counts: [[Int32: Int]]
  private var sizes: [Int]

  init(_ clusters: Partition, _ stored: Partition) {
    counts = [[Int32: Int]](repeating: [:], count: clusters.count)
    sizes = clusters.sizes
    for (node, label) in stored.labels.enumerated() {
      counts[clusters[node]][label, default: 0] += 1
    }
  }

  /// True when the stored division holds most pairs of the two together.
  func areTogether(_ first: Int, _ second: Int) -> Bool {
    let (few, many) = sizes[first] < sizes[second] ? (first, second) : (second, first)
    let pairs = counts[few].reduce(0) { $0 + $1.value * (counts[many][$1.key] ?? 0) }
    return 2 * pairs > sizes[first] * sizes[second]
  }

  mutating func join(_ first: Int, _ second: Int, keeping kept: Int) {
    let gone = kept == first ? second : first
    counts[kept].merge(counts[gone], uniquingKeysWith: +)
    sizes[kept] += sizes[gone]
    (counts[gone], sizes[gone]) = ([:], 0)
  }
}
