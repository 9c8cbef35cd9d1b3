// SPDX-License-Identifier: Apache-2.0

/// Label propagation (Raghavan, Albert, Kumara 2007): each node takes the label that most weight
/// around it has, until none changes. For comparison only; it has no objective and no stability.
package struct LabelPropagation: Sendable {
  /// Rounds over all nodes; without a limit, ties could be passed around for ever.
  static let roundLimit = 100

  package init() {}

  package func partition(_ graph: WeightedGraph, seed: UInt64) -> Partition {
    var random = SeededRandom(seed: seed)
    var labels = (0..<graph.nodeCount).map(Int32.init)
    var order = labels
    var links = CommunityLinks(count: graph.nodeCount)
    for _ in 0..<Self.roundLimit {
      random.shuffle(&order)
      var hasChanged = false
      for node in order.map(Int.init) {
        links.gather(graph, node, labels)
        let most = links.touched.reduce(0) { max($0, links.weight(to: Int($1))) }
        let best = links.touched.filter { links.weight(to: Int($0)) >= most * (1 - 1e-12) }.sorted()
        if !best.isEmpty, !best.contains(labels[node]) {
          labels[node] = best[random.index(below: best.count)]
          hasChanged = true
        }
        links.reset()
      }
      if !hasChanged { break }
    }
    return Partition(labels)
  }
}
