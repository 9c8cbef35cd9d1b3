// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

/// How far a division moves when one link in a hundred is gone: adjusted Rand index with the
/// division of the whole graph.
enum Stability {
  private static let draws = 50
  private static let droppedShare = 0.01

  /// Mean and least that a division has to keep, and one that is anchored in a stored one.
  private static let demands = (cold: (mean: 0.95, least: 0.9), anchored: (mean: 0.98, least: 0.95))

  /// - Returns: demands that were missed.
  static func print(_ graphs: [(name: String, graph: ItemGraph)]) -> [String] {
    var missed: [String] = []
    Swift.print("ARI after dropping 1 % of the links, \(draws) draws: mean / least")
    let clusterer = ItemClusterer(workers: .processors)
    for (name, graph) in graphs {
      let whole = clusterer.cluster(graph)
      var stored: [String: String] = [:]
      for member in whole.members { stored[member.name] = "\(member.cluster)" }
      var cold: [Double] = []
      var anchored: [Double] = []
      var core: [Double] = []
      for draw in 0..<draws {
        var random = SeededRandom(seed: UInt64(draw) &* 7919 &+ 13)
        let thinned = graph.keeping { _ in random.unit() >= droppedShare }
        let again = clusterer.cluster(thinned)
        cold.append(again.partition.adjustedRandIndex(with: whole.partition))
        let sure = whole.members.indices.filter {
          whole.members[$0].confidence >= ItemClustering.doubt
        }
        core.append(
          Partition(sure.map { again.partition.labels[$0] }).adjustedRandIndex(
            with: Partition(sure.map { whole.partition.labels[$0] })))
        let held = clusterer.cluster(thinned, anchor: stored)
        anchored.append(held.partition.adjustedRandIndex(with: whole.partition))
      }
      let sure = whole.members.count { $0.confidence >= ItemClustering.doubt }
      let count = Double(whole.members.count)
      Swift.print(
        "\(name): cold \(summary(cold)), anchored \(summary(anchored)), "
          + "confident core (\(percent(Double(sure) / count))) \(summary(core))"
      )
      for (kind, values, demand) in [
        ("cold", cold, demands.cold), ("anchored", anchored, demands.anchored),
      ] where mean(values) < demand.mean || values.min() ?? 1 < demand.least {
        missed.append("\(name), \(kind): \(summary(values))")
      }
    }
    Swift.print(
      "demanded: cold \(demands.cold.mean) / \(demands.cold.least), "
        + "anchored \(demands.anchored.mean) / \(demands.anchored.least)\n")
    return missed
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(max(1, values.count))
  }

  private static func summary(_ values: [Double]) -> String {
    ReferenceSystem.fixed(mean(values), 3) + " / " + ReferenceSystem.fixed(values.min() ?? 1, 3)
  }
}
