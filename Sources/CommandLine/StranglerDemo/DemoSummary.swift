// SPDX-License-Identifier: Apache-2.0

/// What the demonstration measured, held against what it promises. Pure: values in, text out.
struct DemoSummary: Sendable, Equatable {
  /// One measured value, with a demand where there is one.
  struct Line: Sendable, Equatable {
    var what: String
    var measured: String
    /// Nil for a figure that is shown and not judged.
    var holds: Bool?
  }

  private(set) var lines: [Line] = []

  /// True when every demand holds and there was one.
  var isGreen: Bool {
    let judged = lines.compactMap(\.holds)
    return !judged.isEmpty && judged.allSatisfy { $0 }
  }

  /// Adds a figure that is shown and not judged.
  mutating func show(_ what: String, _ measured: String) {
    lines.append(Line(what: what, measured: measured, holds: nil))
  }

  /// Adds a figure that must hold.
  mutating func demand(_ what: String, _ measured: String, _ holds: Bool) {
    lines.append(Line(what: what, measured: measured, holds: holds))
  }

  /// The summary as a table.
  var text: String {
    let width = lines.map(\.what.count).max() ?? 0
    let rows = lines.map { line in
      let mark = line.holds.map { $0 ? "ok  " : "FAIL" } ?? "    "
      let gap = String(repeating: " ", count: width - line.what.count)
      return "  \(mark) \(line.what)\(gap)  \(line.measured)"
    }
    let verdict =
      isGreen ? "All demands hold." : "Some demands do not hold: see the lines marked FAIL."
    return (rows + ["", "  " + verdict]).joined(separator: "\n")
  }
}
