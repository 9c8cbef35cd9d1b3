// SPDX-License-Identifier: Apache-2.0

/// Divides a graph of named items by what many runs with noise agree on (`WalkClusterer`). The
/// result depends on the graph and the parameters alone: not on the order of the input, the number
/// of threads, or the process.
package struct ItemClusterer: Sendable {
  package var parameters: ClusteringParameters
  package var workers: Workers
  package var objective: Objective

  /// What the result is good for.
  package enum Objective: String, Sendable, CaseIterable {
    /// What most runs with noise agree on.
    case agreement
    /// The published metrics themselves, for comparisons with tables of them (`MetricClimbing`).
    case metrics
  }

  package init(
    parameters: ClusteringParameters = ClusteringParameters(), workers: Workers = .serial,
    objective: Objective = .agreement
  ) {
    self.parameters = parameters
    self.workers = workers
    self.objective = objective
  }

  /// - Parameters:
  ///   - services: number of clusters that is asked for; nil lets the agreement decide.
  ///   - anchor: a stored division by name, which a new one should not leave without a reason.
  ///   - rules: what must hold.
  package func cluster(
    _ graph: ItemGraph, services: Int? = nil, anchor: [String: String]? = nil,
    rules: ClusterRules = ClusterRules()
  ) -> ItemClustering {
    let clusterer = WalkClusterer(
      graph.flow(parameters), identities: graph.names, isWitness: graph.isWitness,
      parameters: parameters, workers: workers)
    let division = clusterer.divide(
      services: services, anchor: anchor.map { Self.partition(graph, $0) }, rules: rules)
    let placed = NamePlacement(graph, clusterer.damped, rules).placed(division.partition)
    return ItemClustering(
      graph,
      objective == .metrics
        ? MetricClimbing.improved(graph, placed.partition) : placed.partition,
      isPlaced: placed.isPlaced, runs: ResampledRuns(partitions: division.runs))
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
