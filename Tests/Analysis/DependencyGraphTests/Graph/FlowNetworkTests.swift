// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DependencyGraph

@Suite struct FlowNetworkTests {
  private typealias Edge = FlowNetwork.Edge

  @Test func addsUpEdgesWhicheverWayTheyAreGiven() {
    let network = FlowNetwork(
      nodeCount: 3, edges: [Edge(1, 0, 1, 2), Edge(0, 1, 4, 8), Edge(2, 1, 1, 0)])
    #expect(network.edges == [Edge(0, 1, 6, 9), Edge(1, 2, 0, 1)])
    #expect(network.damped.weights == [15, 15, 1, 1])
  }

  /// From 0 a walker goes to 1; from 1 to 0 or 2 alike; from 2 to 1. In balance half of the walkers
  /// are at 1, so each edge carries half of the steps.
  @Test func balanceOfASmallWalkIsKnown() {
    let walk = FlowNetwork(nodeCount: 3, edges: [Edge(0, 1, 7, 3), Edge(1, 2, 3, 2)]).stationary
    #expect(walk.weights.allSatisfy { abs($0 - 0.5) < 1e-9 })
  }

  @Test func whatEntersANodeLeavesIt() {
    let seed: UInt64 = 4
    var random = SeededRandom(seed: seed)
    let edges = (0..<400).map { _ in
      Edge(random.index(below: 40), random.index(below: 40), random.unit(), random.unit())
    }.filter { $0.first != $0.second }
    let network = FlowNetwork(nodeCount: 40, edges: edges)
    let walk = network.stationary
    var leaving = [Double](repeating: 0, count: 40)
    for edge in network.edges {
      leaving[Int(edge.first)] += edge.forward
      leaving[Int(edge.second)] += edge.backward
    }
    // An edge carries both directions, so each node's share of visits is half of its strength.
    var arriving = [Double](repeating: 0, count: 40)
    for edge in network.edges {
      let (first, second) = (Int(edge.first), Int(edge.second))
      arriving[second] += walk.strengths[first] / 2 * edge.forward / leaving[first]
      arriving[first] += walk.strengths[second] / 2 * edge.backward / leaving[second]
    }
    for node in 0..<40 {
      #expect(abs(arriving[node] - walk.strengths[node] / 2) < 1e-6, "seed \(seed)")
    }
  }

  @Test func aGraphWithoutEdgesHasNoWalk() {
    #expect(FlowNetwork(nodeCount: 2, edges: []).stationary.totalWeight == 0)
  }
}
