// SPDX-License-Identifier: Apache-2.0

/// The division that many runs agree on: average linkage over the share of runs that put two nodes
/// into the same community.
struct Consensus: Sendable {
  /// Distinct groups above which the linkage's quadratic memory is too much; the run that agrees
  /// best with the others is taken instead.
  static let groupLimit = 4_000

  /// Groups join up to this mean share of runs that part them; the margin is for sums of rounded
  /// shares.
  private static let joiningDistance = 0.5 + 1e-6

  private let groupOfNode: Partition
  /// Joins of two groups in ascending order of distance; groups are named by their smallest member.
  private let joins: [(first: Int, second: Int, distance: Double)]
  private let medoid: Partition?

  init(_ partitions: [Partition]) {
    precondition(!partitions.isEmpty, "a consensus needs at least one run")
    let groups = Self.coreGroups(partitions)
    groupOfNode = groups
    if groups.count > Self.groupLimit {
      joins = []
      medoid = Self.medoid(partitions)
    } else {
      medoid = nil
      joins = Self.averageLinkage(groups, partitions)
    }
  }

  /// The division in which groups stay together that share a community in at least half of the runs
  /// on average.
  func majority() -> Partition {
    if let medoid { return medoid }
    var parent = Array(0..<groupOfNode.count)
    func root(_ group: Int) -> Int {
      var group = group
      while parent[group] != group { group = parent[group] }
      return group
    }
    for join in joins where join.distance <= Self.joiningDistance {
      let (first, second) = (root(join.first), root(join.second))
      parent[max(first, second)] = min(first, second)
    }
    return Partition(groupOfNode.labels.map { Int32(root(Int($0))) })
  }

  /// Nodes that all runs keep together; they never part in the consensus either.
  private static func coreGroups(_ partitions: [Partition]) -> Partition {
    partitions.dropFirst().reduce(partitions[0]) { groups, run in
      var numbers: [Int64: Int32] = [:]
      return Partition(
        zip(groups.labels, run.labels).map { group, label in
          let key = Int64(group) << 32 | Int64(label)
          if let number = numbers[key] { return number }
          let number = Int32(numbers.count)
          numbers[key] = number
          return number
        })
    }
  }

  private static func medoid(_ partitions: [Partition]) -> Partition {
    var best = (index: 0, score: -Double.infinity)
    for (index, partition) in partitions.enumerated() {
      let score = partitions.reduce(0) { $0 + partition.adjustedRandIndex(with: $1) }
      if score > best.score { best = (index, score) }
    }
    return partitions[best.index]
  }

  /// Nearest-neighbour chains: quadratic time, and exact because average linkage is reducible.
  private static func averageLinkage(
    _ groups: Partition, _ partitions: [Partition]
  ) -> [(first: Int, second: Int, distance: Double)] {
    let count = groups.count
    var sizes = groups.sizes.map(Double.init)
    var distance = coDistances(groups, partitions)
    var isAlive = [Bool](repeating: true, count: count)
    var chain: [Int] = []
    var joins: [(first: Int, second: Int, distance: Double)] = []
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
      let (kept, gone) = (min(top, nearest), max(top, nearest))
      joins.append((kept, gone, Double(least)))
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
    return joins.sorted { ($0.distance, $0.first, $0.second) < ($1.distance, $1.first, $1.second) }
  }

  /// For each pair of groups the share of runs that part them.
  private static func coDistances(_ groups: Partition, _ partitions: [Partition]) -> [Float] {
    let count = groups.count
    var representative = [Int](repeating: 0, count: count)
    for node in groups.labels.indices.reversed() { representative[groups[node]] = node }
    var distance = [Float](repeating: 0, count: count * count)
    let step = 1 / Float(partitions.count)
    for run in partitions {
      let labels = representative.map { run.labels[$0] }
      for first in 0..<count {
        let label = labels[first]
        let row = first * count
        for second in 0..<count where labels[second] != label { distance[row + second] += step }
      }
    }
    return distance
  }
}
