// SPDX-License-Identifier: Apache-2.0

/// Joins clusters one pair at a time until a number is reached: each time the pair whose union
/// gains most modularity, or loses least.
///
/// Pairs that share an edge wait in a heap. Of the pairs that share none only one can be the best,
/// the two weakest clusters, so the others are never looked at.
struct FlowMerging {
  let graph: WeightedGraph
  /// Nodes that do not count: a cluster of witnesses alone is none.
  let isWitness: [Bool]
  var rules = ClusterRules()

  /// - Parameter isGaining: stops before the first join that would lose.
  func merged(
    _ partition: Partition, into count: Int, isGaining: Bool = false
  ) -> Partition {
    var clusters = ClusterGraph(graph, partition)
    var alive = Set(
      clusters.members.indices.filter { cluster in
        clusters.members[cluster].contains { !isWitness[$0] }
      })
    var pairs = MinimumHeap<Pair>()
    func enqueue(_ cluster: Int, above least: Int) {
      for other in clusters.links[cluster].keys where other > least && alive.contains(other) {
        pairs.insert(pair(cluster, other, clusters))
      }
    }
    for cluster in alive { enqueue(cluster, above: cluster) }
    while alive.count > count {
      // What was joined since has another gain, and stands in the heap with that too.
      while let least = pairs.least, !isCurrent(least, clusters, alive) {
        _ = pairs.removeLeast()
      }
      var best = pairs.least
      if isGaining, best?.gain ?? 0 <= 0 { break }
      // Pairs without an edge gain nothing.
      if best?.gain ?? 0 <= 0 { best = [best, weakest(clusters, alive)].compactMap(\.self).min() }
      guard let best else { break }
      let kept = clusters.join(best.first, best.second)
      alive.remove(kept == best.first ? best.second : best.first)
      enqueue(kept, above: -1)
    }
    return clusters.partition
  }

  /// Orders by gain, most first, then by number.
  private struct Pair: Comparable {
    var gain: Double
    var first: Int
    var second: Int

    static func < (left: Self, right: Self) -> Bool {
      (-left.gain, left.first, left.second) < (-right.gain, right.first, right.second)
    }
  }

  private func pair(_ first: Int, _ second: Int, _ clusters: ClusterGraph) -> Pair {
    Pair(
      gain: clusters.gain(first, second), first: min(first, second), second: max(first, second))
  }

  private func isCurrent(_ pair: Pair, _ clusters: ClusterGraph, _ alive: Set<Int>) -> Bool {
    alive.contains(pair.first) && alive.contains(pair.second)
      && clusters.gain(pair.first, pair.second) == pair.gain
      && rules.mayJoin(clusters.members[pair.first], clusters.members[pair.second])
  }

  /// The pair with the smallest product of strengths that the rules allow.
  private func weakest(_ clusters: ClusterGraph, _ alive: Set<Int>) -> Pair? {
    let order = alive.sorted { (clusters.strengths[$0], $0) < (clusters.strengths[$1], $1) }
    var best: Pair?
    var least = Double.infinity
    for (place, first) in order.enumerated() {
      let strength = clusters.strengths[first]
      for second in order[(place + 1)...] where strength * clusters.strengths[second] < least {
        guard rules.mayJoin(clusters.members[first], clusters.members[second]) else { continue }
        least = strength * clusters.strengths[second]
        best = pair(first, second, clusters)
        break
      }
      // Every later pair is made of stronger ones.
      if strength * strength >= least { break }
    }
    return best
  }
}
