// SPDX-License-Identifier: Apache-2.0

import DisplayWidths

/// Rows of cells with columns padded to their widest cell, as a terminal shows them.
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
        widths[column] = max(widths[column], DisplayWidth.columns(of: cell))
      }
    }
    return rows.map { row in
      let padded = row.enumerated().map { column, cell in
        let free = widths[column] - DisplayWidth.columns(of: cell)
        return column == row.count - 1 ? cell : cell + String(repeating: " ", count: free)
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
