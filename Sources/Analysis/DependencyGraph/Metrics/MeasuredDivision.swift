// SPDX-License-Identifier: Apache-2.0

/// The publication whose reading of a metric is meant. The same name stands for different formulas
/// in different papers, and values of different variants must not be compared.
package enum MetricVariant: String, Sendable, CaseIterable {
  /// Jin, Liu, Zheng, Zhang et al.: FSE 2018 and TSE 2019, functionality-oriented extraction.
  case fse
  /// Nitin, Asthana, Ray, Krishna: CARGO, ASE 2022.
  case cargo
  /// Reinforcement learning for decomposition (RLDec).
  case rldec
  /// Heterogeneous graph networks: Mathai et al., CHGNN, IJCAI 2022.
  case chgnn
}

/// A division of a graph whose links carry numbers of calls.
package struct MeasuredDivision: Sendable {
  package let graph: ItemGraph
  package let partition: Partition
  /// Items of each service.
  let sizes: [Double]
  /// Links inside each service.
  let inner: [Double]
  /// Links across each service's border, in either direction.
  let outer: [Double]
  /// The same in weights.
  let innerWeights: [Double]
  let outerWeights: [Double]

  /// - Parameter partition: one community for each item of the graph.
  package init(_ graph: ItemGraph, _ partition: Partition) {
    precondition(graph.names.count == partition.labels.count, "a division of other items")
    self.graph = graph
    self.partition = partition
    sizes = partition.sizes.map(Double.init)
    var inner = [Double](repeating: 0, count: partition.count)
    var innerWeights = inner
    var outer = inner
    var outerWeights = inner
    for link in graph.links {
      let (from, to) = (partition[link.from], partition[link.to])
      if from == to {
        inner[from] += 1
        innerWeights[from] += link.weight
        continue
      }
      for service in [from, to] {
        outer[service] += 1
        outerWeights[service] += link.weight
      }
    }
    self.inner = inner
    self.innerWeights = innerWeights
    self.outer = outer
    self.outerWeights = outerWeights
  }

  package var serviceCount: Int { partition.count }

  func isCrossing(_ link: ItemGraph.Link) -> Bool { partition[link.from] != partition[link.to] }

  func mean(_ value: (Int) -> Double) -> Double {
    guard serviceCount > 0 else { return 0 }
    return (0..<serviceCount).reduce(0) { $0 + value($1) } / Double(serviceCount)
  }
}
