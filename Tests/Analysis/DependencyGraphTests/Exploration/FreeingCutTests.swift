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

  /// A service of a record, a helper that the other service refers to six times, and what only the
  /// helper refers to; another service of two types.
  private func helped(tables: [String]) -> Service.SmallestEdit {
    var model = CodeModel()
    model.files = [SourceFile(path: "Helped.swift", module: "App", lines: 9)]
    func position(_ line: Int) -> SourcePosition {
      SourcePosition(file: FileID(0), line: line, column: 1)
    }
    let names = ["Record", "Helper", "Helpers", "Other", "Others"]
    model.types = names.enumerated().map { index, name in
      TypeDeclaration(
        name: name, qualifiedName: name, module: "App", kind: .struct,
        position: position(index + 1), memberCount: 1)
    }
    func refer(_ from: Int, _ to: Int, times: Int) {
      for line in 0..<times {
        model.references.append(
          Reference(
            from: TypeID(from), to: TypeID(to), kind: .call, tier: .syntax, symbol: names[to],
            position: position(10 * to + line)))
      }
    }
    refer(3, 1, times: 6)
    refer(1, 2, times: 4)
    refer(1, 0, times: 1)
    refer(4, 3, times: 1)
    for table in ["records"] + tables {
      model.tableUses.append(
        TableUse(
          table: table, access: .maps, type: TypeID(0), function: "", inTransaction: false,
          position: position(1)))
    }
    for table in tables {
      model.tableUses.append(
        TableUse(
          table: table, access: .writes, type: TypeID(1), function: "", inTransaction: false,
          position: position(2)))
    }
    model.routes = [0, 3, 4].map { type in
      RouteRegistration(
        method: "GET", path: "/\(names[type])", registeredBy: TypeID(type), handler: TypeID(type),
        position: position(9))
    }
    // A third service stands before the one that the helper belongs to.
    let assignment = ServiceAssignment(
      model, serviceOfType: [1, 1, 1, 2, 2], serviceCount: 3)
    return FreeingCut(model, CodeUnits(model), assignment, names: ["none", "one", "two"])
      .smallestEdit(freeing: 1)
  }

  @Test func `what only a moved type is tied to goes where that goes`() {
    let edit = helped(tables: [])
    #expect(edit.moves.map(\.type) == ["Helper", "Helpers"])
    #expect(edit.moves.allSatisfy { $0.from == "one" && $0.to == "two" })
    #expect(edit.places.count == 1)
  }

  @Test func `a move that leaves its tables behind is no advice`() {
    let edit = helped(tables: ["stock"])
    #expect(edit.moves == [] && edit.places.count == 6)
  }

  @Test func `cutting a chain in two places frees a service in its middle`() {
    let edit = search(types: 40).smallestEdit(freeing: 5)
    #expect(edit.moves.isEmpty)
    #expect(edit.places.map(\.location.line) == [20, 24])
  }
}
