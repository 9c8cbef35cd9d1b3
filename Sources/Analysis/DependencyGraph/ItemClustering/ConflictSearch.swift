// SPDX-License-Identifier: Apache-2.0

/// Two nodes that a line holds together. Nodes after the items stand for pinned services.
struct ConstraintTie: Sendable {
  let first: Int
  let second: Int
  let line: Int

  init(_ first: Int, _ second: Int, _ line: Int) {
    self.first = first
    self.second = second
    self.line = line
  }
}

/// Finds the fewest demands that contradict each other: a shortest chain of ties between two nodes
/// that must be apart, or a tied set that no size allows.
struct ConflictSearch {
  let ties: [ConstraintTie]
  /// Pairs to keep apart; pinned services are apart without any line.
  let apart: [(first: Int, second: Int, line: Int?)]
  let sizes: [(least: Int, most: Int?, line: Int)]
  let items: Int
  let nodes: Int

  func smallest() -> ClusterConstraints.Conflict? {
    var found: [ClusterConstraints.Conflict] = []
    let neighbours = neighboursByNode()
    for pair in apart {
      guard let chain = chain(from: pair.first, to: pair.second, neighbours) else { continue }
      let lines = Set(chain + (pair.line.map { [$0] } ?? [])).sorted()
      let reason =
        pair.line == nil
        ? "they put two pinned services into one cluster"
        : "they hold together what must be apart"
      found.append(.init(lines: lines, reason: reason))
    }
    found += sizeConflicts(neighbours)
    return found.min {
      ($0.lines.count, $0.lines.first ?? 0) < ($1.lines.count, $1.lines.first ?? 0)
    }
  }

  func rules() -> ClusterRules {
    var rules = ClusterRules()
    var parts = Parts(nodeCount: nodes + ties.count)
    var members: [Int: [Int]] = [:]
    for tie in ties { parts.join(tie.first, tie.second) }
    for node in 0..<nodes { members[parts.root(node), default: []].append(node) }
    for group in members.values where group.count > 1 {
      for node in group.dropFirst() { rules.together.append((group[0], node)) }
    }
    rules.together.sort { $0 < $1 }
    for pair in apart {
      let (first, second) = (parts.root(pair.first), parts.root(pair.second))
      for node in members[first] ?? [] {
        rules.apart[node, default: []].formUnion(members[second] ?? [])
      }
      for node in members[second] ?? [] {
        rules.apart[node, default: []].formUnion(members[first] ?? [])
      }
    }
    rules.mostItems = sizes.compactMap(\.most).min()
    return rules
  }

  private func neighboursByNode() -> [Int: [ConstraintTie]] {
    var neighbours: [Int: [ConstraintTie]] = [:]
    for tie in ties {
      neighbours[tie.first, default: []].append(tie)
      neighbours[tie.second, default: []].append(tie)
    }
    return neighbours
  }

  /// Lines of a shortest chain of ties, by breadth.
  private func chain(
    from start: Int, to end: Int, _ neighbours: [Int: [ConstraintTie]]
  ) -> [Int]? {
    var cameBy: [Int: (node: Int, line: Int)] = [start: (start, 0)]
    var queue = [start]
    var next = 0
    while next < queue.count, cameBy[end] == nil {
      let node = queue[next]
      next += 1
      for tie in neighbours[node] ?? [] {
        let other = tie.first == node ? tie.second : tie.first
        guard cameBy[other] == nil else { continue }
        cameBy[other] = (node, tie.line)
        queue.append(other)
      }
    }
    guard cameBy[end] != nil else { return nil }
    var lines: [Int] = []
    var node = end
    while node != start, let step = cameBy[node] {
      lines.append(step.line)
      node = step.node
    }
    return lines
  }

  private func sizeConflicts(
    _ neighbours: [Int: [ConstraintTie]]
  ) -> [ClusterConstraints.Conflict] {
    var found: [ClusterConstraints.Conflict] = []
    for first in sizes {
      if first.least > items {
        found.append(.init(lines: [first.line], reason: "the graph has only \(items) items"))
      }
      for second in sizes {
        guard let most = second.most else { continue }
        if first.least > most {
          let lines = Set([first.line, second.line]).sorted()
          found.append(.init(lines: lines, reason: "the least size is above the most"))
        }
        if let lines = tooLarge(most, neighbours) {
          found.append(
            .init(
              lines: Set(lines + [second.line]).sorted(),
              reason: "they hold together more than \(most) items"))
        }
      }
    }
    return found
  }

  /// Lines of ties that already hold more than `most` items together.
  private func tooLarge(_ most: Int, _ neighbours: [Int: [ConstraintTie]]) -> [Int]? {
    var best: [Int]?
    for start in neighbours.keys.sorted() {
      var lines: Set<Int> = []
      var seen: Set<Int> = [start]
      var queue = [start]
      var next = 0
      while next < queue.count, seen.count(where: { $0 < nodes }) <= most {
        for tie in neighbours[queue[next]] ?? [] {
          let other = tie.first == queue[next] ? tie.second : tie.first
          guard seen.count(where: { $0 < nodes }) <= most, seen.insert(other).inserted else {
            continue
          }
          lines.insert(tie.line)
          queue.append(other)
        }
        next += 1
      }
      if seen.count(where: { $0 < nodes }) > most, lines.count < best?.count ?? .max {
        best = lines.sorted()
      }
    }
    return best
  }
}
