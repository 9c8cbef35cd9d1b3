// SPDX-License-Identifier: Apache-2.0

/// Pairs rows with columns, each at most once, so that the sum of their values is largest (Kuhn
/// 1955; by shortest augmenting paths, Edmonds and Karp 1972). Only pairs that are worth something
/// are looked at, so thousands of rows and columns cost little where each meets few others.
struct Assignment {
  /// Columns that each row may take and what that is worth.
  private let values: [[(column: Int, value: Int)]]
  private let columnCount: Int
  // Prices keep every pair's `-value - rowPrice - columnPrice` at 0 or above.
  private var rowPrice: [Int]
  private var columnPrice: [Int]
  private var rowOfColumn: [Int?]
  private var columnOfRow: [Int?]
  private var distance: [Int]
  private var cameFrom: [Int]
  private var isDone: [Bool]

  /// The largest sum of values that such pairs reach; values are above 0.
  static func best(_ values: [[(column: Int, value: Int)]], columnCount: Int) -> Int {
    var state = Self(values, columnCount)
    for row in values.indices { state.place(row) }
    var sum = 0
    for (column, row) in state.rowOfColumn.enumerated() {
      guard let row else { continue }
      sum += values[row].first { $0.column == column }?.value ?? 0
    }
    return sum
  }

  private init(_ values: [[(column: Int, value: Int)]], _ columnCount: Int) {
    self.values = values
    self.columnCount = columnCount
    // Each row has a column of its own behind the others that is worth nothing: it stays alone.
    let all = columnCount + values.count
    rowPrice = values.map { row in -(row.map(\.value).max() ?? 0) }
    columnPrice = [Int](repeating: 0, count: all)
    rowOfColumn = [Int?](repeating: nil, count: all)
    columnOfRow = [Int?](repeating: nil, count: values.count)
    distance = [Int](repeating: .max, count: all)
    cameFrom = [Int](repeating: 0, count: all)
    isDone = [Bool](repeating: false, count: all)
  }

  private struct Step: Comparable {
    var distance: Int
    var column: Int

    static func < (left: Self, right: Self) -> Bool {
      (left.distance, left.column) < (right.distance, right.column)
    }
  }

  /// Gives a row a column, and others another one where that is worth more in all.
  private mutating func place(_ start: Int) {
    var waiting = MinimumHeap<Step>()
    var touched: [Int] = []
    var done: [Int] = []
    var (row, reached) = (start, 0)
    var free = columnCount + start
    while true {
      for (column, value) in values[row] + [(columnCount + row, 0)] {
        let next = reached - value - rowPrice[row] - columnPrice[column]
        guard next < distance[column] else { continue }
        if distance[column] == .max { touched.append(column) }
        (distance[column], cameFrom[column]) = (next, row)
        waiting.insert(Step(distance: next, column: column))
      }
      while let step = waiting.least, isDone[step.column] { _ = waiting.removeLeast() }
      guard let step = waiting.removeLeast() else { break }
      isDone[step.column] = true
      done.append(step.column)
      reached = step.distance
      guard let next = rowOfColumn[step.column] else {
        free = step.column
        break
      }
      row = next
    }
    rowPrice[start] += reached
    for column in done {
      columnPrice[column] -= reached - distance[column]
      if let row = rowOfColumn[column] { rowPrice[row] += reached - distance[column] }
    }
    // Back along the path each row takes the column that was found from it, and leaves its old one.
    var taken: Int? = free
    while let column = taken {
      let row = cameFrom[column]
      taken = columnOfRow[row]
      rowOfColumn[column] = row
      columnOfRow[row] = column
    }
    for column in touched { (distance[column], isDone[column]) = (.max, false) }
  }
}
