// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DependencyGraph

@Suite struct FreeingCutTests {
  /// A chain of types, each of which uses the next one, in services of four.
  private func search(types count: Int) -> FreeingCut {
    var model = CodeModel()
    model.files = [SourceFile(path: "Chain.swift", module: "App", lines: count)]
    func position(_ line: Int) -> SourcePosition {
      SourcePosition(file: FileID(0), line: line + 1, column: 1)
    }
    model.types = (0..<count).map {
      TypeDeclaration(
        name: "T\($0)", qualifiedName: "T\($0)", module: "App", kind: .struct,
        position: position($0), memberCount: 1)
    }
    model.references = (0..<count - 1).map {
      Reference(
        from: TypeID($0), to: TypeID($0 + 1), kind: .call, tier: .syntax, symbol: "next",
        position: position($0))
    }
    let services = count / 4
    let assignment = ServiceAssignment(
      model, serviceOfType: (0..<count).map { $0 / 4 }, serviceCount: services)
    return FreeingCut(
      model, CodeUnits(model), assignment, names: (0..<services).map { "service\($0)" })
  }

  @Test(arguments: [40, 400]) func `a search looks at what touches its service alone`(count: Int) {
    let search = search(types: count)
    let looked = (0..<count / 4).map { search.movable($0).count }
    // Its four types, and one on either side.
    #expect(looked.max() == 6)
    #expect(looked.reduce(0, +) == 6 * count / 4 - 2)
  }

  @Test func `cutting a chain in two places frees a service in its middle`() {
    let edit = search(types: 40).smallestEdit(freeing: 5)
    #expect(edit.moves.isEmpty)
    #expect(edit.places.map(\.location.line) == [20, 24])
  }
}
