// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Divides a graph by what many runs with noise agree on. The result depends on the graph and the
/// parameters alone: not on the order of the input, the number of threads, or the process.
///
/// Each member describes the same random walk (`ItemGraph.flow`) by the map equation, with noise on
/// its weights. Nodes stay together that at least half of the members keep together on average.
package struct ItemClusterer: Sendable {
  package var parameters: ClusteringParameters
  package var workers: Workers

  package init(
    parameters: ClusteringParameters = ClusteringParameters(), workers: Workers = .serial
  ) {
    self.parameters = parameters
    self.workers = workers
  }

  /// - Parameters:
  ///   - services: number of clusters that is asked for; nil lets the agreement decide.
  ///   - anchor: a stored division by name, which a new one should not leave without a reason.
  ///   - rules: what must hold.
  package func cluster(
    _ graph: ItemGraph, services: Int? = nil, anchor: [String: String]? = nil,
    rules: ClusterRules = ClusterRules()
  ) -> ItemClustering {
    let flow = graph.flow(parameters)
    let damped = flow.damped
    let keys = graph.names.map(stableHash)
    let stored = anchor.map { Self.partition(graph.names, $0) }
    var runs = members(flow, keys, parameters)
    var division = division(runs, damped, stored, rules)
    if let services {
      let wanted = max(1, min(services, graph.divided.count))
      var finer = parameters
      for _ in 0..<Self.finerAttempts where clusterCount(division, graph) < wanted {
        finer.resolution *= 1.25
        runs = members(flow, keys, finer)
        division = self.division(runs, damped, stored, rules)
      }
      if clusterCount(division, graph) < wanted { division = rules.start(graph.names.count) }
      division = FlowMerging(
        graph: damped, counts: graph.isWitness.map { $0 ? 0 : 1 }, rules: rules
      )
      .merged(division, into: wanted)
    }
    let placed = NamePlacement(graph, damped, rules).placed(division)
    return ItemClustering(
      graph, placed.partition, isPlaced: placed.isPlaced, runs: ResampledRuns(partitions: runs))
  }

  /// Resolution grows by a quarter until enough clusters appear, at most this often.
  private static let finerAttempts = 16

  private func clusterCount(_ partition: Partition, _ graph: ItemGraph) -> Int {
    Set(graph.divided.map { partition.labels[$0] }).count
  }

  private func members(
    _ flow: FlowNetwork, _ keys: [UInt64], _ parameters: ClusteringParameters
  ) -> [Partition] {
    let graph = flow.stationary
    let count = ResampledRuns.count(edges: graph.edgeCount, wanted: parameters.members)
    let leiden = Leiden(objective: .mapEquation(time: 1 / parameters.resolution), iterations: 2)
    let finished = Mutex([Partition?](repeating: nil, count: count))
    workers.each(count) { run in
      let noisy = graph.jittered(keys: keys, run: run, noise: parameters.noise)
      let partition = leiden.partition(noisy, seed: UInt64(run + 1))
      finished.withLock { $0[run] = partition }
    }
    return finished.withLock { $0.compactMap { $0 } }
  }

  private func division(
    _ runs: [Partition], _ damped: WeightedGraph, _ anchor: Partition?, _ rules: ClusterRules
  ) -> Partition {
    let share = anchor == nil ? 0 : parameters.anchorShare
    var votes = runs.map {
      Consensus.Vote(partition: $0, weight: 1 / Double(runs.count) / (1 + share))
    }
    if let anchor { votes.append(.init(partition: anchor, weight: share / (1 + share))) }
    let consensus = Consensus(votes, neighbours: damped.edges)
    let majority =
      rules.isEmpty
      ? consensus.majority(agreement: parameters.agreement)
      : consensus.majority(
        agreement: parameters.agreement, from: rules.start(damped.nodeCount),
        mayJoin: rules.mayJoin)
    return SmallClusters(parameters: parameters, graph: damped, mayJoin: rules.mayJoin)
      .absorbed(majority)
  }

  /// A stored division; items that it does not know stand alone.
  private static func partition(_ names: [String], _ clusters: [String: String]) -> Partition {
    var numbers: [String: Int32] = [:]
    return Partition(
      names.enumerated().map { index, name in
        guard let cluster = clusters[name] else { return Int32(names.count + index) }
        let number = numbers[cluster] ?? Int32(numbers.count)
        numbers[cluster] = number
        return number
      })
  }
}

extension WeightedGraph {
  /// Edges between different nodes, each once.
  var edges: [WeightedEdge] {
    (0..<nodeCount).flatMap { node in
      row(node).filter { Int(neighbours[$0]) > node }.map {
        WeightedEdge(node, Int(neighbours[$0]), weights[$0])
      }
    }
  }
}
