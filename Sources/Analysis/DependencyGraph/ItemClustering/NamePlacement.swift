// SPDX-License-Identifier: Apache-2.0

/// Places items without any link: beside those whose names share the longest path with theirs, such
/// as the same folder or name space. Text never moves an item that has links.
struct NamePlacement {
  private let graph: ItemGraph
  private let isLinked: [Bool]
  private let rules: ClusterRules

  init(_ graph: ItemGraph, _ damped: WeightedGraph, _ rules: ClusterRules) {
    self.graph = graph
    self.rules = rules
    isLinked = (0..<damped.nodeCount).map { !damped.row($0).isEmpty }
  }

  /// The division with every such item beside its kin, and which items were placed so.
  func placed(_ partition: Partition) -> (partition: Partition, isPlaced: [Bool]) {
    var isPlaced = isLinked.map { _ in false }
    guard isLinked.contains(false) else { return (partition, isPlaced) }
    var labels = partition.labels
    let sizes = partition.sizes
    var kin: [[Substring]: [Int32: Int]] = [:]
    for node in labels.indices where isLinked[node] {
      var path = Self.path(graph.names[node])
      while !path.isEmpty {
        kin[path, default: [:]][labels[node], default: 0] += 1
        path.removeLast()
      }
    }
    var members = partition.members
    for node in labels.indices where !isLinked[node] && sizes[partition[node]] == 1 {
      var path = Self.path(graph.names[node])
      while !path.isEmpty {
        let best = kin[path]?.filter { rules.mayJoin([node], members[Int($0.key)]) }
          .max { ($0.value, $1.key) < ($1.value, $0.key) }
        if let best {
          labels[node] = best.key
          members[Int(best.key)].append(node)
          isPlaced[node] = true
          break
        }
        path.removeLast()
      }
    }
    return (Partition(labels), isPlaced)
  }

  /// What stands before the last part of a name.
  private static func path(_ name: String) -> [Substring] {
    Array(name.split { $0 == "/" || $0 == "." }.dropLast())
  }
}
