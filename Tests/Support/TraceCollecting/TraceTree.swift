// SPDX-License-Identifier: Apache-2.0

/// Spans as the tree that they have to be.
package struct TraceTree: Sendable {
  package let spans: [CollectedSpan]
  private let byID: [String: CollectedSpan]

  package init(_ spans: [CollectedSpan]) {
    self.spans = spans
    byID = Dictionary(spans.map { ($0.id, $0) }) { first, _ in first }
  }

  /// What is against the rules: W3C's for ids, and that it is one tree without orphans.
  package var problems: [String] {
    var problems: [String] = []
    for span in spans {
      if !Self.isID(span.trace, digits: 32) { problems.append("\(span): trace \(span.trace)") }
      if !Self.isID(span.id, digits: 16) { problems.append("\(span): id \(span.id)") }
      if span.flags & 1 == 0 { problems.append("\(span): recorded, and does not say so") }
      if span.end < span.start { problems.append("\(span): ends before it starts") }
      if let parent = span.parent, byID[parent] == nil {
        problems.append("\(span): its parent \(parent) is nowhere")
      }
      if path(to: span).last?.parent != nil, byID[span.parent ?? ""] != nil {
        problems.append("\(span): comes from no root")
      }
    }
    if byID.count < spans.count { problems.append("an id is there twice") }
    let traces = Set(spans.map(\.trace)).count
    if traces != 1 { problems.append("\(traces) traces") }
    let roots = spans.filter { $0.parent == nil }
    if roots.count != 1 { problems.append("\(roots.count) roots: \(roots)") }
    return problems
  }

  /// A span and those above it, as far as they are known.
  package func path(to span: CollectedSpan) -> [CollectedSpan] {
    var path = [span]
    while let parent = path.last?.parent.flatMap({ byID[$0] }), path.count <= spans.count {
      path.append(parent)
    }
    return path
  }

  /// One line for each span, its children below it and further right, in the order of their names.
  package var outline: String {
    let children = Dictionary(grouping: spans) { $0.parent.flatMap { byID[$0] }?.id ?? "" }
    var lines: [String] = []
    func add(_ parent: String, _ depth: Int) {
      for span in (children[parent] ?? []).sorted(by: { ($0.name, $0.start) < ($1.name, $1.start) })
      {
        lines.append(String(repeating: "  ", count: depth) + "\(span)")
        if depth < spans.count { add(span.id, depth + 1) }
      }
    }
    add("", 0)
    return lines.joined(separator: "\n")
  }

  /// As many lower-case hexadecimal digits, not all of them 0.
  private static func isID(_ text: String, digits: Int) -> Bool {
    text.utf8.count == digits && text.contains { $0 != "0" }
      && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }
}
