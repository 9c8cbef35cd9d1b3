// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Testing

/// Divisions of two published systems against those of their experts, structure only, one set of
/// parameters. The bounds are what was measured, less a margin for rounding.
@Suite struct RecoveryQualityTests {

  @Test(arguments: [("bash", 66.0, 0.32), ("archstudio", 60.5, 0.44)])
  func plainLeidenReachesItsPublishedLevel(
    name: String, mojoFM: Double, agreement: Double
  ) throws {
    let system = try ReferenceGraphs.system(name)
    let graph = WeightedGraph(
      nodeCount: system.names.count, edges: system.links.map { WeightedEdge($0.0, $0.1, 1) })
    let runs = (1...10).map { Leiden().partition(graph, seed: UInt64($0)) }
    let mojo = runs.reduce(0) { $0 + $1.mojoFM(to: system.truth) } / 10
    let rand = runs.reduce(0) { $0 + $1.adjustedRandIndex(with: system.truth) } / 10
    #expect(mojo >= mojoFM)
    #expect(rand >= agreement)
  }

  /// The whole pipeline, types that were set apart counted as services of their own.
  @Test(arguments: [("bash", 61.5, 0.33), ("archstudio", 63.0, 0.13)])
  func suggestionsComeCloseToExperts(name: String, mojoFM: Double, agreement: Double) throws {
    let system = try ReferenceGraphs.system(name)
    let options = AnalysisOptions(
      runs: 32, weights: .structureOnly, dividesLibraries: true)
    let suggestion = BoundaryAnalysis(options: options).suggest(system.model)
    var services: [String: Int32] = [:]
    for service in suggestion.services {
      for type in service.types { services[type.location.file] = Int32(service.order) }
    }
    let found = Partition(
      system.names.indices.map { index in
        services[system.model.files[index].path] ?? Int32(1_000 + index)
      })
    #expect(found.mojoFM(to: system.truth) >= mojoFM)
    #expect(found.adjustedRandIndex(with: system.truth) >= agreement)
  }
}
