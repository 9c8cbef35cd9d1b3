// SPDX-License-Identifier: Apache-2.0

/// One source of evidence as directed, weighted links.
///
/// Both ends of each link are normalised: a link gives `h w / out(source) + (1 - h) w /
/// in(target)`. A type that everything uses, or that uses everything, then ties its neighbours
/// together no more than any other: hubs are damped and need not be removed.
struct FlowSignal {
  struct Link {
    var source: Int
    var target: Int
    var weight: Double
  }

  /// Links in the order in which they were added.
  private(set) var links: [Link] = []

  /// Adds a link; callers add each pair once and in a stable order.
  mutating func add(from source: Int, to target: Int, _ weight: Double) {
    guard source != target, weight > 0 else { return }
    links.append(Link(source: source, target: target, weight: weight))
  }

  /// What each link gives: `forward` from its source to its target, `backward` the other way; all
  /// of it sums to `share`.
  func flows(nodeCount: Int, sourceShare: Double, share: Double) -> [FlowNetwork.Edge] {
    guard share > 0, !links.isEmpty else { return [] }
    var outgoing = [Double](repeating: 0, count: nodeCount)
    var incoming = outgoing
    for link in links {
      outgoing[link.source] += link.weight
      incoming[link.target] += link.weight
    }
    var edges: [FlowNetwork.Edge] = []
    edges.reserveCapacity(links.count)
    var sum = 0.0
    for link in links {
      let forward = sourceShare * link.weight / outgoing[link.source]
      let backward = (1 - sourceShare) * link.weight / incoming[link.target]
      edges.append(FlowNetwork.Edge(link.source, link.target, forward, backward))
      sum += forward + backward
    }
    for index in edges.indices {
      edges[index].forward *= share / sum
      edges[index].backward *= share / sum
    }
    return edges
  }

  /// Undirected edges whose weights sum to `share`.
  func edges(nodeCount: Int, sourceShare: Double, share: Double) -> [WeightedEdge] {
    flows(nodeCount: nodeCount, sourceShare: sourceShare, share: share).map {
      WeightedEdge(Int($0.first), Int($0.second), $0.forward + $0.backward)
    }
  }
}
