// SPDX-License-Identifier: Apache-2.0

/// Many clusterings of the same evidence, each with noise on the weights. What they agree on does
/// not hang on the exact weights; where they disagree, the report says so.
struct ResampledRuns: Sendable {
  /// Divisions of the units, one per run.
  let partitions: [Partition]

  init(partitions: [Partition]) { self.partitions = partitions }

  /// The runs seen on some of the nodes only.
  func restricted(to nodes: [Int]) -> ResampledRuns {
    ResampledRuns(
      partitions: partitions.map { run in Partition(nodes.map { run.labels[$0] }) })
  }

  /// The runs with those communities joined that mostly stand in services which became one: what a
  /// run cuts inside of a service that was joined of several is no doubt about its border.
  ///
  /// - Parameters:
  ///   - services: number of each unit before services were joined; nil for units of none.
  ///   - numbers: those before that became one with others; communities of others stay.
  ///   - joined: number after.
  func joining(
    _ services: [Int?], numbers: Set<Int>, joined: (Int) -> Int
  ) -> ResampledRuns {
    guard !numbers.isEmpty else { return self }
    return ResampledRuns(
      partitions: partitions.map { run in
        var counts = [[Int: Int]](repeating: [:], count: run.count)
        for (unit, service) in services.enumerated() {
          if let service { counts[run[unit]][service, default: 0] += 1 }
        }
        let labels = counts.enumerated().map { community, counts -> Int32 in
          let most = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
          guard let most, numbers.contains(most) else { return Int32(community) }
          return Int32(run.count + joined(most))
        }
        return Partition(run.labels.map { labels[Int($0)] })
      })
  }

  /// Mean adjusted Rand index between `partition` and the runs.
  func agreement(with partition: Partition) -> Double {
    guard !partition.labels.isEmpty, !partitions.isEmpty else { return 1 }
    return partitions.reduce(0) { $0 + partition.adjustedRandIndex(with: $1) }
      / Double(partitions.count)
  }

  /// For each unit the mean share of its companions in `partition` that stand with it in a run: 1
  /// for a unit that no noise parts from its service. A unit on its own has 1.
  func stability(in partition: Partition) -> [Double] {
    var sums = [Double](repeating: 0, count: partition.labels.count)
    let sizes = partition.sizes
    for run in partitions {
      let table = OverlapTable(partition, run)
      var together: [Int64: Int] = [:]
      for cell in table.cells {
        together[Int64(cell.first) << 32 | Int64(cell.second)] = cell.count
      }
      for unit in sums.indices {
        let size = sizes[partition[unit]]
        guard size > 1 else {
          sums[unit] += 1
          continue
        }
        let key = Int64(partition[unit]) << 32 | Int64(run[unit])
        sums[unit] += Double((together[key] ?? 1) - 1) / Double(size - 1)
      }
    }
    return sums.map { $0 / Double(max(1, partitions.count)) }
  }

  /// For each unit the share of the runs in which it keeps its place: at least half of its
  /// companions in `partition` stand with it, or no other community has a larger part of itself
  /// there. A run that cuts a community in pieces, or makes one of two, moves nobody. A unit on its
  /// own has 1.
  func persistence(in partition: Partition) -> [Double] {
    var kept = [Int](repeating: 0, count: partition.labels.count)
    let sizes = partition.sizes
    for run in partitions {
      var around = [[(community: Int, count: Int)]](repeating: [], count: run.count)
      for cell in OverlapTable(partition, run).cells {
        around[cell.second].append((cell.first, cell.count))
      }
      for unit in kept.indices {
        let own = partition[unit]
        guard sizes[own] > 1 else {
          kept[unit] += 1
          continue
        }
        var (with, most) = (0.0, 0.0)
        for (community, count) in around[run[unit]] {
          if community == own {
            with = Double(count - 1) / Double(sizes[own] - 1)
          } else {
            most = max(most, Double(count) / Double(sizes[community]))
          }
        }
        if with > 0, with >= min(0.5, most) { kept[unit] += 1 }
      }
    }
    return kept.map { Double($0) / Double(max(1, partitions.count)) }
  }

  /// Mean over the runs of the best Jaccard index between a community and any of the run's.
  func jaccard(of partition: Partition) -> [Double] {
    var sums = [Double](repeating: 0, count: partition.count)
    for run in partitions {
      let table = OverlapTable(partition, run)
      var best = [Double](repeating: 0, count: partition.count)
      for cell in table.cells {
        let union = table.firstSizes[cell.first] + table.secondSizes[cell.second] - cell.count
        best[cell.first] = max(best[cell.first], Double(cell.count) / Double(union))
      }
      for community in best.indices { sums[community] += best[community] }
    }
    return sums.map { $0 / Double(max(1, partitions.count)) }
  }
}
