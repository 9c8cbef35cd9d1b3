// SPDX-License-Identifier: Apache-2.0

/// Average linkage that compares neighbours only: groups that share an edge, or stand next to each
/// other in a run's community. Their distance is exact at every size, since each cluster knows how
/// many of its nodes stand in each community of each run. Memory grows with groups times runs.
struct SparseLinkage {
  /// A community of one run and how many of a cluster's nodes stand in it.
  private struct Share {
    var community: Int32
    var count: Int32
  }

  private let weightOfCommunity: [Double]
  /// Shares of each cluster in order of community.
  private var shares: [[Share]]
  private var sizes: [Double]
  private var neighbours: [Set<Int>]
  private var isOpen: [Bool]
  private let limit: Double

  /// Joins up to distance `limit` in ascending order.
  static func joins(
    _ groups: Partition, _ votes: [Consensus.Vote], _ edges: [WeightedEdge],
    after held: [Consensus.Join], limit: Double
  ) -> [Consensus.Join] {
    var state = Self(groups, votes, edges, limit: limit)
    let first = held.map { state.join($0.first, $0.second, $0.distance) }
    return (first + state.run()).sorted {
      ($0.distance, $0.first, $0.second) < ($1.distance, $1.first, $1.second)
    }
  }

  private init(
    _ groups: Partition, _ votes: [Consensus.Vote], _ edges: [WeightedEdge], limit: Double
  ) {
    self.limit = limit
    sizes = groups.sizes.map(Double.init)
    isOpen = [Bool](repeating: true, count: groups.count)
    neighbours = [Set<Int>](repeating: [], count: groups.count)
    shares = [[Share]](repeating: [], count: groups.count)
    var weights: [Double] = []
    var first = [Int](repeating: 0, count: groups.count)
    for node in groups.labels.indices.reversed() { first[groups[node]] = node }
    for vote in votes {
      let offset = Int32(weights.count)
      weights += [Double](repeating: vote.weight, count: vote.partition.count)
      var last = [Int?](repeating: nil, count: vote.partition.count)
      for group in first.indices {
        let community = vote.partition[first[group]]
        shares[group].append(
          Share(community: offset + Int32(community), count: Int32(sizes[group])))
        if let other = last[community] { Self.tie(&neighbours, other, group) }
        last[community] = group
      }
    }
    weightOfCommunity = weights
    for edge in edges { Self.tie(&neighbours, groups[Int(edge.first)], groups[Int(edge.second)]) }
  }

  private static func tie(_ neighbours: inout [Set<Int>], _ first: Int, _ second: Int) {
    guard first != second else { return }
    neighbours[first].insert(second)
    neighbours[second].insert(first)
  }

  /// Nearest-neighbour chains. A cluster whose neighbours are all too far is closed; when one of
  /// them joins another it is looked at again, since not every pair was compared before.
  private mutating func run() -> [Consensus.Join] {
    var joins: [Consensus.Join] = []
    var waiting = isOpen.indices.filter { isOpen[$0] }
    var next = 0
    while next < waiting.count {
      var chain = isOpen[waiting[next]] ? [waiting[next]] : []
      next += 1
      var changed: Set<Int> = []
      while let top = chain.last {
        let previous = chain.count > 1 ? chain[chain.count - 2] : nil
        guard let nearest = nearest(to: top, previous) else {
          isOpen[top] = false
          chain.removeLast()
          continue
        }
        guard let place = chain.lastIndex(of: nearest.cluster) else {
          chain.append(nearest.cluster)
          continue
        }
        chain.removeSubrange(place...)
        let (kept, gone) = (min(top, nearest.cluster), max(top, nearest.cluster))
        joins.append(join(kept, gone, nearest.distance))
        changed.remove(gone)
        changed.insert(kept)
      }
      var again = changed
      for cluster in changed { again.formUnion(neighbours[cluster].filter { !isOpen[$0] }) }
      for cluster in again.sorted() {
        isOpen[cluster] = true
        waiting.append(cluster)
      }
    }
    return joins
  }

  /// The nearest open neighbour within the limit; of equally near ones the previous link of the
  /// chain, then the smallest.
  private func nearest(to top: Int, _ previous: Int?) -> (cluster: Int, distance: Double)? {
    var best: (cluster: Int, distance: Double)?
    if let previous { best = (previous, distance(top, previous)) }
    for other in neighbours[top].sorted() where isOpen[other] && other != previous {
      let distance = distance(top, other)
      if distance <= limit, distance < best?.distance ?? .infinity { best = (other, distance) }
    }
    return best
  }

  private func distance(_ first: Int, _ second: Int) -> Double {
    let (left, right) = (shares[first], shares[second])
    var (leftIndex, rightIndex, together) = (0, 0, 0.0)
    while leftIndex < left.count, rightIndex < right.count {
      let (one, other) = (left[leftIndex], right[rightIndex])
      if one.community == other.community {
        together +=
          weightOfCommunity[Int(one.community)] * Double(one.count) * Double(other.count)
      }
      if one.community <= other.community { leftIndex += 1 }
      if other.community <= one.community { rightIndex += 1 }
    }
    return 1 - together / (sizes[first] * sizes[second])
  }

  private mutating func join(_ kept: Int, _ gone: Int, _ distance: Double) -> Consensus.Join {
    var merged: [Share] = []
    merged.reserveCapacity(shares[kept].count + shares[gone].count)
    for share in (shares[kept] + shares[gone]).sorted(by: { $0.community < $1.community }) {
      if merged.last?.community == share.community {
        merged[merged.count - 1].count += share.count
      } else {
        merged.append(share)
      }
    }
    shares[kept] = merged
    shares[gone] = []
    sizes[kept] += sizes[gone]
    isOpen[gone] = false
    for other in neighbours[gone] where other != kept {
      neighbours[other].remove(gone)
      Self.tie(&neighbours, kept, other)
    }
    neighbours[kept].remove(gone)
    neighbours[gone] = []
    return Consensus.Join(first: kept, second: gone, distance: distance)
  }
}
