// SPDX-License-Identifier: Apache-2.0

/// The Leiden algorithm (Traag, Waltman, van Eck 2019): fast local moving, refinement, aggregation.
///
/// A run is a pure function of graph, objective and seed. Communities are connected: refinement
/// only joins parts that share an edge.
package struct Leiden: Sendable, Equatable {
  /// What is made large.
  package enum Objective: Sendable, Equatable {
    case modularity(resolution: Double)
    case mapEquation(time: Double)
  }

  package var objective: Objective
  /// Repetitions, each starting from the last one's result; a repetition that changes nothing is
  /// the last.
  package var iterations: Int
  /// Levels of aggregation within one repetition; real graphs need fewer than ten.
  static let levelLimit = 32

  package init(objective: Objective = .modularity(resolution: 1), iterations: Int = 3) {
    self.objective = objective
    self.iterations = iterations
  }

  package func partition(_ graph: WeightedGraph, seed: UInt64) -> Partition {
    switch objective {
    case .modularity(let resolution):
      return run(ModularityObjective.self, graph, resolution, seed)
    case .mapEquation(let time):
      return run(MapEquationObjective.self, graph, time, seed)
    }
  }

  private func run<Objective: CommunityObjective>(
    _ type: Objective.Type, _ graph: WeightedGraph, _ parameter: Double, _ seed: UInt64
  ) -> Partition {
    var random = SeededRandom(seed: seed)
    var partition = Partition(singletons: graph.nodeCount)
    for _ in 0..<max(1, iterations) {
      let next = pass(type, graph, from: partition, parameter, &random)
      if next == partition { break }
      partition = next
    }
    return partition
  }

  /// One repetition: levels of moving and refining until nothing can be merged.
  private func pass<Objective: CommunityObjective>(
    _ type: Objective.Type, _ original: WeightedGraph, from start: Partition,
    _ parameter: Double, _ random: inout SeededRandom
  ) -> Partition {
    var graph = original
    var communities = start
    var nodeOf = (0..<original.nodeCount).map(Int32.init)
    for _ in 0..<Self.levelLimit {
      communities = LocalMoving<Objective>.run(graph, communities, parameter, &random)
      if communities.count == graph.nodeCount { break }
      let parts = Refinement<Objective>.run(graph, communities, parameter, &random)
      if parts.count == graph.nodeCount { break }
      var communityOfPart = [Int32](repeating: 0, count: parts.count)
      for node in 0..<graph.nodeCount {
        communityOfPart[parts[node]] = communities.labels[node]
      }
      graph = graph.aggregated(by: parts)
      for index in nodeOf.indices { nodeOf[index] = parts.labels[Int(nodeOf[index])] }
      communities = Partition(keeping: communityOfPart, count: communities.count)
    }
    return Partition(nodeOf.map { communities.labels[Int($0)] })
  }
}
