// SPDX-License-Identifier: Apache-2.0

extension Partition {
  /// MoJoFM (Wen, Tzerpos 2004): 100 for a division equal to `truth`, 0 for one as far from it as
  /// possible. The distance is the least number of moves of single nodes and joins of whole
  /// communities that turns this division into `truth`; it is not symmetric.
  ///
  /// Both divide the same nodes. Where the truth was cut down to them, the reference implementation
  /// still takes the scale from its full communities; pass their sizes to get its values.
  package func mojoFM(to truth: Partition, fullTruthSizes: [Int]? = nil) -> Double {
    let farthest = labels.count - Self.mostGroups(fullTruthSizes ?? truth.sizes)
    guard farthest > 0 else { return 100 }
    return 100 * (1 - Double(mojoDistance(to: truth)) / Double(farthest))
  }

  /// Moves and joins from this division to `truth`.
  private func mojoDistance(to truth: Partition) -> Int {
    let table = OverlapTable(self, truth)
    var best = [Int](repeating: 0, count: count)
    for cell in table.cells { best[cell.first] = max(best[cell.first], cell.count) }
    var candidates = [[Int]](repeating: [], count: count)
    for cell in table.cells where cell.count == best[cell.first] {
      candidates[cell.first].append(cell.second)
    }
    let moves = zip(table.firstSizes, best).reduce(0) { $0 + $1.0 - $1.1 }
    var matching = BipartiteMatching(candidates: candidates, targetCount: truth.count)
    return moves + count - matching.maximumSize()
  }

  /// Communities that the division farthest from the truth can keep apart: it spreads each
  /// community of the truth over as many communities as possible.
  private static func mostGroups(_ sizes: [Int]) -> Int {
    sizes.sorted().reduce(0) { groups, size in groups < size ? groups + 1 : groups }
  }
}

/// Largest set of pairs in which nobody occurs twice, by augmenting paths (Kuhn 1955).
private struct BipartiteMatching {
  private let candidates: [[Int]]
  private var partner: [Int?]

  init(candidates: [[Int]], targetCount: Int) {
    self.candidates = candidates
    partner = [Int?](repeating: nil, count: targetCount)
  }

  mutating func maximumSize() -> Int {
    candidates.indices.reduce(0) { size, source in
      var visited = [Bool](repeating: false, count: partner.count)
      return size + (augment(source, &visited) ? 1 : 0)
    }
  }

  /// Recursion is bounded by the number of communities.
  private mutating func augment(_ source: Int, _ visited: inout [Bool]) -> Bool {
    for target in candidates[source] where !visited[target] {
      visited[target] = true
      if let current = partner[target], !augment(current, &visited) { continue }
      partner[target] = source
      return true
    }
    return false
  }
}
