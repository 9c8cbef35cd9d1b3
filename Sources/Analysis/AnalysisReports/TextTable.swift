// SPDX-License-Identifier: Apache-2.0

/// A table of text cells fitted into a width. The widest flexible column is shortened with `…`.
struct TextTable {
  enum Alignment { case left, right }

  struct Column {
    var title: String
    var alignment: Alignment
    var isFlexible: Bool

    init(_ title: String, _ alignment: Alignment = .left, isFlexible: Bool = false) {
      self.title = title
      self.alignment = alignment
      self.isFlexible = isFlexible
    }
  }

  private static let gap = "  "
  /// No flexible column becomes narrower than this, even if lines then exceed the width.
  private static let leastWidth = 8

  let columns: [Column]
  var rows: [[String]] = []

  init(_ columns: [Column]) { self.columns = columns }

  /// Lines of the table, the titles first.
  func lines(width: Int, style: TextStyle) -> [String] {
    let widths = fittedWidths(width)
    var lines = [style.dim(line(columns.map(\.title), widths))]
    lines += rows.map { line($0, widths) }
    return lines
  }

  private func fittedWidths(_ width: Int) -> [Int] {
    var widths = columns.indices.map { column in
      ([columns[column].title] + rows.map { $0[column] }).map(\.count).max() ?? 0
    }
    let gaps = Self.gap.count * max(0, columns.count - 1)
    var excess = widths.reduce(gaps, +) - width
    while excess > 0 {
      let flexible = widths.indices.filter {
        columns[$0].isFlexible && widths[$0] > Self.leastWidth
      }
      guard let widest = flexible.max(by: { (widths[$0], $1) < (widths[$1], $0) }) else { break }
      widths[widest] -= 1
      excess -= 1
    }
    return widths
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    let padded = cells.indices.map { index in
      let cell = shortened(cells[index], to: widths[index])
      let space = String(repeating: " ", count: max(0, widths[index] - cell.count))
      return columns[index].alignment == .left ? cell + space : space + cell
    }
    let joined = padded.joined(separator: Self.gap)
    return String(joined.reversed().drop { $0 == " " }.reversed())
  }

  private func shortened(_ cell: String, to width: Int) -> String {
    cell.count <= width ? cell : cell.prefix(max(0, width - 1)) + "…"
  }
}

/// Breaks text at spaces; a word longer than the width keeps its own line.
func wrapped(_ text: String, width: Int, indent: String = "") -> [String] {
  var lines: [String] = []
  var current = ""
  for word in text.split(separator: " ") {
    if current.isEmpty {
      current = indent + word
    } else if current.count + 1 + word.count <= width {
      current += " " + word
    } else {
      lines.append(current)
      current = indent + word
    }
  }
  if !current.isEmpty { lines.append(current) }
  return lines
}
