// SPDX-License-Identifier: Apache-2.0

/// A division of named items with how sure it is of each.
package struct ItemClustering: Sendable, Equatable {
  /// Confidence below which a second choice is worth showing.
  package static let doubt = 0.8

  /// An item and where it stands.
  package struct Member: Sendable, Equatable {
    package var name: String
    package var cluster: Int
    /// Mean share of its companions that stay with it under noise, 0...1.
    package var confidence: Double
    /// The other cluster that noise drives it to most, where confidence is below `doubt`.
    package var runnerUp: Int?
    /// True when it has no link and stands by its name alone.
    package var isPlacedByName: Bool
  }

  /// Items in order of name; clusters are numbered in the order in which they first occur.
  package let members: [Member]
  package let clusterCount: Int
  /// Runs that it rests on; 1 for methods without any.
  package let runs: Int
  /// Mean adjusted Rand index between the division and the runs.
  package let agreement: Double

  init(_ graph: ItemGraph, _ partition: Partition, isPlaced: [Bool], runs: ResampledRuns) {
    let divided = graph.divided
    let kept = Partition(divided.map { partition.labels[$0] })
    let runs = runs.restricted(to: divided)
    let stability = runs.stability(in: kept)
    let second = runs.runnerUps(in: kept, below: Self.doubt, stability)
    members = divided.enumerated().map { index, node in
      Member(
        name: graph.names[node], cluster: kept[index], confidence: stability[index],
        runnerUp: second[index], isPlacedByName: isPlaced[node])
    }
    clusterCount = kept.count
    self.runs = runs.partitions.count
    agreement = runs.agreement(with: kept)
  }

  /// The result of a method that gives one division and no doubt.
  package init(_ graph: ItemGraph, _ partition: Partition) {
    self.init(
      graph, partition, isPlaced: [Bool](repeating: false, count: graph.names.count),
      runs: ResampledRuns(partitions: [partition]))
  }

  /// The division of the items in order of name.
  package var partition: Partition { Partition(members.map { Int32($0.cluster) }) }
}

extension ResampledRuns {
  /// For each unit in doubt the community that it shares most with in the runs, besides its own.
  func runnerUps(
    in partition: Partition, below doubt: Double, _ stability: [Double]
  ) -> [Int?] {
    let sizes = partition.sizes
    var shares = [[Int: Double]](repeating: [:], count: partition.labels.count)
    for run in partitions {
      var counts = [[(community: Int, count: Int)]](repeating: [], count: run.count)
      for cell in OverlapTable(partition, run).cells {
        counts[cell.second].append((cell.first, cell.count))
      }
      for unit in shares.indices where stability[unit] < doubt {
        for other in counts[run[unit]] where other.community != partition[unit] {
          shares[unit][other.community, default: 0] +=
            Double(other.count) / Double(sizes[other.community])
        }
      }
    }
    return shares.map { $0.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }
  }
}
