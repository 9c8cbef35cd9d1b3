// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import Testing

@testable import SourceScanning

@Suite struct IndexUseTests {
  private func folder(_ sources: [String: String]) throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("index-" + UUID().uuidString)
    for (path, text) in sources {
      let file = folder.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return folder
  }

  private func scan(_ folder: URL, _ index: CompilerIndexUse) throws -> CodeModel {
    try SourceScanner(options: ScanOptions(threads: 2, index: index)).scan(folder: folder.path)
  }

  @Test func aStoreThatIsNotThereIsAnError() throws {
    let folder = try folder(["A.swift": "struct A {}"])
    defer { try? FileManager.default.removeItem(at: folder) }
    let error = #expect(throws: ScanError.self) {
      try scan(folder, .store(folder.path + "/nothing"))
    }
    #expect(error?.code == .indexUnavailable)
    #expect(error?.description.contains("no index store at") == true)
  }

  @Test func `an index that was asked for and is not there is a finding, and syntax is read`()
    throws
  {
    let folder = try folder(["A.swift": "struct A { let b: B }\nstruct B {}"])
    defer { try? FileManager.default.removeItem(at: folder) }
    var found = try scan(folder, .found)
    #expect(found.findings.map(\.id) == ["index-not-found"])
    #expect(found.findings.map(\.severity) == [.warning])
    found.findings = []
    #expect(try found == scan(folder, .none) && found.references.count == 1)
  }

  @Test(.enabled(if: BuildIndex.library != "", "needs a toolchain"))
  func `a store that holds nothing of the folder is a finding`() throws {
    let folder = try folder(["A.swift": "struct A {}", "store/v5/units/.keep": ""])
    defer { try? FileManager.default.removeItem(at: folder) }
    let model = try scan(folder, .store(folder.path + "/store"))
    #expect(model.findings.map(\.id) == ["index-covers-nothing"])
    #expect(model.findings.first?.message.contains("covers 0 of 1 file ") == true)
  }

  /// The overload that takes an `Int` leads to `Deep`; labels alone do not tell.
  @Test(.enabled(if: BuildIndex.library != "", "needs a toolchain"))
  func aCheckWithoutDependencies()
    throws
  {
    let folder = try folder([
      "Sources/App/Use.swift": """
      import NothingOfThisName
      struct Use {
        func run(_ other: Foreign) { pick(1).go(); other.go() }
        func pick(_ text: String) -> Flat { Flat() }
        func pick(_ number: Int) -> Deep { Deep() }
      }
      """,
      "Sources/App/Types.swift": """
      struct Flat { func go() {} }
      struct Deep { func go() {} }
      """,
    ])
    defer { try? FileManager.default.removeItem(at: folder) }
    func calls(_ model: CodeModel) -> [String] {
      model.references.filter { $0.symbol == "go" }.map { reference in
        let name = model.types[Int(reference.to.index)].name
        return "\(name) \(reference.tier.rawValue)"
      }
    }
    #expect(calls(try scan(folder, .none)) == ["Flat syntax"])
    let checked = try scan(folder, .check)
    #expect(calls(checked) == ["Deep compilerIndex"])
    #expect(
      checked.findings.filter { $0.id == "index-coverage" }.map(\.message)
        .allSatisfy {
          $0.hasPrefix("the index of a check without dependencies covers 2 of 2 files")
        })
    #expect(checked.references.contains { $0.tier == .compilerIndex && $0.symbol == "Flat" })
  }
}
