// SPDX-License-Identifier: Apache-2.0

import DisplayWidths

/// A table of text cells fitted into a width: columns that may be missed are left out one by one,
/// and then the widest flexible column is shortened with `…`. Widths are columns of a terminal.
package struct TextTable {
  package enum Alignment { case left, right }

  package struct Column {
    var title: String
    var alignment: Alignment
    var isFlexible: Bool
    /// Place in the order in which columns are left out, 1 first; nil for one that stays.
    var leaves: Int?
    /// The end of a cell tells more than its beginning: paths with lines.
    var keepsEnd: Bool

    package init(
      _ title: String, _ alignment: Alignment = .left, isFlexible: Bool = false,
      leaves: Int? = nil, keepsEnd: Bool = false
    ) {
      self.title = title
      self.alignment = alignment
      self.isFlexible = isFlexible
      self.leaves = leaves
      self.keepsEnd = keepsEnd
    }
  }

  private static let gap = "  "
  /// No flexible column becomes narrower than this, even if lines then exceed the width.
  private static let leastWidth = 8

  let columns: [Column]
  package var rows: [[String]] = []

  package init(_ columns: [Column]) { self.columns = columns }

  /// Lines of the table, the titles first.
  package func lines(width: Int, style: TextStyle) -> [String] {
    // A cell is as wide as what will be seen of it.
    let rows = rows.map { $0.map { TerminalText.escaped($0) } }
    let (shown, widths) = fitted(rows, width)
    func line(_ cells: [String]) -> String {
      let padded = shown.map { column in
        let cell = shortened(
          cells[column], to: widths[column], keepsEnd: columns[column].keepsEnd)
        let free = max(0, widths[column] - DisplayWidth.columns(of: cell))
        let space = String(repeating: " ", count: free)
        return columns[column].alignment == .left ? cell + space : space + cell
      }
      var joined = padded.joined(separator: Self.gap)
      while joined.utf8.last == UInt8(ascii: " ") { joined.removeLast() }
      return joined
    }
    return [style.dim(line(columns.map(\.title)))] + rows.map(line)
  }

  /// Columns to show, and the width of each column of the table.
  private func fitted(_ rows: [[String]], _ width: Int) -> (shown: [Int], widths: [Int]) {
    var widths = columns.indices.map { column in
      ([columns[column].title] + rows.map { $0[column] })
        .map { DisplayWidth.columns(of: $0) }.max() ?? 0
    }
    var shown = Array(columns.indices)
    func excess() -> Int {
      shown.reduce(Self.gap.count * (shown.count - 1)) { $0 + widths[$1] } - width
    }
    let leaving = shown.filter { columns[$0].leaves != nil }
      .sorted { (columns[$0].leaves ?? 0) < (columns[$1].leaves ?? 0) }
    for column in leaving where excess() > 0 { shown.removeAll { $0 == column } }
    while excess() > 0 {
      let flexible = shown.filter { columns[$0].isFlexible && widths[$0] > Self.leastWidth }
      guard let widest = flexible.max(by: { (widths[$0], $1) < (widths[$1], $0) }) else { break }
      widths[widest] -= 1
    }
    return (shown, widths)
  }

  private func shortened(_ cell: String, to width: Int, keepsEnd: Bool) -> String {
    guard DisplayWidth.columns(of: cell) > width else { return cell }
    var rest = max(0, width - 1)
    func fits(_ character: Character) -> Bool {
      rest -= DisplayWidth.columns(of: String(character))
      return rest >= 0
    }
    if keepsEnd {
      let kept = cell.reversed().prefix(while: fits)
      return "…" + String(kept.reversed())
    }
    return cell.prefix(while: fits) + "…"
  }
}

/// Breaks text at spaces; a word longer than the width keeps its own line.
package func wrapped(_ text: String, width: Int, indent: String = "") -> [String] {
  var lines: [String] = []
  var current = ""
  var used = 0
  for word in TerminalText.escaped(text).split(separator: " ") {
    if current.isEmpty {
      current = indent + word
    } else if used + 1 + DisplayWidth.columns(of: word) <= width {
      current += " " + word
      used += 1 + DisplayWidth.columns(of: word)
      continue
    } else {
      lines.append(current)
      current = indent + word
    }
    used = DisplayWidth.columns(of: current)
  }
  if !current.isEmpty { lines.append(current) }
  return lines
}
