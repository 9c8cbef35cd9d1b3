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
    let errors = Self.errors(of: suggestion, system)
    #expect(errors.inDoubt.all >= 10 && errors.firm.all >= 100, "\(errors)")
    #expect(errors.inDoubt.share > errors.firm.share, "\(errors)")
  }

  private struct Errors: CustomStringConvertible {
    var wrong = 0
    var all = 0
    var share: Double { Double(wrong) / Double(max(1, all)) }
    var description: String { "\(wrong) of \(all)" }
  }

  /// Types that stand where most of their service does not belong, among those in doubt and the
  /// others.
  private static func errors(
    of suggestion: BoundarySuggestion, _ system: ReferenceGraphs.System
  ) -> (inDoubt: Errors, firm: Errors) {
    var area: [String: Int] = [:]
    for index in system.names.indices { area[system.model.files[index].path] = system.truth[index] }
    var (inDoubt, firm) = (Errors(), Errors())
    for service in suggestion.services {
      let areas = service.types.compactMap { area[$0.location.file] }
      let counts = Dictionary(grouping: areas, by: \.self).mapValues(\.count)
      let most = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
      for type in service.types {
        guard let own = area[type.location.file] else { continue }
        if type.stability < Doubts.firmStability {
          inDoubt.all += 1
          if own != most { inDoubt.wrong += 1 }
        } else {
          firm.all += 1
          if own != most { firm.wrong += 1 }
        }
      }
    }
    return (inDoubt, firm)
  }
}
