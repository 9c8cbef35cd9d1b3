// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Testing

@Suite struct WeightedGraphTests {
  @Test func mergesParallelEdgesAndCountsLoopsTwice() {
    let graph = WeightedGraph(
      nodeCount: 3,
      edges: [.init(1, 0, 2), .init(0, 1, 0.5), .init(2, 2, 4), .init(1, 2, 1), .init(0, 2, 0)])
    #expect(graph.edgeCount == 2)
    #expect(graph.neighbours == [1, 0, 2, 1])
    #expect(graph.weights == [2.5, 2.5, 1, 1])
    #expect(graph.loops == [0, 0, 4])
    #expect(graph.strengths == [2.5, 3.5, 9])
    #expect(graph.totalWeight == 7.5)
  }

  @Test func doesNotDependOnTheOrderOfEdges() {
    let seed: UInt64 = 7
    var random = SeededRandom(seed: seed)
    var edges = (0..<500).map { _ in
      WeightedEdge(
        Int(random.next() % 40), Int(random.next() % 40), 0.1 + random.unit())
    }
    let expected = WeightedGraph(nodeCount: 40, edges: edges)
    for _ in 0..<5 {
      edges.shuffle(using: &random)
      #expect(WeightedGraph(nodeCount: 40, edges: edges) == expected, "seed \(seed)")
    }
  }

  @Test func aggregationKeepsTheWeight() {
    let graph = WeightedGraph(
      nodeCount: 4,
      edges: [.init(0, 1, 3), .init(1, 2, 1), .init(2, 3, 5), .init(3, 0, 2), .init(0, 0, 7)])
    let coarse = graph.aggregated(by: Partition([0, 0, 1, 1]))
    #expect(coarse.loops == [10, 5])
    #expect(coarse.weights == [3, 3])
    #expect(coarse.totalWeight == graph.totalWeight)
  }

  @Test func emptyGraphHasNothing() {
    let graph = WeightedGraph(nodeCount: 0, edges: [])
    #expect(graph.nodeCount == 0)
    #expect(graph.totalWeight == 0)
    #expect(graph.aggregated(by: Partition([])).nodeCount == 0)
  }
}
