// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DependencyGraph

@Suite struct FlowMergingTests {
  @Test func aHeapGivesBackInOrder() {
    let seed: UInt64 = 3
    var random = SeededRandom(seed: seed)
    let numbers = (0..<200).map { _ in random.next() % 50 }
    var heap = MinimumHeap<UInt64>()
    for number in numbers { heap.insert(number) }
    var sorted: [UInt64] = []
    while let least = heap.removeLeast() { sorted.append(least) }
    #expect(sorted == numbers.sorted(), "seed \(seed)")
  }

  /// Beside a search that looks at every pair each time.
  @Test func joinsThePairThatGainsMost() {
    for seed in UInt64(1)...4 {
      let graph = RandomGraph.planted(nodes: 40, groups: 4, degree: 4, mixing: 0.2, seed: seed)
      let witnesses = [Bool](repeating: false, count: 40)
      for count in [1, 3, 7, 20] {
        let merged = FlowMerging(graph: graph, isWitness: witnesses)
          .merged(Partition(singletons: 40), into: count)
        #expect(merged == Self.searched(graph, into: count), "seed \(seed), \(count) clusters")
      }
    }
  }

  private static func searched(_ graph: WeightedGraph, into count: Int) -> Partition {
    var clusters = ClusterGraph(graph, Partition(singletons: graph.nodeCount))
    var alive = Array(0..<graph.nodeCount)
    while alive.count > count {
      var best: (gain: Double, first: Int, second: Int)?
      for first in alive {
        for second in alive where second > first {
          let gain = clusters.gain(first, second)
          if gain > best?.gain ?? -.infinity { best = (gain, first, second) }
        }
      }
      guard let best else { break }
      let kept = clusters.join(best.first, best.second)
      alive.removeAll { $0 == (kept == best.first ? best.second : best.first) }
    }
    return clusters.partition
  }
}
