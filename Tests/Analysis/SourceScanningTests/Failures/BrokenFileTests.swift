// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import Testing

@testable import SourceScanning

@Suite struct BrokenFileTests {
  @Test func fileThatDoesNotParseKeepsWhatIsReadable() throws {
    let folder = try ScratchFolder()
    try folder.write("struct A {}\nstruct B { var a: A\nfunc f( {\n", to: "Broken.swift")
    let model = try SourceScanner().scan(folder: folder.path)
    #expect(model.findings.map(\.id) == ["parse-failure"])
    #expect(model.findings[0].severity == .warning)
    #expect(model.findings[0].locations[0].line >= 2)
    #expect(model.types.map(\.name).contains("A"))
  }

  @Test func invalidUTF8IsAFindingAndTheRestIsRead() throws {
    let folder = try ScratchFolder()
    try folder.write(
      Array("struct A {} // ".utf8) + [0xff, 0xfe] + Array("\n".utf8), to: "A.swift")
    let model = try SourceScanner().scan(folder: folder.path)
    #expect(model.findings.map(\.id) == ["invalid-utf8"])
    #expect(model.types.map(\.name) == ["A"])
  }

  @Test func hugeFileIsLeftOut() throws {
    let folder = try ScratchFolder()
    try folder.write("struct A {}\n", to: "A.swift")
    try folder.write(String(repeating: "// long\n", count: 200), to: "Huge.swift")
    let model = try SourceScanner(options: ScanOptions(maximumFileBytes: 1_000))
      .scan(folder: folder.path)
    #expect(model.findings.map(\.id) == ["file-too-large"])
    #expect(model.findings[0].message.contains("1600 bytes"))
    #expect(model.files.map(\.path) == ["A.swift", "Huge.swift"])
  }

  @Test(.timeLimit(.minutes(3)))
  func aFileOfAHundredThousandLinesIsReadToItsEnd() throws {
    let folder = try ScratchFolder()
    let blank = String(repeating: "\n", count: 95)
    let text = (0..<1_000).map { number in
      """
      struct Row\(number) {
        // \(number)
        var next: Row\((number + 1) % 1_000)? { nil }
      }
      func row\(number)() {}
      \(blank)
      """
    }
    try folder.write(text.joined(separator: "\n"), to: "Long.swift")
    let model = try SourceScanner().scan(folder: folder.path)
    #expect(model.files.map(\.lines) == [100_999])
    #expect(model.types.count { $0.kind == .struct } == 1_000)
    #expect(model.references.count == 1_000 && model.findings.map(\.id) == ["large-file"])
    #expect(model.types.map(\.position.line).max() == 100_900)
  }

  @Test func emptyFileIsFine() throws {
    let folder = try ScratchFolder()
    try folder.write("", to: "Empty.swift")
    let model = try SourceScanner().scan(folder: folder.path)
    #expect(model.findings.isEmpty)
    #expect(model.files.count == 1)
  }

  @Test func nulBytesAndCarriageReturns() throws {
    let folder = try ScratchFolder()
    try folder.write("struct A {}\r\n\u{0}struct B { var a: A }\r\n", to: "A.swift")
    let model = try SourceScanner().scan(folder: folder.path)
    #expect(model.types.map(\.name) == ["A", "B"])
  }
}
