// SPDX-License-Identifier: Apache-2.0

/// Ties between nodes that use the same nodes, or are used by the same nodes, whether or not they
/// refer to each other.
///
/// Each node has a vector of what it uses and one of its users, rare neighbours counting more
/// (inverse document frequency). Two nodes are as alike as the cosine of their vectors; the median
/// norm is added to each norm, else nodes with a single neighbour would all be perfect twins.
enum StructuralEquivalence {
  /// Twins kept for each node.
  static let twinsPerNode = 10
  /// A neighbour shared by more nodes than this says almost nothing and would cost its square.
  static let sharersLimit = 200

  /// Edges whose weights sum to `share`.
  static func edges(of signal: FlowSignal, nodeCount: Int, share: Double) -> [WeightedEdge] {
    guard share > 0, nodeCount > 1 else { return [] }
    let uses = signal.links.map {
      Feature(node: $0.source, feature: $0.target, weight: naturalLogarithm(1 + $0.weight))
    }
    let users = uses.map { Feature(node: $0.feature, feature: $0.node, weight: $0.weight) }
    var edges = twins(of: uses, nodeCount: nodeCount) + twins(of: users, nodeCount: nodeCount)
    let sum = edges.reduce(0) { $0 + $1.weight }
    guard sum > 0 else { return [] }
    for index in edges.indices { edges[index].weight *= share / sum }
    return edges
  }

  /// A node's tie to something that it may share with others.
  private struct Feature {
    var node: Int
    var feature: Int
    var weight: Double
  }

  private static func twins(of links: [Feature], nodeCount: Int) -> [WeightedEdge] {
    let features = rows(links, nodeCount: nodeCount)
    let pool = medianNorm(features)
    let lengths = features.map { norm($0) + pool }
    var holders = [[(node: Int, weight: Double)]](repeating: [], count: nodeCount)
    for (node, row) in features.enumerated() {
      for entry in row { holders[entry.feature].append((node, entry.weight)) }
    }
    var products = [Double](repeating: 0, count: nodeCount)
    var touched: [Int] = []
    var best: [WeightedEdge] = []
    for (node, row) in features.enumerated() where !row.isEmpty {
      for entry in row where holders[entry.feature].count <= sharersLimit {
        for holder in holders[entry.feature] where holder.node != node {
          if products[holder.node] == 0 { touched.append(holder.node) }
          products[holder.node] += entry.weight * holder.weight
        }
      }
      var closest = Closest(limit: twinsPerNode)
      for twin in touched {
        closest.offer(twin, products[twin] / (lengths[node] * lengths[twin]))
        products[twin] = 0
      }
      for entry in closest.entries {
        best.append(WeightedEdge(min(node, entry.twin), max(node, entry.twin), entry.score))
      }
      touched.removeAll(keepingCapacity: true)
    }
    return distinct(best)
  }

  /// Weighted features of each node.
  private static func rows(
    _ links: [Feature], nodeCount: Int
  ) -> [[(feature: Int, weight: Double)]] {
    var frequency = [Int](repeating: 0, count: nodeCount)
    for link in links { frequency[link.feature] += 1 }
    var rows = [[(feature: Int, weight: Double)]](repeating: [], count: nodeCount)
    for link in links {
      let rarity = naturalLogarithm(Double(nodeCount + 1) / Double(frequency[link.feature]))
      rows[link.node].append((link.feature, link.weight * rarity))
    }
    return rows
  }

  private static func norm(_ row: [(feature: Int, weight: Double)]) -> Double {
    row.reduce(0) { $0 + $1.weight * $1.weight }.squareRoot()
  }

  private static func medianNorm(_ rows: [[(feature: Int, weight: Double)]]) -> Double {
    let norms = rows.map(norm).filter { $0 > 0 }.sorted()
    return norms.isEmpty ? 0 : norms[norms.count / 2]
  }

  /// The highest scores in descending order; of equal ones the smaller node is kept.
  private struct Closest {
    let limit: Int
    private(set) var entries: [(twin: Int, score: Double)] = []

    init(limit: Int) { self.limit = limit }

    mutating func offer(_ twin: Int, _ score: Double) {
      func isBehind(_ entry: (twin: Int, score: Double)) -> Bool {
        entry.score < score || (entry.score == score && entry.twin > twin)
      }
      if entries.count == limit {
        guard let last = entries.last, isBehind(last) else { return }
        entries.removeLast()
      }
      let place = entries.firstIndex(where: isBehind) ?? entries.count
      entries.insert((twin, score), at: place)
    }
  }

  /// A pair that both ends chose counts once.
  private static func distinct(_ edges: [WeightedEdge]) -> [WeightedEdge] {
    var seen: Set<Int64> = []
    return edges.filter { seen.insert(Int64($0.first) << 32 | Int64($0.second)).inserted }
  }
}
