// SPDX-License-Identifier: Apache-2.0

/// One undirected edge; equal ends make a loop.
package struct WeightedEdge: Sendable, Equatable {
  package var first: Int32
  package var second: Int32
  package var weight: Double

  package init(_ first: Int, _ second: Int, _ weight: Double) {
    self.first = Int32(first)
    self.second = Int32(second)
    self.weight = weight
  }
}

/// An undirected weighted graph in compressed sparse rows: the neighbours of node `v` and the
/// weights of the edges to them stand at `rowStarts[v]..<rowStarts[v + 1]`, in ascending order.
package struct WeightedGraph: Sendable, Equatable {
  package let rowStarts: [Int32]
  package let neighbours: [Int32]
  package let weights: [Double]
  /// Weight of each node's loop, counted once.
  package let loops: [Double]
  /// Sum of the weights at each node; a loop counts twice.
  package let strengths: [Double]
  /// Sum of all edge weights; a loop counts once.
  package let totalWeight: Double

  package var nodeCount: Int { loops.count }
  /// Edges between different nodes.
  package var edgeCount: Int { neighbours.count / 2 }

  package func row(_ node: Int) -> Range<Int> {
    Int(rowStarts[node])..<Int(rowStarts[node + 1])
  }

  init(
    rowStarts: [Int32], neighbours: [Int32], weights: [Double], loops: [Double]
  ) {
    self.rowStarts = rowStarts
    self.neighbours = neighbours
    self.weights = weights
    self.loops = loops
    var strengths = [Double](repeating: 0, count: loops.count)
    var doubled = 0.0
    for node in loops.indices {
      var sum = 2 * loops[node]
      for entry in Int(rowStarts[node])..<Int(rowStarts[node + 1]) { sum += weights[entry] }
      strengths[node] = sum
      doubled += sum
    }
    self.strengths = strengths
    totalWeight = doubled / 2
  }

  /// Builds the rows. Edges that join the same two nodes are added up, in an order that does not
  /// depend on the order of `edges`; edges without a positive weight are left out.
  package init(nodeCount: Int, edges: [WeightedEdge]) {
    var sorted: [WeightedEdge] = []
    sorted.reserveCapacity(edges.count)
    for edge in edges where edge.weight > 0 {
      var edge = edge
      if edge.first > edge.second { swap(&edge.first, &edge.second) }
      sorted.append(edge)
    }
    sorted.sort {
      ($0.first, $0.second, $0.weight) < ($1.first, $1.second, $1.weight)
    }
    var merged: [WeightedEdge] = []
    merged.reserveCapacity(sorted.count)
    for edge in sorted {
      if let last = merged.last, last.first == edge.first, last.second == edge.second {
        merged[merged.count - 1].weight += edge.weight
      } else {
        merged.append(edge)
      }
    }
    self.init(nodeCount: nodeCount, merged: merged)
  }

  /// Builds the rows from edges that are sorted and distinct.
  private init(nodeCount: Int, merged: [WeightedEdge]) {
    var starts = [Int32](repeating: 0, count: nodeCount + 1)
    var loops = [Double](repeating: 0, count: nodeCount)
    for edge in merged where edge.first != edge.second {
      starts[Int(edge.first) + 1] += 1
      starts[Int(edge.second) + 1] += 1
    }
    for node in 0..<nodeCount { starts[node + 1] += starts[node] }
    let entries = Int(starts[nodeCount])
    var neighbours = [Int32](repeating: 0, count: entries)
    var weights = [Double](repeating: 0, count: entries)
    var next = starts
    func place(_ node: Int32, _ neighbour: Int32, _ weight: Double) {
      let entry = Int(next[Int(node)])
      neighbours[entry] = neighbour
      weights[entry] = weight
      next[Int(node)] += 1
    }
    // The edges are sorted by (first, second), so each row receives its smaller neighbours first.
    for edge in merged where edge.first != edge.second {
      place(edge.second, edge.first, edge.weight)
    }
    for edge in merged {
      if edge.first == edge.second {
        loops[Int(edge.first)] = edge.weight
      } else {
        place(edge.first, edge.second, edge.weight)
      }
    }
    self.init(rowStarts: starts, neighbours: neighbours, weights: weights, loops: loops)
  }

  /// The same rows with other weights; `transform` sees the node, its neighbour and the weight, and
  /// must answer the same for both directions.
  package func reweighted(_ transform: (Int, Int, Double) -> Double) -> WeightedGraph {
    var changed = weights
    for node in 0..<nodeCount {
      for entry in row(node) {
        changed[entry] = transform(node, Int(neighbours[entry]), weights[entry])
      }
    }
    return WeightedGraph(
      rowStarts: rowStarts, neighbours: neighbours, weights: changed, loops: loops)
  }

  /// The graph with each weight multiplied by a number from `1 - noise` to `1 + noise` that depends
  /// on the keys of the edge's ends and the run alone: taking one edge away leaves the noise on all
  /// others as it was.
  func jittered(keys: [UInt64], run: Int, noise: Double) -> WeightedGraph {
    let salt = SeededRandom.mix(UInt64(run + 1) &* 0x9E37_79B9_7F4A_7C15)
    return reweighted { node, neighbour, weight in
      // A sum of mixed keys is the same in both directions of an edge.
      let edge = SeededRandom.mix(keys[node] ^ salt) &+ SeededRandom.mix(keys[neighbour] ^ salt)
      return weight * (1 - noise + 2 * noise * SeededRandom.unit(SeededRandom.mix(edge)))
    }
  }
}
