// SPDX-License-Identifier: Apache-2.0

/// Rules for a division, by number of node; `ClusterConstraints` makes them, free of contradiction.
package struct ClusterRules: Sendable {
  /// Nodes that must stay together.
  var together: [(Int, Int)] = []
  /// Part of each node that may not meet other parts: pinned services and items held apart.
  var apart: [Int: Set<Int>] = [:]
  /// Items that a cluster may hold.
  var mostItems: Int?

  package init() {}

  var isEmpty: Bool { together.isEmpty && apart.isEmpty && mostItems == nil }

  /// Every node alone but for those that must stay together.
  func start(_ nodeCount: Int) -> Partition {
    var parts = Parts(nodeCount: nodeCount)
    for (first, second) in together { parts.join(first, second) }
    return Partition((0..<nodeCount).map { Int32(parts.root($0)) })
  }

  /// Whether two sets of nodes may stand in one cluster.
  func mayJoin(_ first: [Int], _ second: [Int]) -> Bool {
    if let mostItems, first.count + second.count > mostItems { return false }
    guard !apart.isEmpty else { return true }
    let others = Set(second)
    return first.allSatisfy { node in apart[node].map { $0.isDisjoint(with: others) } ?? true }
  }
}
