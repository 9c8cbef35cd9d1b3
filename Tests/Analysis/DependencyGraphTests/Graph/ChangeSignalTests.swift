// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import DependencyGraph

@Suite struct ChangeSignalTests {
  /// Four types in four files without a reference; two pairs change together.
  private var model: CodeModel {
    let files = ["A", "B", "C", "D"].map {
      SourceFile(path: "Sources/App/\($0).swift", module: "App", lines: 10)
    }
    let types = files.indices.map { index in
      TypeDeclaration(
        name: "T\(index)", qualifiedName: "T\(index)", module: "App", kind: .struct,
        position: SourcePosition(file: FileID(index), line: 1, column: 8), memberCount: 1)
    }
    let history = ChangeHistory(
      commits: 20,
      coChanges: [
        .init(first: FileID(0), second: FileID(2), shared: 9, degree: 0.9, weight: 9),
        .init(first: FileID(1), second: FileID(3), shared: 5, degree: 0.4, weight: 1),
      ],
      authorship: [
        .init(file: FileID(0), author: "Ada", changes: 3),
        .init(file: FileID(2), author: "Bob", changes: 7),
        .init(file: FileID(2), author: "Ada", changes: 1),
      ])
    return CodeModel(files: files, types: types, history: history)
  }

  private func edges(_ weights: SignalWeights) -> Int {
    EvidenceGraph(UnitFacts(model), weights: weights).flow.edges.count
  }

  @Test func filesThatChangeTogetherAreTied() {
    var weights = SignalWeights.structureOnly
    #expect(edges(weights) == 0)
    weights.changes = 0.2
    // Each pair is a node of its own, tied to both units.
    #expect(edges(weights) == 4)
  }

  @Test func evidenceNamesThePair() {
    let changes = UnitFacts(model).changes
    #expect(
      changes.map(\.identity) == [
        "changes Sources/App/A.swift Sources/App/C.swift",
        "changes Sources/App/B.swift Sources/App/D.swift",
      ])
    #expect(changes[0].holders.map(\.unit) == [0, 2])
    #expect(changes[0].holders[0].weight > changes[1].holders[0].weight)
  }

  @Test func authorsOfFilesAreSummed() {
    let authors = model.history?.authors(of: [FileID(0), FileID(2)]) ?? []
    #expect(authors.map(\.name) == ["Bob", "Ada"])
    #expect(authors.map(\.changes) == [7, 4])
  }

  @Test func renumberingKeepsTheHistory() {
    var shuffled = model
    shuffled.files.reverse()
    for index in shuffled.types.indices {
      shuffled.types[index].position.file = FileID(3 - index)
    }
    shuffled.history = shuffled.history?.renumbered { FileID(3 - Int($0.index)) }
    #expect(shuffled.canonical().history == model.canonical().history)
    #expect(model.canonical().history == model.history)
  }
}
