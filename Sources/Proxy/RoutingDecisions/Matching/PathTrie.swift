// SPDX-License-Identifier: Apache-2.0

/// All path templates in one immutable trie of flat arrays.
///
/// Looking up a path walks it depth first: literal child before parameter child before `/**`, which
/// is the order of specificity, read from the left. A path visits a node at most once, so a lookup
/// costs at most the trie's size, whatever the client sends, and allocates nothing.
struct PathTrie: Sendable {
  private struct Node {
    /// Literal children: a range of `edges`.
    var literals: Range<Int32> = 0..<0
    /// The `{name}` child, or -1.
    var parameter: Int32 = -1
    /// Routes whose template ends here, and those with `/**` here: ranges of `order`.
    var exact: Range<Int32> = 0..<0
    var below: Range<Int32> = 0..<0

    var hasLiteralsOnly: Bool { parameter < 0 && below.isEmpty && !literals.isEmpty }
    var isLeaf: Bool { parameter < 0 && literals.isEmpty }
  }

  private struct Edge {
    var hash: UInt64
    var label: BytePool.Text
    var child: Int32
  }

  private var nodes: ContiguousArray<Node> = []
  private var edges: ContiguousArray<Edge> = []
  private var labels = BytePool()
  /// Route indices; those of one template and place are neighbours, first to be tried first.
  private(set) var order: ContiguousArray<Int32> = []

  /// Compiles templates; `precedes` says which of two routes with the same template goes first.
  init(_ templates: [PathTemplate], precedes: (Int, Int) -> Bool) {
    var drafts = [PathTrieDraft()]
    for (route, template) in templates.enumerated() {
      PathTrieDraft.insert(template, route: route, into: &drafts)
    }
    nodes.reserveCapacity(drafts.count)
    for draft in drafts {
      var node = Node(parameter: Int32(draft.parameter))
      node.exact = append(draft.exact.sorted(by: precedes))
      node.below = append(draft.below.sorted(by: precedes))
      node.literals = append(draft.literals)
      nodes.append(node)
    }
  }

  private mutating func append(_ routes: [Int]) -> Range<Int32> {
    let start = Int32(order.count)
    order.append(contentsOf: routes.map(Int32.init))
    return start..<Int32(order.count)
  }

  private mutating func append(_ literals: [String: Int]) -> Range<Int32> {
    let start = Int32(edges.count)
    for (label, child) in literals {
      let bytes = [UInt8](label.utf8)
      let hash = bytes.withUnsafeBytes { PathSegment($0, from: 0).hash }
      edges.append(Edge(hash: hash, label: labels.add(bytes), child: Int32(child)))
    }
    edges[Int(start)...].sort { ($0.hash, $0.child) < ($1.hash, $1.child) }
    return start..<Int32(edges.count)
  }

  /// Visits the routes that take `path`, which starts at `/` (anything else, such as the `*` of
  /// OPTIONS, is taken by `/**` alone), those of the most specific template first.
  ///
  /// `body` gets ranges of `order` and answers whether to stop looking.
  @inline(__always)
  func visitCandidates(
    for path: UnsafeRawBufferPointer, _ body: (Range<Int32>) -> Bool
  ) {
    var start = path.first == UInt8(ascii: "/") ? 1 : path.count &+ 1
    var index: Int32 = 0
    // Where literals alone lead on there is no way to come back to, and nothing to remember.
    while start <= path.count, nodes[Int(index)].hasLiteralsOnly {
      let segment = PathSegment(path, from: start)
      let literal = literalChild(of: nodes[Int(index)].literals, path, segment)
      if literal < 0 { return }
      index = literal
      start = segment.end &+ 1
    }
    let node = nodes[Int(index)]
    if !node.isLeaf {
      _ = visit(index, path, from: start, body)
    } else if start <= path.count || node.exact.isEmpty || !body(node.exact) {
      if !node.below.isEmpty { _ = body(node.below) }
    }
  }

  /// All routes in one order, which no path contradicts: of the routes that take it, those visited
  /// first stand first.
  var precedence: [Int] { precedence(below: 0) }

  private func precedence(below index: Int32) -> [Int] {
    let node = nodes[Int(index)]
    // A path leads to one literal at most, so that their order is free: the file's reads best.
    let literals = edges[Int(node.literals.lowerBound)..<Int(node.literals.upperBound)]
      .map { precedence(below: $0.child) }
      .sorted { ($0.min() ?? 0) < ($1.min() ?? 0) }
    return routes(node.exact) + literals.flatMap { $0 }
      + (node.parameter < 0 ? [] : precedence(below: node.parameter)) + routes(node.below)
  }

  private func routes(_ range: Range<Int32>) -> [Int] { range.map { Int(order[Int($0)]) } }

  private func visit(
    _ index: Int32, _ path: UnsafeRawBufferPointer, from start: Int,
    _ body: (Range<Int32>) -> Bool
  ) -> Bool {
    let node = nodes[Int(index)]
    if start > path.count {
      if !node.exact.isEmpty, body(node.exact) { return true }
    } else if !node.literals.isEmpty || node.parameter >= 0 {
      let segment = PathSegment(path, from: start)
      let literal = literalChild(of: node.literals, path, segment)
      if literal >= 0, visit(literal, path, from: segment.end &+ 1, body) { return true }
      if node.parameter >= 0, segment.end > start,
        visit(node.parameter, path, from: segment.end &+ 1, body)
      {
        return true
      }
    }
    return !node.below.isEmpty && body(node.below)
  }

  private func literalChild(
    of literals: Range<Int32>, _ path: UnsafeRawBufferPointer, _ segment: PathSegment
  ) -> Int32 {
    var low = Int(literals.lowerBound)
    var high = Int(literals.upperBound)
    while low < high {
      let middle = (low &+ high) &>> 1
      if edges[middle].hash < segment.hash { low = middle &+ 1 } else { high = middle }
    }
    while low < Int(literals.upperBound), edges[low].hash == segment.hash {
      if isLabel(edges[low].label, path, segment) { return edges[low].child }
      low &+= 1
    }
    return -1
  }

  private func isLabel(
    _ label: BytePool.Text, _ path: UnsafeRawBufferPointer, _ segment: PathSegment
  ) -> Bool {
    if !segment.isEscaped {
      return labels.equals(
        label, UnsafeRawBufferPointer(rebasing: path[segment.start..<segment.end]))
    }
    var reader = PathSegmentBytes(path, from: segment.start, to: segment.end)
    for index in 0..<Int(label.count) where reader.next() != labels.byte(index, of: label) {
      return false
    }
    return reader.next() == nil
  }
}

/// A trie node while templates are being added.
private struct PathTrieDraft {
  var literals: [String: Int] = [:]
  var parameter = -1
  var exact: [Int] = []
  var below: [Int] = []

  static func insert(_ template: PathTemplate, route: Int, into drafts: inout [PathTrieDraft]) {
    var node = 0
    for segment in template.segments {
      node = child(of: node, for: segment, in: &drafts)
    }
    if template.takesEverythingBelow {
      drafts[node].below.append(route)
    } else {
      drafts[node].exact.append(route)
    }
  }

  private static func child(
    of node: Int, for segment: PathTemplate.Segment, in drafts: inout [PathTrieDraft]
  ) -> Int {
    let next = drafts.count
    switch segment {
    case .literal(let text):
      if let known = drafts[node].literals[text] { return known }
      drafts[node].literals[text] = next
    case .parameter:
      if drafts[node].parameter >= 0 { return drafts[node].parameter }
      drafts[node].parameter = next
    }
    drafts.append(PathTrieDraft())
    return next
  }
}
