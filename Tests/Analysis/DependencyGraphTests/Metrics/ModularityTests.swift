// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Testing

@Suite struct ModularityTests {
  /// Two triangles joined by one edge: m = 7, each side has 3 inner edges and strength 7.
  static let triangles = WeightedGraph(
    nodeCount: 6,
    edges: [
      .init(0, 1, 1), .init(1, 2, 1), .init(0, 2, 1), .init(3, 4, 1), .init(4, 5, 1),
      .init(3, 5, 1), .init(2, 3, 1),
    ])

  @Test func agreesWithHandComputation() {
    let sides = Partition([0, 0, 0, 1, 1, 1])
    #expect(abs(Self.triangles.modularity(sides) - (6.0 / 7 - 0.5)) < 1e-12)
    #expect(abs(Self.triangles.modularity(sides, resolution: 2) - (6.0 / 7 - 1)) < 1e-12)
    #expect(abs(Self.triangles.modularity(Partition([0, 0, 0, 0, 0, 0]))) < 1e-12)
    // Singletons: -(2*2 + 2*2 + 3*3) * 2 / 14^2.
    let alone = Self.triangles.modularity(Partition(singletons: 6))
    #expect(abs(alone + 34.0 / 196) < 1e-12)
  }

  @Test func countsLoopsAsInnerWeight() {
    let graph = WeightedGraph(nodeCount: 2, edges: [.init(0, 0, 2), .init(0, 1, 1)])
    // m = 3, strengths 5 and 1: inner (2 + 0)/3 - (25 + 1)/36.
    let value = graph.modularity(Partition(singletons: 2))
    #expect(abs(value - (2.0 / 3 - 26.0 / 36)) < 1e-12)
  }

  @Test func doesNotChangeUnderAggregation() {
    let sides = Partition([0, 0, 0, 1, 1, 1])
    let coarse = Self.triangles.aggregated(by: sides)
    let difference =
      coarse.modularity(Partition(singletons: 2)) - Self.triangles.modularity(sides)
    #expect(abs(difference) < 1e-12)
  }

  @Test func isZeroWithoutEdges() {
    #expect(WeightedGraph(nodeCount: 3, edges: []).modularity(Partition(singletons: 3)) == 0)
  }
}
