// SPDX-License-Identifier: Apache-2.0

/// A table of text cells fitted into a width: optional columns are left out, the last one first,
/// and then the widest flexible column is shortened with `…`.
struct TextTable {
  enum Alignment { case left, right }

  struct Column {
    var title: String
    var alignment: Alignment
    var isFlexible: Bool
    var isOptional: Bool
    /// The end of a cell tells more than its beginning: paths with lines.
    var keepsEnd: Bool

    init(
      _ title: String, _ alignment: Alignment = .left, isFlexible: Bool = false,
      isOptional: Bool = false, keepsEnd: Bool = false
    ) {
      self.title = title
      self.alignment = alignment
      self.isFlexible = isFlexible
      self.isOptional = isOptional
      self.keepsEnd = keepsEnd
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
    // A cell is as wide as what will be seen of it.
    let rows = rows.map { $0.map { TerminalText.escaped($0) } }
    let (shown, widths) = fitted(rows, width)
    func line(_ cells: [String]) -> String {
      let padded = shown.map { column in
        let cell = shortened(
          cells[column], to: widths[column], keepsEnd: columns[column].keepsEnd)
        let space = String(repeating: " ", count: max(0, widths[column] - cell.count))
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
      ([columns[column].title] + rows.map { $0[column] }).map(\.count).max() ?? 0
    }
    var shown = Array(columns.indices)
    func excess() -> Int {
      shown.reduce(Self.gap.count * (shown.count - 1)) { $0 + widths[$1] } - width
    }
    while excess() > 0, let place = shown.lastIndex(where: { columns[$0].isOptional }) {
      shown.remove(at: place)
    }
    while excess() > 0 {
      let flexible = shown.filter { columns[$0].isFlexible && widths[$0] > Self.leastWidth }
      guard let widest = flexible.max(by: { (widths[$0], $1) < (widths[$1], $0) }) else { break }
      widths[widest] -= 1
    }
    return (shown, widths)
  }

  private func shortened(_ cell: String, to width: Int, keepsEnd: Bool) -> String {
    guard cell.count > width else { return cell }
    let kept = max(0, width - 1)
    return keepsEnd ? "…" + cell.suffix(kept) : cell.prefix(kept) + "…"
  }
}

/// Breaks text at spaces; a word longer than the width keeps its own line.
func wrapped(_ text: String, width: Int, indent: String = "") -> [String] {
  var lines: [String] = []
  var current = ""
  for word in TerminalText.escaped(text).split(separator: " ") {
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
