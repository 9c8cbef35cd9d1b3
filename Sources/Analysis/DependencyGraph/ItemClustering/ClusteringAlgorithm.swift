// SPDX-License-Identifier: Apache-2.0

/// Ways to divide a graph: the product's own and textbook methods to compare it with.
package enum ClusteringAlgorithm: String, Sendable, CaseIterable {
  /// What runs with noise agree on (`ItemClusterer`).
  case consensus
  /// Leiden with modularity on the links as they are.
  case leiden
  /// Label propagation on the links as they are.
  case labelPropagation = "label-propagation"
  /// The two-level map equation on the links as they are, taken as undirected.
  case infomap

  /// One run of a textbook method; the clusterer with its defaults for `consensus`.
  package func cluster(
    _ graph: ItemGraph, resolution: Double = 1, seed: UInt64 = 1, workers: Workers = .serial
  ) -> ItemClustering {
    switch self {
    case .consensus:
      var parameters = ClusteringParameters()
      parameters.resolution = resolution
      return ItemClusterer(parameters: parameters, workers: workers).cluster(graph)
    case .leiden:
      let leiden = Leiden(objective: .modularity(resolution: resolution))
      return ItemClustering(graph, leiden.partition(graph.plain, seed: seed))
    case .infomap:
      let leiden = Leiden(objective: .mapEquation(time: 1 / resolution))
      return ItemClustering(graph, leiden.partition(graph.plain, seed: seed))
    case .labelPropagation:
      return ItemClustering(graph, LabelPropagation().partition(graph.plain, seed: seed))
    }
  }
}
