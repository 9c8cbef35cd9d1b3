// SPDX-License-Identifier: Apache-2.0

/// The division that many runs agree on: average linkage over the share of runs that put two nodes
/// into the same community.
struct Consensus: Sendable {
  /// Distinct groups up to which every pair is compared; above, only neighbours are (see
  /// `SparseLinkage`).
  static let denseLimit = 1_000

  /// Two groups become one at this mean share of runs that part them.
  struct Join: Sendable {
    var first: Int
    var second: Int
    var distance: Double
  }

  /// A division with its part in the agreement; the parts add up to 1.
  struct Vote: Sendable {
    var partition: Partition
    var weight: Double
  }

  /// Margin for sums of rounded shares.
  private static let margin = 1e-5

  private let groupOfNode: Partition
  /// In ascending order of distance; groups are named by their smallest member.
  private let joins: [Join]

  init(_ partitions: [Partition]) {
    precondition(!partitions.isEmpty, "a consensus needs at least one run")
    self.init(partitions.map { Vote(partition: $0, weight: 1 / Double(partitions.count)) })
  }

  /// - Parameters:
  ///   - neighbours: pairs of nodes that a large consensus compares besides those that stand next
  ///     to each other in a run's community.
  ///   - held: sets of nodes that stay together whatever the votes say; nodes that all votes keep
  ///     together must share a set.
  init(_ votes: [Vote], neighbours: [WeightedEdge] = [], held: Partition? = nil) {
    let groups = Self.coreGroups(votes.map(\.partition))
    let first = held.map { Self.joins(of: groups, within: $0) } ?? []
    groupOfNode = groups
    joins =
      groups.count > Self.denseLimit
      ? SparseLinkage.joins(groups, votes, neighbours, after: first, limit: 0.5 + Self.margin)
      : Self.averageLinkage(groups, votes, after: first)
  }

  /// The division in which groups stay together that share a community in at least half of the runs
  /// on average.
  func majority(agreement: Double = 0.5) -> Partition {
    var parts = Parts(nodeCount: groupOfNode.count)
    for join in joins where join.distance <= 1 - agreement + Self.margin {
      parts.join(join.first, join.second)
    }
    return Partition(groupOfNode.labels.map { Int32(parts.root(Int($0))) })
  }

  /// The same between nodes that rules hold together or apart: `start` is what must stay together,
  /// and a join that `mayJoin` refuses is left out.
  func majority(
    agreement: Double, from start: Partition, mayJoin: ([Int], [Int]) -> Bool
  ) -> Partition {
    var parts = Parts(nodeCount: start.labels.count)
    for members in start.members {
      for node in members.dropFirst() { parts.join(members[0], node) }
    }
    let groups = groupOfNode.members
    for members in groups {
      // A group that may not be one falls into as few parts as the order of its nodes allows.
      var heads: [Int] = []
      for node in members {
        let head = heads.first { parts.join($0, node, if: mayJoin) }
        if head == nil { heads.append(node) }
      }
    }
    for join in joins where join.distance <= 1 - agreement + Self.margin {
      parts.join(groups[join.first][0], groups[join.second][0], if: mayJoin)
    }
    return Partition(start.labels.indices.map { Int32(parts.root($0)) })
  }

  /// Nodes that all runs keep together; they never part in the consensus either.
  private static func coreGroups(_ partitions: [Partition]) -> Partition {
    partitions.dropFirst().reduce(partitions[0]) { groups, run in groups.meet(run) }
  }

  /// Joins that make one group of all groups of a held set.
  private static func joins(of groups: Partition, within held: Partition) -> [Join] {
    var firstOfSet = [Int?](repeating: nil, count: held.count)
    var isSeen = [Bool](repeating: false, count: groups.count)
    var joins: [Join] = []
    // Groups are numbered in order of their first node, so the first of a set has its least number.
    for node in groups.labels.indices where !isSeen[groups[node]] {
      isSeen[groups[node]] = true
      if let first = firstOfSet[held[node]] {
        joins.append(Join(first: first, second: groups[node], distance: 0))
      } else {
        firstOfSet[held[node]] = groups[node]
      }
    }
    return joins
  }

  /// Nearest-neighbour chains: quadratic time, and exact because average linkage is reducible.
  private static func averageLinkage(
    _ groups: Partition, _ votes: [Vote], after held: [Join]
  ) -> [Join] {
    let count = groups.count
    var sizes = groups.sizes.map(Double.init)
    var distance = coDistances(groups, votes)
    var isAlive = [Bool](repeating: true, count: count)
    var chain: [Int] = []
    var joins: [Join] = []
    func join(_ join: Join) {
      let (kept, gone) = (join.first, join.second)
      joins.append(join)
      isAlive[gone] = false
      let total = sizes[kept] + sizes[gone]
      let (keptShare, goneShare) = (Float(sizes[kept] / total), Float(sizes[gone] / total))
      for other in 0..<count where isAlive[other] && other != kept {
        let mean =
          keptShare * distance[kept * count + other] + goneShare * distance[gone * count + other]
        distance[kept * count + other] = mean
        distance[other * count + kept] = mean
      }
      sizes[kept] = total
    }
    for pair in held { join(pair) }
    var start = 0
    while joins.count < count - 1 {
      if chain.isEmpty {
        while !isAlive[start] { start += 1 }
        chain.append(start)
      }
      let top = chain[chain.count - 1]
      var nearest = chain.count > 1 ? chain[chain.count - 2] : -1
      var least = nearest >= 0 ? distance[top * count + nearest] : Float.infinity
      for other in 0..<count where isAlive[other] && other != top {
        if distance[top * count + other] < least {
          (nearest, least) = (other, distance[top * count + other])
        }
      }
      guard chain.count > 1, nearest == chain[chain.count - 2] else {
        chain.append(nearest)
        continue
      }
      chain.removeLast(2)
      join(Join(first: min(top, nearest), second: max(top, nearest), distance: Double(least)))
    }
    return joins.sorted { ($0.distance, $0.first, $0.second) < ($1.distance, $1.first, $1.second) }
  }

  /// For each pair of groups the share of runs that part them.
  private static func coDistances(_ groups: Partition, _ votes: [Vote]) -> [Float] {
    let count = groups.count
    var representative = [Int](repeating: 0, count: count)
    for node in groups.labels.indices.reversed() { representative[groups[node]] = node }
    var distance = [Float](repeating: 0, count: count * count)
    for vote in votes {
      let step = Float(vote.weight)
      let labels = representative.map { vote.partition.labels[$0] }
      for first in 0..<count {
        let label = labels[first]
        let row = first * count
        for second in 0..<count where labels[second] != label { distance[row + second] += step }
      }
    }
    return distance
  }
}

/// Sets of nodes that grow by joining.
struct Parts {
  private var parent: [Int]
  private var members: [[Int]]

  init(nodeCount: Int) {
    parent = Array(0..<nodeCount)
    members = parent.map { [$0] }
  }

  func root(_ node: Int) -> Int {
    var node = node
    while parent[node] != node { node = parent[node] }
    return node
  }

  /// Joins the parts of two nodes unless that is refused; true when they are one afterwards.
  @discardableResult
  mutating func join(
    _ first: Int, _ second: Int, if mayJoin: ([Int], [Int]) -> Bool = { _, _ in true }
  ) -> Bool {
    let (first, second) = (root(first), root(second))
    if first == second { return true }
    guard mayJoin(members[first], members[second]) else { return false }
    let (kept, gone) = (min(first, second), max(first, second))
    parent[gone] = kept
    members[kept] += members[gone]
    members[gone] = []
    return true
  }
}
