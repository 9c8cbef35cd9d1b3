// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Testing

@Suite struct LeidenTests {
  static func clique(_ nodes: Range<Int>) -> [WeightedEdge] {
    nodes.flatMap { first in
      nodes.filter { $0 > first }.map { WeightedEdge(first, $0, 1) }
    }
  }

  static let objectives: [Leiden.Objective] = [.modularity(resolution: 1), .mapEquation(time: 1)]

  @Test(arguments: objectives)
  func findsTwoCliques(objective: Leiden.Objective) {
    let graph = WeightedGraph(
      nodeCount: 10, edges: Self.clique(0..<5) + Self.clique(5..<10) + [.init(4, 5, 1)])
    for seed in UInt64(1)...20 {
      let partition = Leiden(objective: objective).partition(graph, seed: seed)
      #expect(partition == Partition([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]), "seed \(seed)")
    }
  }

  /// Fortunato, Barthelemy 2007: from about sqrt(m) cliques on, modularity joins neighbours; ten
  /// cliques of five are below that limit and come out one by one.
  @Test(arguments: objectives)
  func findsARingOfCliques(objective: Leiden.Objective) {
    var edges: [WeightedEdge] = []
    for clique in 0..<10 {
      edges += Self.clique(clique * 5..<clique * 5 + 5)
      edges.append(.init(clique * 5, (clique * 5 + 7) % 50, 1))
    }
    let graph = WeightedGraph(nodeCount: 50, edges: edges)
    let partition = Leiden(objective: objective).partition(graph, seed: 3)
    #expect(partition == Partition((0..<50).map { Int32($0 / 5) }))
  }

  @Test func joinsNeighboursBelowTheResolutionLimitAndPartsThemAbove() {
    var edges: [WeightedEdge] = []
    for clique in 0..<30 {
      edges += Self.clique(clique * 5..<clique * 5 + 5)
      edges.append(.init(clique * 5, (clique * 5 + 7) % 150, 1))
    }
    let graph = WeightedGraph(nodeCount: 150, edges: edges)
    let coarse = Leiden().partition(graph, seed: 3)
    let fine = Leiden(objective: .modularity(resolution: 3)).partition(graph, seed: 3)
    #expect(coarse.count < 30)
    #expect(fine.count == 30)
  }

  @Test(arguments: objectives)
  func keepsDisconnectedPartsAndLonelyNodesApart(objective: Leiden.Objective) {
    let graph = WeightedGraph(nodeCount: 7, edges: Self.clique(0..<3) + Self.clique(3..<6))
    let partition = Leiden(objective: objective).partition(graph, seed: 1)
    #expect(partition == Partition([0, 0, 0, 1, 1, 1, 2]))
  }

  @Test(arguments: objectives)
  func handlesNothingOneNodeAndNoEdges(objective: Leiden.Objective) {
    let leiden = Leiden(objective: objective)
    #expect(leiden.partition(WeightedGraph(nodeCount: 0, edges: []), seed: 1).count == 0)
    #expect(leiden.partition(WeightedGraph(nodeCount: 1, edges: []), seed: 1).count == 1)
    #expect(leiden.partition(WeightedGraph(nodeCount: 4, edges: []), seed: 1).count == 4)
    let loop = WeightedGraph(nodeCount: 1, edges: [.init(0, 0, 3)])
    #expect(leiden.partition(loop, seed: 1).count == 1)
  }

  @Test(arguments: objectives)
  func communitiesAreConnectedAndRunsRepeat(objective: Leiden.Objective) {
    for seed in UInt64(1)...10 {
      let graph = RandomGraph.planted(nodes: 200, groups: 8, degree: 6, mixing: 0.4, seed: seed)
      let leiden = Leiden(objective: objective)
      let partition = leiden.partition(graph, seed: seed)
      #expect(RandomGraph.areConnected(partition, in: graph), "seed \(seed)")
      #expect(leiden.partition(graph, seed: seed) == partition, "seed \(seed)")
    }
  }

  @Test func recoversPlantedGroups() {
    let seed: UInt64 = 11
    let graph = RandomGraph.planted(nodes: 400, groups: 10, degree: 12, mixing: 0.2, seed: seed)
    let truth = Partition((0..<400).map { Int32($0 * 10 / 400) })
    let partition = Leiden().partition(graph, seed: seed)
    #expect(partition.adjustedRandIndex(with: truth) > 0.95, "seed \(seed)")
    #expect(graph.modularity(partition) >= graph.modularity(truth) - 1e-9)
  }
}
