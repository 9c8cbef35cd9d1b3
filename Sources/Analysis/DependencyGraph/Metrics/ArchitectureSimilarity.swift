// SPDX-License-Identifier: Apache-2.0

/// Two divisions by name, whose items need not be the same.
package struct NamedDivisions: Sendable {
  private let first: [String: Set<String>]
  private let second: [String: Set<String>]
  private let firstItems: Set<String>
  private let secondItems: Set<String>

  /// - Parameters: cluster of each item.
  package init(_ first: [String: String], _ second: [String: String]) {
    self.first = Self.clusters(first)
    self.second = Self.clusters(second)
    firstItems = Set(first.keys)
    secondItems = Set(second.keys)
  }

  private static func clusters(_ division: [String: String]) -> [String: Set<String>] {
    var clusters: [String: Set<String>] = [:]
    for (item, cluster) in division { clusters[cluster, default: []].insert(item) }
    return clusters
  }

  /// Architecture to architecture (Le, Behnamghader, Garcia, Medvidovic et al. 2015), in percent:
  /// 100 less the steps from one division to the other by the steps that build both from nothing.
  /// Steps add, remove and move items and add and remove clusters; an added item is moved as well.
  package var a2a: Double {
    let build = { (clusters: Int, items: Int) in Double(clusters + 2 * items) }
    let all = build(first.count, firstItems.count) + build(second.count, secondItems.count)
    guard all > 0 else { return 100 }
    let common = firstItems.intersection(secondItems).count
    let changed = firstItems.count + secondItems.count - 2 * common
    let moved = common - largestOverlap()
    let steps = abs(first.count - second.count) + 2 * changed + moved
    return 100 * (1 - Double(steps) / all)
  }

  /// Items that can stay when clusters are paired off.
  private func largestOverlap() -> Int {
    let rows = first.keys.sorted().compactMap { first[$0] }
    let columns = second.keys.sorted().compactMap { second[$0] }
    return Assignment.best(rows.map { row in columns.map { row.intersection($0).count } })
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

/// Pairs rows with columns, each at most once (Kuhn 1955, Munkres 1957; by shortest augmenting
/// paths, cubic time).
enum Assignment {
  /// The largest sum of values that such pairs reach.
  static func best(_ values: [[Int]]) -> Int {
    let count = max(values.count, values.first?.count ?? 0)
    guard count > 0 else { return 0 }
    func cost(_ row: Int, _ column: Int) -> Int {
      row < values.count && column < values[row].count ? -values[row][column] : 0
    }
    // Rows and columns count from 1; 0 stands for "none".
    var rowPrice = [Int](repeating: 0, count: count + 1)
    var columnPrice = rowPrice
    var rowOfColumn = rowPrice
    for row in 1...count {
      var cameFrom = [Int](repeating: 0, count: count + 1)
      var least = [Int](repeating: .max, count: count + 1)
      var isDone = [Bool](repeating: false, count: count + 1)
      rowOfColumn[0] = row
      var column = 0
      while rowOfColumn[column] != 0 {
        isDone[column] = true
        let current = rowOfColumn[column]
        var (step, next) = (Int.max, 0)
        for other in 1...count where !isDone[other] {
          let reduced = cost(current - 1, other - 1) - rowPrice[current] - columnPrice[other]
          if reduced < least[other] { (least[other], cameFrom[other]) = (reduced, column) }
          if least[other] < step { (step, next) = (least[other], other) }
        }
        for other in 0...count {
          if isDone[other] {
            rowPrice[rowOfColumn[other]] += step
            columnPrice[other] -= step
          } else if least[other] != .max {
            least[other] -= step
          }
        }
        column = next
      }
      while column != 0 {
        rowOfColumn[column] = rowOfColumn[cameFrom[column]]
        column = cameFrom[column]
      }
    }
    return (1...count).reduce(0) { $0 - cost(rowOfColumn[$1] - 1, $1 - 1) }
  }
}
