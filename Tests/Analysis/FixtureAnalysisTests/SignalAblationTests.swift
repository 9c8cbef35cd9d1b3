// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Foundation
import SourceScanning
import Testing

/// What the product's own evidence adds to structure, on the fixture.
@Suite struct SignalAblationTests {
  private static let known = Result {
    let truth = try ShopMonolith.truth()
    return Dictionary(
      uniqueKeysWithValues: truth.types.filter { truth.areas.contains($0.area) }
        .map { ($0.type, $0.area) })
  }

  @Test func `all evidence is never worse than structure alone`() throws {
    let ablation = SignalAblation(
      try ShopMonolith.model.get(), truth: try Self.known.get(), workers: .serial)
    let all = try #require(ablation.rows.first { $0.basis == .everything }?.truth)
    let structure = try #require(ablation.rows.first { $0.basis == .structureOnly }?.truth)
    #expect(ablation.compared == 74)
    #expect(all.mojoFM >= structure.mojoFM && all.mojoFM >= 90)
    #expect(all.adjustedRandIndex >= structure.adjustedRandIndex)
    #expect(ablation.rows.map(\.basis.name).contains("without tables"))
    #expect(ablation.absent == [.changes])
  }

  /// Modules are the areas that the authors of a package have drawn.
  @Test(
    .timeLimit(.minutes(5)), .enabled(if: Checkout.has("hummingbird"), "needs the checkouts"),
    arguments: ["hummingbird", "swift-argument-parser"])
  func `nor is it on real packages, against their modules`(package: String) throws {
    let model = try SourceScanner().scan(folder: Checkout.folder(package))
    let names = Dictionary(grouping: model.types) { $0.qualifiedName }
    let truth = names.compactMapValues { types in
      types.count == 1 && types[0].kind != .fileScope ? types[0].module : nil
    }.filter { !$0.key.contains(".") }
    let ablation = SignalAblation(model, truth: truth, workers: .serial)
    let all = try #require(ablation.rows.first { $0.basis == .everything }?.truth)
    let structure = try #require(ablation.rows.first { $0.basis == .structureOnly }?.truth)
    #expect(ablation.compared > 100)
    #expect(all.mojoFM >= structure.mojoFM, "\(all) against \(structure)")
    #expect(all.adjustedRandIndex >= structure.adjustedRandIndex, "\(all) against \(structure)")
  }

  @Test func `the known areas stand as lines too, for the command`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../fixtures/shop-monolith/truth.rsf").standardized
    let text = try String(contentsOf: folder, encoding: .utf8)
    // With their module, as `analyze graph` names them: so it is known to `metrics` and `cluster`.
    let named = try Self.known.get().map { ("ShopMonolith." + $0.key, $0.value) }
    let lines = try RigiStandardFormat.clustering(text)
    #expect(lines == Dictionary(uniqueKeysWithValues: named))
    let graph = DependencyEdges(try ShopMonolith.model.get(), level: .type)
    #expect(Set(lines.keys).isSubset(of: graph.nodes))
  }
}
