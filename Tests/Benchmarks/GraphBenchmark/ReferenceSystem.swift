// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Foundation

/// A published graph with the division of its experts; see `fixtures/graphs/README.md`.
struct ReferenceSystem {
  let name: String
  /// The graph's items that the experts divided, and what they use.
  let graph: ItemGraph
  let truth: Partition

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../fixtures/graphs").standardized

  static func all() throws -> [ReferenceSystem] {
    [
      try read("bash", "recovery/bash-dependency.rsf", "recovery/bash-clustering.rsf"),
      try read(
        "archstudio", "recovery/archstudio-dependency.rsf", "recovery/archstudio-clustering.rsf"),
      try read("ldod", "expert/ldod-accesses.rsf", "expert/ldod-clustering.rsf"),
    ]
  }

  private static func read(
    _ name: String, _ graph: String, _ clustering: String
  ) throws -> ReferenceSystem {
    func text(_ path: String) throws -> String {
      try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }
    let clusters = try RigiStandardFormat.clustering(text(clustering))
    let graph = try RigiStandardFormat.graph(text(graph)).restricted(to: { clusters[$0] != nil })
    var numbers: [String: Int32] = [:]
    let truth = graph.divided.map { node in
      let cluster = clusters[graph.names[node]] ?? ""
      let number = numbers[cluster] ?? Int32(numbers.count)
      numbers[cluster] = number
      return number
    }
    return ReferenceSystem(name: name, graph: graph, truth: Partition(truth))
  }

  /// MoJoFM, ARI and number of clusters.
  func score(_ clustering: ItemClustering) -> String {
    let found = clustering.partition
    return Self.fixed(found.mojoFM(to: truth), 1) + " / "
      + Self.fixed(found.adjustedRandIndex(with: truth), 3) + " (\(found.count))"
  }

  static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
