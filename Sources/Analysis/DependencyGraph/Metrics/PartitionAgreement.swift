// SPDX-License-Identifier: Apache-2.0

/// How two divisions of the same nodes overlap.
struct OverlapTable {
  /// Nodes that stand in community `first` of the one and `second` of the other.
  private(set) var cells: [(first: Int, second: Int, count: Int)] = []
  let firstSizes: [Int]
  let secondSizes: [Int]

  init(_ first: Partition, _ second: Partition) {
    precondition(first.labels.count == second.labels.count, "divisions of different node sets")
    firstSizes = first.sizes
    secondSizes = second.sizes
    var counts = [Int](repeating: 0, count: second.count)
    var touched: [Int] = []
    for (community, members) in first.members.enumerated() {
      for node in members {
        if counts[second[node]] == 0 { touched.append(second[node]) }
        counts[second[node]] += 1
      }
      for other in touched.sorted() {
        cells.append((community, other, counts[other]))
        counts[other] = 0
      }
      touched.removeAll(keepingCapacity: true)
    }
  }
}

extension Partition {
  /// Adjusted Rand index (Hubert, Arabie 1985): 1 for equal divisions, about 0 for unrelated ones.
  package func adjustedRandIndex(with other: Partition) -> Double {
    let table = OverlapTable(self, other)
    func pairs(_ size: Int) -> Double { Double(size) * Double(size - 1) / 2 }
    let together = table.cells.reduce(0) { $0 + pairs($1.count) }
    let first = table.firstSizes.reduce(0) { $0 + pairs($1) }
    let second = table.secondSizes.reduce(0) { $0 + pairs($1) }
    let all = pairs(labels.count)
    guard all > 0 else { return 1 }
    let expected = first * second / all
    let highest = (first + second) / 2
    guard highest != expected else { return 1 }
    return (together - expected) / (highest - expected)
  }
}
