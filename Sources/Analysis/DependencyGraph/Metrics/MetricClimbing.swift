// SPDX-License-Identifier: Apache-2.0

/// Moves single items between clusters as long as that raises the published metrics themselves. The
/// number of clusters stays. What comes out scores well in tables of these metrics by design, which
/// says nothing about whether an architect would agree; it is offered for comparisons only.
///
/// The sum is structural modularity less inter-call percentage, non-extreme distribution and the
/// interface number as a part of what it was at the start, each by the formulas of `fse`.
struct MetricClimbing {
  /// Rounds over all items; a round that moves nothing is the last.
  private static let roundLimit = 20
  /// Gains below this are rounding.
  private static let leastGain = 1e-9
  /// Sizes that do not count as extreme.
  private static let usualSizes = 5...20

  /// Links of one item with another, in both directions.
  private struct Tie {
    var other: Int
    var links: Double
    var calls: Double
  }

  private let ties: [[Tie]]
  private let allCalls: Double
  private var labels: [Int]
  private var sizes: [Int]
  private var inner: [Double]
  /// Links between clusters, in both directions.
  private var outer: [[Int: Double]]
  private var cohesion = 0.0
  private var between = 0.0
  private var crossingCalls = 0.0
  private var crossingPairs = 0.0
  private var usual = 0
  private let startingPairs: Double

  /// The division after all moves that gain.
  static func improved(_ graph: ItemGraph, _ partition: Partition) -> Partition {
    var state = Self(graph, partition)
    guard partition.count > 1, state.allCalls > 0 else { return partition }
    for _ in 0..<roundLimit {
      var hasMoved = false
      for item in state.labels.indices where state.improve(item) { hasMoved = true }
      if !hasMoved { break }
    }
    return Partition(state.labels.map(Int32.init))
  }

  private init(_ graph: ItemGraph, _ partition: Partition) {
    var ties = [[Int: Tie]](repeating: [:], count: graph.names.count)
    var allCalls = 0.0
    for link in graph.links {
      let calls = 1 + naturalLogarithm(link.weight)
      allCalls += calls
      for (item, other) in [(link.from, link.to), (link.to, link.from)] {
        ties[item][other, default: Tie(other: other, links: 0, calls: 0)].links += 1
        ties[item][other, default: Tie(other: other, links: 0, calls: 0)].calls += calls
      }
    }
    self.ties = ties.map { row in row.values.sorted { $0.other < $1.other } }
    self.allCalls = allCalls
    labels = partition.labels.map(Int.init)
    sizes = partition.sizes
    inner = [Double](repeating: 0, count: partition.count)
    outer = [[Int: Double]](repeating: [:], count: partition.count)
    for (item, row) in self.ties.enumerated() {
      for tie in row where tie.other > item {
        let (first, second) = (labels[item], labels[tie.other])
        if first == second {
          inner[first] += tie.links
        } else {
          outer[first][second, default: 0] += tie.links
          outer[second][first, default: 0] += tie.links
          crossingCalls += tie.calls
          crossingPairs += 1
        }
      }
    }
    usual = sizes.filter(Self.usualSizes.contains).reduce(0, +)
    startingPairs = max(1, crossingPairs)
    for cluster in sizes.indices {
      cohesion += density(cluster)
      between += outer[cluster].sorted { $0.key < $1.key }.filter { $0.key > cluster }
        .reduce(0) { $0 + closeness(cluster, $1.key, $1.value) }
    }
  }

  private var score: Double {
    let pairs = Double(sizes.count * (sizes.count - 1)) / 2
    return cohesion / Double(sizes.count) - 2 * between / pairs - crossingCalls / allCalls
      - (1 - Double(usual) / Double(labels.count)) - crossingPairs / startingPairs
  }

  /// Moves an item to the cluster next to it that gains most; true when one does.
  private mutating func improve(_ item: Int) -> Bool {
    let home = labels[item]
    guard sizes[home] > 1 else { return false }
    let before = score
    var best: (gain: Double, cluster: Int)?
    for cluster in Set(ties[item].map { labels[$0.other] }).subtracting([home]).sorted() {
      move(item, to: cluster)
      let gain = score - before
      if gain > best?.gain ?? Self.leastGain { best = (gain, cluster) }
      move(item, to: home)
    }
    guard let best else { return false }
    move(item, to: best.cluster)
    return true
  }

  private func density(_ cluster: Int) -> Double {
    inner[cluster] / Double(sizes[cluster] * sizes[cluster])
  }

  private func closeness(_ first: Int, _ second: Int, _ links: Double) -> Double {
    links / (2 * Double(sizes[first]) * Double(sizes[second]))
  }

  /// What two clusters add to `between`, alone and with all others, in order of number.
  private func closeness(of first: Int, and second: Int) -> Double {
    func sum(_ cluster: Int, but other: Int?) -> Double {
      outer[cluster].sorted { $0.key < $1.key }.filter { $0.key != other }
        .reduce(0) { $0 + closeness(cluster, $1.key, $1.value) }
    }
    return sum(first, but: nil) + sum(second, but: first)
  }

  private mutating func move(_ item: Int, to target: Int) {
    let home = labels[item]
    cohesion -= density(home) + density(target)
    between -= closeness(of: home, and: target)
    for cluster in [home, target] where Self.usualSizes.contains(sizes[cluster]) {
      usual -= sizes[cluster]
    }
    for tie in ties[item] {
      let cluster = labels[tie.other]
      if cluster == home {
        inner[home] -= tie.links
        crossingCalls += tie.calls
        crossingPairs += 1
      } else {
        add(home, cluster, -tie.links)
      }
      if cluster == target {
        inner[target] += tie.links
        crossingCalls -= tie.calls
        crossingPairs -= 1
      } else {
        add(target, cluster, tie.links)
      }
    }
    labels[item] = target
    sizes[home] -= 1
    sizes[target] += 1
    for cluster in [home, target] where Self.usualSizes.contains(sizes[cluster]) {
      usual += sizes[cluster]
    }
    cohesion += density(home) + density(target)
    between += closeness(of: home, and: target)
  }

  private mutating func add(_ first: Int, _ second: Int, _ links: Double) {
    outer[first][second, default: 0] += links
    outer[second][first, default: 0] += links
    if outer[first][second] == 0 {
      outer[first][second] = nil
      outer[second][first] = nil
    }
  }
}
