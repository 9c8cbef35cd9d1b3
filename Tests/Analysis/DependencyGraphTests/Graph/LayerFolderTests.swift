// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

@Suite struct LayerFolderTests {
  /// Six areas of four types that refer to each other, in folders of areas or of layers.
  private static func facts(layered: Bool) -> UnitFacts {
    var builder = ModelBuilder()
    let kinds = ["Door", "Brain", "Shelf", "Paper"]
    for area in 0..<6 {
      for kind in kinds {
        builder.type(
          "\(kind)\(area)", folder: layered ? "\(kind)Floor" : "Area\(area)")
      }
      for (first, second) in zip(kinds, kinds.dropFirst()) {
        builder.refer("\(first)\(area)", "\(second)\(area)", .call, times: 2)
      }
    }
    return UnitFacts(builder.model.canonical())
  }

  @Test func `folders that cut across the references tell no area, whatever their name`() {
    let facts = Self.facts(layered: true)
    #expect(
      facts.layers == [
        "/Sources/BrainFloor", "/Sources/DoorFloor", "/Sources/PaperFloor", "/Sources/ShelfFloor",
      ])
    #expect(!facts.folders.contains { $0.identity.hasSuffix("Floor") })
  }

  @Test func `folders of areas keep their weight`() {
    let facts = Self.facts(layered: false)
    #expect(facts.layers == [])
    let areas = facts.folders.filter { $0.identity.contains("Area") }
    #expect(areas.count == 6 && areas.allSatisfy { $0.holders.allSatisfy { $0.weight == 1 } })
  }
}
