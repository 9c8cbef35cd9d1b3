// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite struct LayoutTests {
  @Test func `top level holds the fixed entries and dotfiles only`() throws {
    let fixed: Set = ["Package.swift", "Sources", "Tests", "fixtures", "playbooks", "README.md"]
    let produced: Set = ["Package.resolved"]
    let entries = try FileManager.default.contentsOfDirectory(
      atPath: SourceTree.root.path(percentEncoded: false))
    let visible = Set(entries.filter { !$0.hasPrefix(".") }).subtracting(produced)
    #expect(visible == fixed)
  }

  @Test func `the root manifest is the only one`() {
    let nested = SourceTree.shared.swiftFiles.filter { $0.path.hasSuffix("/Package.swift") }
    #expect(nested.map(\.path) == [])
  }

  @Test func `no folder holds more than 15 Swift files`() {
    let folders = Dictionary(grouping: SourceTree.shared.swiftFiles, by: \.folder)
    #expect(folders.count > 10)
    let crowded = folders.filter { $0.value.count > 15 }.map { "\($0.key): \($0.value.count)" }
    #expect(crowded.sorted() == [])
  }

  @Test func `every Swift file starts with its licence`() {
    let line = "// SPDX-License-Identifier: Apache-2.0"
    let bare = SourceTree.shared.swiftFiles.filter { $0.lines.first.map(String.init) != line }
    #expect(bare.map(\.path) == [])
  }

  @Test func `file names say nothing vague`() {
    let vague = ["Utils", "Util", "Common", "Manager", "Helper", "Helpers", "Misc", "Extensions"]
    let offenders = SourceTree.shared.swiftFiles.filter { file in
      // A fixture may imitate the legacy it stands for.
      !file.path.hasPrefix("fixtures/")
        && vague.contains { file.path.hasSuffix("/\($0).swift") || file.path.contains("/\($0)/") }
    }
    #expect(offenders.map(\.path) == [])
  }
}
