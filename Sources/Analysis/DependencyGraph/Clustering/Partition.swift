// SPDX-License-Identifier: Apache-2.0

/// A division of nodes into communities, numbered in the order in which their first node appears.
package struct Partition: Sendable, Equatable {
  /// Community of each node.
  package private(set) var labels: [Int32]
  /// Number of communities.
  package private(set) var count: Int

  /// Renumbers the labels, so that equal divisions are equal values.
  package init(_ labels: some Sequence<Int32>) {
    var numbers: [Int32: Int32] = [:]
    self.labels = labels.map { label in
      if let number = numbers[label] { return number }
      let number = Int32(numbers.count)
      numbers[label] = number
      return number
    }
    count = numbers.count
  }

  /// Every node on its own.
  package init(singletons nodeCount: Int) {
    labels = (0..<nodeCount).map(Int32.init)
    count = nodeCount
  }

  package subscript(node: Int) -> Int { Int(labels[node]) }

  /// Number of nodes of each community.
  package var sizes: [Int] {
    var sizes = [Int](repeating: 0, count: count)
    for label in labels { sizes[Int(label)] += 1 }
    return sizes
  }

  /// Nodes of each community in ascending order.
  package var members: [[Int]] {
    var members = [[Int]](repeating: [], count: count)
    for (node, label) in labels.enumerated() { members[Int(label)].append(node) }
    return members
  }
}

extension Partition {
  /// Nodes stand together that both divisions keep together.
  func meet(_ other: Partition) -> Partition {
    var numbers: [Int64: Int32] = [:]
    return Partition(
      zip(labels, other.labels).map { first, second in
        let key = Int64(first) << 32 | Int64(second)
        if let number = numbers[key] { return number }
        let number = Int32(numbers.count)
        numbers[key] = number
        return number
      })
  }

  /// Takes labels that already use each number below `count`; they keep their numbers.
  init(keeping labels: [Int32], count: Int) {
    self.labels = labels
    self.count = count
  }
}
