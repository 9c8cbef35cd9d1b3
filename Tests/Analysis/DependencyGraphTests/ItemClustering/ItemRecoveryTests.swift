// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Testing

/// The clusterer against the experts' divisions of published systems: structure only, the default
/// parameters but for the number of members. The bounds are what was measured, less a margin for
/// rounding.
@Suite struct ItemRecoveryTests {
  @Test(arguments: [
    ("recovery/bash-dependency.rsf", "recovery/bash-clustering.rsf", [69.0, 0.44]),
    ("recovery/archstudio-dependency.rsf", "recovery/archstudio-clustering.rsf", [67.0, 0.45]),
    ("expert/ldod-accesses.rsf", "expert/ldod-clustering.rsf", [78.0, 0.43]),
  ])
  func comesCloseToExperts(graph: String, clustering: String, bound: [Double]) throws {
    let system = try ReferenceGraphs.recovery(graph, clustering)
    // Fewer members than the default, which a debug build takes long for.
    var parameters = ClusteringParameters()
    parameters.members = 32
    let found = ItemClusterer(parameters: parameters).cluster(system.graph).partition
    #expect(found.mojoFM(to: system.truth) >= bound[0])
    #expect(found.adjustedRandIndex(with: system.truth) >= bound[1])
  }

  /// One link in a hundred gone: a short form of what graph-benchmark measures with 50 draws.
  @Test func staysWhereItIsWhenALinkGoes() throws {
    let system = try ReferenceGraphs.recovery(
      "recovery/bash-dependency.rsf", "recovery/bash-clustering.rsf")
    var parameters = ClusteringParameters()
    parameters.members = 32
    let clusterer = ItemClusterer(parameters: parameters)
    let whole = clusterer.cluster(system.graph)
    var stored: [String: String] = [:]
    for member in whole.members { stored[member.name] = "\(member.cluster)" }
    for draw in UInt64(0)..<3 {
      var random = SeededRandom(seed: draw)
      let thinned = system.graph.keeping { _ in random.unit() >= 0.01 }
      let cold = clusterer.cluster(thinned).partition
      let held = clusterer.cluster(thinned, anchor: stored).partition
      #expect(cold.adjustedRandIndex(with: whole.partition) >= 0.88, "draw \(draw)")
      #expect(held.adjustedRandIndex(with: whole.partition) >= 0.88, "draw \(draw)")
    }
  }
}
