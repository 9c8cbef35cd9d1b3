// SPDX-License-Identifier: Apache-2.0

/// A random walk over dependencies that follows them in both directions, each with its own weight.
package struct FlowNetwork: Sendable {
  /// Weights of the steps between two nodes; in the network's list the ends are in order and each
  /// pair occurs once.
  package struct Edge: Sendable, Equatable {
    package var first: Int32
    package var second: Int32
    /// Weight of the step from `first` to `second`.
    package var forward: Double
    /// Weight of the step from `second` to `first`.
    package var backward: Double

    init(_ first: Int, _ second: Int, _ forward: Double, _ backward: Double) {
      self.first = Int32(first)
      self.second = Int32(second)
      self.forward = forward
      self.backward = backward
    }
  }

  package let nodeCount: Int
  package let edges: [Edge]

  /// Adds up edges that join the same nodes, in an order that does not depend on theirs.
  init(nodeCount: Int, edges: [Edge]) {
    self.nodeCount = nodeCount
    let sorted = edges.map { edge in
      guard edge.first > edge.second else { return edge }
      return Edge(Int(edge.second), Int(edge.first), edge.backward, edge.forward)
    }.sorted {
      ($0.first, $0.second, $0.forward, $0.backward)
        < ($1.first, $1.second, $1.forward, $1.backward)
    }
    var merged: [Edge] = []
    merged.reserveCapacity(sorted.count)
    for edge in sorted {
      if let last = merged.last, last.first == edge.first, last.second == edge.second {
        merged[merged.count - 1].forward += edge.forward
        merged[merged.count - 1].backward += edge.backward
      } else {
        merged.append(edge)
      }
    }
    self.edges = merged
  }

  /// Both directions added up: what nodes give each other, however often the walk comes by.
  package var damped: WeightedGraph {
    WeightedGraph(
      nodeCount: nodeCount,
      edges: edges.map { WeightedEdge(Int($0.first), Int($0.second), $0.forward + $0.backward) })
  }

  /// Steps after which the walk is taken to be in balance.
  private static let steps = 60

  /// How often the walk in balance uses each edge. What enters a set of nodes then equals what
  /// leaves it, so this undirected graph has the same map equation as the directed walk.
  package var stationary: WeightedGraph {
    var leaving = [Double](repeating: 0, count: nodeCount)
    for edge in edges {
      leaving[Int(edge.first)] += edge.forward
      leaving[Int(edge.second)] += edge.backward
    }
    let total = leaving.reduce(0, +)
    guard total > 0 else { return WeightedGraph(nodeCount: nodeCount, edges: []) }
    // Chance that a walker at one end of an edge takes it.
    let forward = edges.map { $0.forward > 0 ? $0.forward / leaving[Int($0.first)] : 0 }
    let backward = edges.map { $0.backward > 0 ? $0.backward / leaving[Int($0.second)] : 0 }
    var visits = leaving.map { $0 / total }
    for _ in 0..<Self.steps {
      // Half of the walkers stay, which keeps the walk from swinging between two halves.
      var next = visits.indices.map { leaving[$0] > 0 ? visits[$0] / 2 : visits[$0] }
      for (index, edge) in edges.enumerated() {
        next[Int(edge.second)] += visits[Int(edge.first)] * forward[index] / 2
        next[Int(edge.first)] += visits[Int(edge.second)] * backward[index] / 2
      }
      visits = next
    }
    return WeightedGraph(
      nodeCount: nodeCount,
      edges: edges.enumerated().map { index, edge in
        let (first, second) = (Int(edge.first), Int(edge.second))
        return WeightedEdge(
          first, second, visits[first] * forward[index] + visits[second] * backward[index])
      })
  }
}
