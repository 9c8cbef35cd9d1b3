// SPDX-License-Identifier: Apache-2.0

/// Rows of cells with columns padded to their widest cell, for terminals.
struct TextTable {
  private var rows: [[String]] = []

  mutating func add(_ row: [String]) {
    rows.append(row)
  }

  /// The lines, each indented by `indent` and without trailing blanks.
  func lines(indent: Int = 0) -> [String] {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    return rows.map { row in
      let padded = row.enumerated().map { column, cell in
        column == row.count - 1
          ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }
      let line = String(repeating: " ", count: indent) + padded.joined(separator: "  ")
      return line.trimmingSuffix(" ")
    }
  }
}

extension String {
  fileprivate func trimmingSuffix(_ blank: Character) -> String {
    let end = lastIndex { $0 != blank }
    return end.map { String(self[...$0]) } ?? ""
  }
}
