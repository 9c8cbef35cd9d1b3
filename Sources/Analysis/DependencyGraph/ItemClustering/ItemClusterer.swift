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
    let (damped, walk) = (flow.damped, flow.stationary)
    let keys = graph.names.map(stableHash)
    let stored = anchor.map { Self.partition(graph, $0) }
    var runs = members(walk, keys, parameters)
    var division = division(runs, damped, walk, stored, rules)
    if let services {
      let wanted = max(1, min(services, graph.divided.count))
      var finer = parameters
      for _ in 0..<Self.finerAttempts where clusterCount(division, graph) < wanted {
        finer.resolution *= 1.25
        runs = members(walk, keys, finer)
        division = self.division(runs, damped, walk, stored, rules)
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

  /// Edges visited by all members together before their number is lowered: the map equation takes
  /// about a second of one processor for so many.
  static let edgeBudget = 1_000_000

  /// Resolution grows by a quarter until enough clusters appear, at most this often.
  private static let finerAttempts = 16

  private func clusterCount(_ partition: Partition, _ graph: ItemGraph) -> Int {
    Set(graph.divided.map { partition.labels[$0] }).count
  }

  private func members(
    _ graph: WeightedGraph, _ keys: [UInt64], _ parameters: ClusteringParameters
  ) -> [Partition] {
    let count = ResampledRuns.count(
      edges: graph.edgeCount, wanted: parameters.members, budget: Self.edgeBudget)
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
    _ runs: [Partition], _ damped: WeightedGraph, _ walk: WeightedGraph, _ anchor: Partition?,
    _ rules: ClusterRules
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
    return SmallClusters(
      parameters: parameters, damped: damped, walk: walk, mayJoin: rules.mayJoin
    ).absorbed(majority)
  }

  /// A stored division. A witness, which no division holds, stands with most of what it is linked
  /// to; other items that are not known stand alone.
  private static func partition(_ graph: ItemGraph, _ clusters: [String: String]) -> Partition {
    var numbers: [String: Int32] = [:]
    var labels = graph.names.enumerated().map { index, name in
      guard let cluster = clusters[name] else { return Int32(graph.names.count + index) }
      let number = numbers[cluster] ?? Int32(numbers.count)
      numbers[cluster] = number
      return number
    }
    var ties = [[Int32: Double]](repeating: [:], count: graph.names.count)
    for link in graph.links
    where graph.isWitness[link.from] && clusters[graph.names[link.to]] != nil {
      ties[link.from][labels[link.to], default: 0] += link.weight
    }
    for node in labels.indices {
      if let best = ties[node].max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) {
        labels[node] = best.key
      }
    }
    return Partition(labels)
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
