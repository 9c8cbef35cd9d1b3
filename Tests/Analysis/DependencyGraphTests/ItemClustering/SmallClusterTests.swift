// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DependencyGraph

@Suite struct SmallClusterTests {
  private func clique(_ nodes: Range<Int>, _ weight: Double = 1) -> [WeightedEdge] {
    nodes.flatMap { first in nodes.filter { $0 > first }.map { WeightedEdge(first, $0, weight) } }
  }

  private func absorbed(_ edges: [WeightedEdge], _ labels: [Int32]) -> Partition {
    let graph = WeightedGraph(nodeCount: labels.count, edges: edges)
    return SmallClusters(
      parameters: ClusteringParameters(), damped: graph, walk: graph,
      isWitness: [Bool](repeating: false, count: labels.count)
    ).absorbed(Partition(labels))
  }

  private let cores = [Int32](repeating: 0, count: 8) + [Int32](repeating: 1, count: 8)

  @Test func joinsTinyClustersToTheirStrongestTie() {
    let edges =
      clique(0..<8) + clique(8..<16) + [
        WeightedEdge(16, 17, 1), WeightedEdge(16, 0, 1), WeightedEdge(17, 8, 2),
      ]
    #expect(absorbed(edges, cores + [2, 2]) == Partition(cores + [1, 1]))
  }

  @Test func joinsASatelliteToItsHost() {
    let edges =
      clique(0..<8) + clique(8..<16) + clique(16..<20) + [
        WeightedEdge(16, 8, 6), WeightedEdge(17, 9, 6), WeightedEdge(18, 0, 1),
      ]
    #expect(absorbed(edges, cores + [2, 2, 2, 2]) == Partition(cores + [1, 1, 1, 1]))
  }

  @Test func leavesWhatIsTiedToSeveral() {
    let edges =
      clique(0..<8) + clique(8..<16) + clique(16..<20) + [
        WeightedEdge(16, 8, 6), WeightedEdge(17, 1, 6),
      ]
    let division = Partition(cores + [2, 2, 2, 2])
    #expect(absorbed(edges, cores + [2, 2, 2, 2]) == division)
  }

  @Test func leavesWhatHasNoTieAtAll() {
    #expect(absorbed(clique(0..<8), [0, 0, 0, 0, 0, 0, 0, 0, 1]).count == 2)
  }
}
