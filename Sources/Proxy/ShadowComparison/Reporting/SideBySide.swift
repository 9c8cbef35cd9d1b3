// SPDX-License-Identifier: Apache-2.0

/// Two texts line by line: equal lines stand beside each other, changed ones in pairs.
package struct SideBySide {
  package enum Row: Equatable {
    case same(String)
    case changed(legacy: String?, extracted: String?)
  }

  package let rows: [Row]

  /// Most lines of a side, without what both begin and end with, of which the fewest changes are
  /// looked for: that takes time and memory with the square of the changes.
  private static let mostMatched = 600

  package init(legacy: [String], extracted: [String]) {
    let shorter = min(legacy.count, extracted.count)
    let head = zip(legacy, extracted).prefix { $0 == $1 }.count
    let tail = zip(legacy.reversed(), extracted.reversed()).prefix(shorter - head)
      .prefix { $0 == $1 }.count
    let left = Array(legacy[head..<(legacy.count - tail)])
    let right = Array(extracted[head..<(extracted.count - tail)])
    let middle =
      max(left.count, right.count) > Self.mostMatched
      ? Self.inOrder(left, right) : Self.matched(left, right)
    rows = legacy[..<head].map { .same($0) } + middle + legacy.suffix(tail).map { .same($0) }
  }

  /// Line beside line.
  private static func inOrder(_ legacy: [String], _ extracted: [String]) -> [Row] {
    (0..<max(legacy.count, extracted.count)).map { line in
      let left = line < legacy.count ? legacy[line] : nil
      let right = line < extracted.count ? extracted[line] : nil
      if let left, left == right { return .same(left) }
      return .changed(legacy: left, extracted: right)
    }
  }

  private static func matched(_ legacy: [String], _ extracted: [String]) -> [Row] {
    let difference = extracted.difference(from: legacy)
    var removed: Set<Int> = []
    var inserted: Set<Int> = []
    for change in difference {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): inserted.insert(offset)
      }
    }
    var rows: [Row] = []
    var (left, right) = (0, 0)
    while left < legacy.count || right < extracted.count {
      let isRemoved = removed.contains(left)
      let isInserted = inserted.contains(right)
      if isRemoved || isInserted {
        rows.append(
          .changed(
            legacy: isRemoved ? legacy[left] : nil, extracted: isInserted ? extracted[right] : nil))
        if isRemoved { left += 1 }
        if isInserted { right += 1 }
      } else {
        rows.append(.same(legacy[left]))
        left += 1
        right += 1
      }
    }
    return rows
  }

  /// Rows near a change, with nil where others were left out.
  func excerpt(context: Int) -> [Row?] {
    let changes = rows.indices.filter { index in
      if case .changed = rows[index] { true } else { false }
    }
    var wanted: Set<Int> = []
    for index in changes {
      wanted.formUnion(max(0, index - context)...min(rows.count - 1, index + context))
    }
    var excerpt: [Row?] = []
    var previous = -1
    for index in wanted.sorted() {
      if index > previous + 1 { excerpt.append(nil) }
      excerpt.append(rows[index])
      previous = index
    }
    if previous < rows.count - 1 { excerpt.append(nil) }
    return excerpt
  }
}

extension ShadowPair {
  /// The pair for a terminal: what both share, `-` what only legacy says, `+` what only the
  /// extracted side says.
  public func text(number: Int64) -> String {
    var lines = ["pair \(number): \(request)  (\(endpoint))", ""]
    for difference in differences {
      lines.append(
        "  \(difference.pathKind.path) (\(difference.pathKind.kind.rawValue)): "
          + "\(difference.legacy ?? "(nothing)") on legacy, "
          + "\(difference.extracted ?? "(nothing)") extracted")
    }
    lines += ["", "--- legacy", "+++ extracted"]
    let rows = SideBySide(legacy: legacy.lines, extracted: extracted.lines)
    for row in rows.excerpt(context: 3) {
      switch row {
      case nil: lines.append("  ...")
      case .same(let line): lines.append("  " + line)
      case .changed(let legacy, let extracted):
        if let legacy { lines.append("- " + legacy) }
        if let extracted { lines.append("+ " + extracted) }
      }
    }
    return lines.map(VisibleText.of).joined(separator: "\n") + "\n"
  }
}
