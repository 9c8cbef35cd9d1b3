// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import Testing

@testable import SourceScanning

/// Manifests that nobody would write, and that somebody will.
@Suite(.timeLimit(.minutes(1))) struct ManifestTests {
  private static let good = """
    // swift-tools-version:6.0
    import PackageDescription
    let package = Package(name: "x", targets: [.target(name: "Core", path: "Code/Core")])
    """

  private func reader(_ text: String) -> ManifestReader { ManifestReader(bytes: Array(text.utf8)) }

  @Test func `what is written plainly is read`() {
    let reader = reader(Self.good)
    #expect(reader.targets == [.init(name: "Core", path: "Code/Core")])
    #expect(reader.problem == nil)
  }

  @Test(arguments: [
    "[", "[(", "[a: ", "[.x, ", "(", "{", "{ (", "<", "f(", "f { ", "[[String: ", "a.b(c: [",
    "#if A\n",
    "if a { ", "switch a { case ", "\"\\(", "\"\"\"\n\\(", "@a(", "/*", "-", "!", "&", "try ",
    "await ",
    "a ? b : ", "a ? ", "x: [", ".target(name: \"", "[[", "[{", "{[", "([", "let a: [", "as [",
    "[] + [", "[/**/", "[//\n", "[/* = /* \" */ */",
  ])
  func `towers of anything end soon, with a problem and without a crash`(piece: String) {
    for height in [40, 80] {
      let reader = reader(String(repeating: piece, count: height))
      #expect(reader.problem != nil, "\(height) times \(piece)")
    }
  }

  @Test(arguments: [
    ".a()", " + a", ".b", "[0]", "!", "?.c", ", a", "\n#if A\n#endif", ";a", " { $0 }",
  ])
  func `long chains are cut and do not overflow a stack`(piece: String) {
    let text = "let package = a" + String(repeating: piece, count: 1_000)
    let reader = reader(Self.good + "\n" + text)
    #expect(reader.targets == [.init(name: "Core", path: "Code/Core")])
  }

  @Test(arguments: [
    "", "\u{0}", "\u{FEFF}", "let", "\"", "\"\"\"", "#", "\\", "}", ")]}", "\r\n\r", "import",
    ".target(", ".target(name: )", ".target(name: \"a\", path: )", "`", "/", "/*/*",
    ".default(enabledTraits: [\"@file\", \"-D\"])", "\u{202E}\u{1B}[31m",
  ])
  func `pieces give what they hold`(text: String) {
    let reader = reader(text)
    #expect(reader.defines == [])
    #expect(reader.targets.allSatisfy { $0.name == "a" })
  }

  @Test func `bytes that are no text are read around`() {
    var bytes: [UInt8] = [0xFF, 0xFE, 0x00, 0xC3]
    bytes += Array(("\n" + Self.good).utf8)
    #expect(ManifestReader(bytes: bytes).targets == [.init(name: "Core", path: "Code/Core")])
  }

  @Test func `what is too large, too deep or cannot be read is a finding, and folders decide`()
    throws
  {
    for (text, part) in [
      (String(repeating: "[", count: 40), "is nested too deeply"),
      ("let a = " + String(repeating: "a+", count: ManifestReader.sizeLimit / 2), "has more than"),
      ("let package = Package(name: ", "does not parse"),
    ] {
      let folder = try ScratchFolder()
      try folder.write(text, to: "Package.swift")
      try folder.write("struct A {}\n", to: "Sources/Core/A.swift")
      let model = try SourceScanner().scan(folder: folder.path)
      #expect(model.files.map(\.module) == ["Core"])
      let finding = try #require(model.findings.first { $0.id == "manifest-not-read" })
      #expect(finding.message.contains("Package.swift " + part), "\(finding.message)")
    }
    #expect(ManifestReader(bytes: nil).problem == .unreadable)
  }
}
