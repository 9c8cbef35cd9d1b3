// SPDX-License-Identifier: Apache-2.0

/// Two divisions by name, whose items need not be the same.
package struct NamedDivisions: Sendable {
  /// Cluster of each item.
  private let first: [String: String]
  private let second: [String: String]

  /// - Parameters: cluster of each item.
  package init(_ first: [String: String], _ second: [String: String]) {
    self.first = first
    self.second = second
  }

  /// Architecture to architecture (Le, Behnamghader, Garcia, Medvidovic et al. 2015), in percent:
  /// 100 less the steps from one division to the other by the steps that build both from nothing.
  /// Steps add, remove and move items and add and remove clusters; an added item is moved as well.
  package var a2a: Double {
    let build = { (clusters: Int, items: Int) in Double(clusters + 2 * items) }
    let (firstClusters, secondClusters) = (Set(first.values).count, Set(second.values).count)
    let all = build(firstClusters, first.count) + build(secondClusters, second.count)
    guard all > 0 else { return 100 }
    let common = first.keys.filter { second[$0] != nil }
    let changed = first.count + second.count - 2 * common.count
    let moved = common.count - largestOverlap(common)
    let steps = abs(firstClusters - secondClusters) + 2 * changed + moved
    return 100 * (1 - Double(steps) / all)
  }

  /// Items that can stay when clusters are paired off.
  private func largestOverlap(_ common: [String]) -> Int {
    var rows: [String: Int] = [:]
    var columns: [String: Int] = [:]
    var overlaps: [[Int: Int]] = []
    for item in common {
      guard let row = first[item], let column = second[item] else { continue }
      let (newRow, newColumn) = (rows.count, columns.count)
      let number = rows[row, default: newRow]
      rows[row] = number
      if number == newRow { overlaps.append([:]) }
      let other = columns[column, default: newColumn]
      columns[column] = other
      overlaps[number][other, default: 0] += 1
    }
    return Assignment.best(
      overlaps.map { row in row.map { (column: $0.key, value: $0.value) } },
      columnCount: columns.count)
  }
}

extension Partition {
  /// Normalised mutual information (Strehl, Ghosh 2002; normalised by the mean entropy): 1 for
  /// equal divisions, 0 for independent ones.
  package func normalisedMutualInformation(with other: Partition) -> Double {
    let table = OverlapTable(self, other)
    let all = Double(labels.count)
    let first = entropy(table.firstSizes.map(Double.init))
    let second = entropy(table.secondSizes.map(Double.init))
    guard first + second > 0 else { return 1 }
    let mutual = table.cells.reduce(0) { sum, cell in
      let share = Double(cell.count) / all
      let chance =
        Double(table.firstSizes[cell.first]) * Double(table.secondSizes[cell.second]) / (all * all)
      return sum + share * naturalLogarithm(share / chance)
    }
    return max(0, 2 * mutual / (first + second))
  }
}
