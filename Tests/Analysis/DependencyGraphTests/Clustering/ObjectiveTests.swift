// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DependencyGraph

/// The gains that moving is guided by are the differences of the quality that they stand for.
@Suite struct ObjectiveTests {
  @Test func modularityGainIsADifferenceOfModularity() {
    check(ModularityObjective.self, resolution: 1.5) { graph, labels in
      graph.modularity(Partition(labels), resolution: 1.5) * graph.totalWeight
    }
  }

  @Test func mapEquationGainIsADifferenceOfCodeLength() {
    check(MapEquationObjective.self, resolution: 1) { -Self.codeLength($0, $1) }
  }

  @Test func longerMarkovTimeCountsMoreSteps() {
    check(MapEquationObjective.self, resolution: 2) { -Self.codeLength($0, $1, time: 2) }
  }

  /// L = plogp(sum q) - 2 sum plogp(q) + sum plogp(q + p) in nats, without the constant term.
  private static func codeLength(
    _ graph: WeightedGraph, _ labels: [Int32], time: Double = 1
  ) -> Double {
    let partition = Partition(labels)
    var flow = [Double](repeating: 0, count: partition.count)
    var exit = flow
    for node in 0..<graph.nodeCount {
      flow[partition[node]] += graph.strengths[node] / (2 * graph.totalWeight)
      for entry in graph.row(node) where partition[Int(graph.neighbours[entry])] != partition[node]
      {
        exit[partition[node]] += time * graph.weights[entry] / (2 * graph.totalWeight)
      }
    }
    func term(_ value: Double) -> Double { value > 0 ? value * naturalLogarithm(value) : 0 }
    return term(exit.reduce(0, +)) - 2 * exit.reduce(0) { $0 + term($1) }
      + zip(exit, flow).reduce(0) { $0 + term($1.0 + $1.1) }
  }

  private func check<Objective: CommunityObjective>(
    _ type: Objective.Type, resolution: Double, quality: (WeightedGraph, [Int32]) -> Double
  ) {
    let seed: UInt64 = 9
    let graph = RandomGraph.planted(nodes: 30, groups: 3, degree: 6, mixing: 0.5, seed: seed)
    var labels = (0..<30).map { Int32($0 % 4) }
    var objective = Objective(graph: graph, labels: labels, parameter: resolution)
    var random = SeededRandom(seed: seed)
    for _ in 0..<200 {
      let node = random.index(below: 30)
      let target = Int32(random.index(below: 4))
      func link(_ community: Int32) -> Double {
        graph.row(node).reduce(0) {
          labels[Int(graph.neighbours[$1])] == community ? $0 + graph.weights[$1] : $0
        }
      }
      let (before, old) = (quality(graph, labels), labels[node])
      objective.remove(node, from: Int(old), link: link(old))
      objective.consider(node)
      let stay = objective.gain(node, into: Int(old), link: link(old))
      let move = objective.gain(node, into: Int(target), link: link(target))
      objective.insert(node, into: Int(target), link: link(target))
      labels[node] = target
      let difference = quality(graph, labels) - before
      #expect(abs((move - stay) - difference) < 1e-9, "seed \(seed)")
    }
  }
}
