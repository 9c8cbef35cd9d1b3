// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Testing

@Suite struct ModuleVisibilityTests {
  @Test func sameNameInTwoModulesFollowsTheImport() {
    let pairs = InlineSources([
      "Sources/A/Order.swift": "public struct Order { public init() {} }",
      "Sources/B/Order.swift": "public struct Order { public init() {} }",
      "Sources/C/Use.swift": "import B\nstruct Use { var order: Order }",
    ])
    let model = pairs.model()
    let target = model.references.map { model.types[Int($0.to.index)].module }
    #expect(target == ["B"])
  }

  @Test func withoutImportNothingIsVisible() {
    let sources = InlineSources([
      "Sources/A/Order.swift": "public struct Order {}",
      "Sources/C/Use.swift": "struct Use { var order: Order }",
    ])
    #expect(sources.edges() == [])
  }

  @Test func exportedImportsArePassedOn() {
    let sources = InlineSources([
      "Sources/A/Order.swift": "public struct Order {}",
      "Sources/B/Exports.swift": "@_exported import A",
      "Sources/C/Use.swift": "import B\nstruct Use { var order: Order }",
    ])
    #expect(sources.edges() == ["Use -> Order storedProperty"])
  }

  @Test func qualifiedNameSaysWhichModule() {
    let sources = InlineSources([
      "Sources/A/Order.swift": "public struct Order {}",
      "Sources/B/Order.swift": "struct Order {}\nimport A\nstruct Use { var order: A.Order }",
    ])
    let model = sources.model()
    let target = model.references.map { model.types[Int($0.to.index)].module }
    #expect(target == ["A"])
  }

  @Test func privateTypesOfAnotherFileAreInvisible() {
    let sources = InlineSources([
      "Sources/A/One.swift": "private struct Cache {}",
      "Sources/A/Two.swift": "struct Use { var cache: Cache }",
    ])
    #expect(sources.edges() == [])
  }

  @Test func inactiveBranchesMakeNoEdges() {
    let source = """
      struct Linux {}; struct Mac {}; struct Two {}; struct Old {}
      struct Use {
        #if os(Linux) && !os(macOS)
        var a: Linux
        #else
        var a: Mac
        #endif
        #if canImport(Missing)
        var b: Old
        #elseif swift(>=5.9)
        var b: Two
        #endif
      }
      """
    #expect(
      InlineSources(source).edges() == ["Use -> Linux storedProperty", "Use -> Two storedProperty"])
  }
}
