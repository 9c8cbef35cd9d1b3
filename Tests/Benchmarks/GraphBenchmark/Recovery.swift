// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

/// Divisions of published systems against those of their experts, structure only.
enum Recovery {
  /// Seeds that textbook methods are averaged over.
  private static let seeds = UInt64(1)...10

  /// MoJoFM and adjusted Rand index that the division has to reach, by system.
  private static let demands: [String: (Double, Double)] = [
    "bash": (71, 0.46), "archstudio": (68, 0.45), "ldod": (79, 0.35),
  ]

  /// - Returns: demands that were missed.
  static func printAlgorithms(_ systems: [ReferenceSystem]) -> [String] {
    print("MoJoFM / ARI (clusters)")
    row("method", systems.map { "\($0.name), \($0.truth.count) in truth" })
    let textbook: [ClusteringAlgorithm] = [.leiden, .labelPropagation, .infomap]
    for algorithm in textbook {
      row(
        "\(algorithm.rawValue), mean of \(seeds.count) seeds",
        systems.map { system in
          let runs = seeds.map { algorithm.cluster(system.graph, seed: $0).partition }
          func mean(_ value: (Partition) -> Double) -> Double {
            runs.reduce(0) { $0 + value($1) } / Double(runs.count)
          }
          return ReferenceSystem.fixed(mean { $0.mojoFM(to: system.truth) }, 1) + " / "
            + ReferenceSystem.fixed(mean { $0.adjustedRandIndex(with: system.truth) }, 3) + " ("
            + ReferenceSystem.fixed(mean { Double($0.count) }, 1) + ")"
        })
    }
    let found = systems.map { cluster($0) }
    row("consensus", zip(systems, found).map { $0.score($1) })
    row(
      "demanded",
      systems.map { system in
        demands[system.name].map {
          ReferenceSystem.fixed($0.0, 1) + " / " + ReferenceSystem.fixed($0.1, 3)
        } ?? "-"
      })
    print()
    return zip(systems, found).compactMap { system, clustering in
      guard let (mojoFM, rand) = demands[system.name] else { return nil }
      let holds =
        clustering.partition.mojoFM(to: system.truth) >= mojoFM
        && clustering.partition.adjustedRandIndex(with: system.truth) >= rand
      return holds ? nil : "\(system.name) reaches \(system.score(clustering))"
    }
  }

  /// One parameter changed at a time: what holds only at one value is luck.
  static func printParameters(_ systems: [ReferenceSystem]) {
    print("MoJoFM / ARI (clusters), one parameter changed")
    func rows(
      _ title: String, _ values: [Double],
      _ change: (inout ClusteringParameters, Double) -> Void
    ) {
      for value in values {
        var parameters = ClusteringParameters()
        change(&parameters, value)
        let isDefault = parameters == ClusteringParameters()
        row(
          "\(title) \(ReferenceSystem.fixed(value, 2))\(isDefault ? " (default)" : "")",
          systems.map { $0.score(cluster($0, parameters)) })
      }
    }
    rows("members", [32, 64, 128, 256]) { $0.members = Int($1) }
    rows("source share", [0.15, 0.2, 0.25, 0.3, 0.35]) { $0.sourceShare = $1 }
    rows("equivalence", [0.15, 0.2, 0.25, 0.3, 0.35]) { $0.equivalence = $1 }
    rows("noise", [0.3, 0.4, 0.5, 0.6, 0.7]) { $0.noise = $1 }
    rows("agreement", [0.4, 0.45, 0.5, 0.55, 0.6]) { $0.agreement = $1 }
    rows("least items", [1, 2, 3, 4]) { $0.leastItems = Int($1) }
    rows("satellite items", [0, 5, 6, 7, 8, 10]) { $0.satelliteItems = Int($1) }
    rows("satellite share", [0.5, 0.55, 0.6, 0.65, 0.7, 0.8]) { $0.satelliteShare = $1 }
    rows("resolution", [0.8, 0.9, 1, 1.1, 1.2]) { $0.resolution = $1 }
    print()
  }

  private static func cluster(
    _ system: ReferenceSystem, _ parameters: ClusteringParameters = ClusteringParameters()
  ) -> ItemClustering {
    ItemClusterer(parameters: parameters, workers: .processors).cluster(system.graph)
  }

  private static func row(_ title: String, _ cells: [String]) {
    print(([title] + cells).map { $0.padding(toLength: 34) }.joined())
  }
}

extension String {
  fileprivate func padding(toLength length: Int) -> String {
    self + String(repeating: " ", count: max(1, length - count))
  }
}
