// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import Testing

@testable import SourceScanning

@Suite struct FolderTests {
  @Test func missingFolder() throws {
    let folder = try ScratchFolder()
    let error = #expect(throws: ScanError.self) {
      try SourceScanner().scan(folder: folder.path + "/nothing")
    }
    #expect(error?.code == .missing)
    #expect(error?.description.hasPrefix("no such folder") == true)
  }

  @Test func fileInsteadOfFolder() throws {
    let folder = try ScratchFolder()
    try folder.write("struct A {}", to: "A.swift")
    let error = #expect(throws: ScanError.self) {
      try SourceScanner().scan(folder: folder.path + "/A.swift")
    }
    #expect(error?.code == .notAFolder)
  }

  @Test func folderWithoutSwift() throws {
    let folder = try ScratchFolder()
    try folder.write("hello", to: "README.md")
    let error = #expect(throws: ScanError.self) { try SourceScanner().scan(folder: folder.path) }
    #expect(error?.code == .noSources)
    #expect(error?.leftOut == 0)
  }

  @Test func folderWithTestsOnlySaysSo() throws {
    let folder = try ScratchFolder()
    try folder.write("struct A {}", to: "Tests/AppTests/A.swift")
    let error = #expect(throws: ScanError.self) { try SourceScanner().scan(folder: folder.path) }
    #expect(error?.leftOut == 1)
    let model = try SourceScanner(options: ScanOptions(includeTests: true)).scan(
      folder: folder.path)
    #expect(model.types.count == 1)
  }

  @Test func whatIsLeftOutIsCounted() throws {
    let folder = try ScratchFolder()
    try folder.write("struct A {}", to: "Sources/App/A.swift")
    try folder.write("struct T {}", to: "Tests/AppTests/T.swift")
    try folder.write("struct G {}", to: "Sources/App/G.pb.swift")
    try folder.write("// DO NOT EDIT\nstruct H {}", to: "Sources/App/H.swift")
    try folder.write("struct B {}", to: ".build/checkouts/x/B.swift")
    try folder.write("struct P {}", to: "Pods/P.swift")
    let model = try SourceScanner().scan(folder: folder.path)
    #expect(model.types.map(\.name) == ["A"])
    #expect(
      model.findings.map(\.message) == [
        "1 test file was left out", "2 generated files were left out",
      ])
    let all = try SourceScanner(options: ScanOptions(includeTests: true, includeGenerated: true))
      .scan(folder: folder.path)
    #expect(all.types.map(\.name) == ["A", "G", "H", "T"])
  }

  @Test func `a folder of sources is read with the manifest above it`() throws {
    let folder = try ScratchFolder()
    try folder.write(
      "let p = Package(targets: [.target(name: \"Core\", path: \"Sources/Area/Core\")])",
      to: "Package.swift")
    try folder.write("struct A {}", to: "Sources/Area/Core/A.swift")
    try folder.write("struct B {}", to: "Sources/App/B.swift")
    let scanner = SourceScanner()
    #expect(
      try scanner.scan(folder: folder.path + "/Sources").files.map(\.module) == ["App", "Core"])
    #expect(try scanner.scan(folder: folder.path + "/Sources/Area").files[0].module == "Core")
    // Not beyond the repository.
    try FileManager.default.createDirectory(
      atPath: folder.path + "/Sources/.git", withIntermediateDirectories: false)
    #expect(
      try scanner.scan(folder: folder.path + "/Sources").files.map(\.module) == ["App", "Area"])
  }

  @Test func linksAreNotFollowed() throws {
    let folder = try ScratchFolder()
    try folder.write("struct A {}", to: "Sources/App/A.swift")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/Sources/App/loop", withDestinationPath: folder.path)
    let model = try SourceScanner().scan(folder: folder.path)
    #expect(model.files.map(\.path) == ["Sources/App/A.swift"])
    #expect(
      model.findings.map(\.message) == ["1 symbolic link was not followed: Sources/App/loop"])
    #expect(model.findings.map(\.id) == ["symbolic-link"])
    #expect(model.files.first?.module == "App")
  }

  @Test func linksThatLoopAreFindings() throws {
    let folder = try ScratchFolder()
    try folder.write("struct A {}", to: "Sources/App/A.swift")
    for (link, target) in [
      ("self.swift", "self.swift"), ("there", "back"), ("back", "there"), ("up", "../.."),
      ("gone.swift", "/nowhere/at/all.swift"),
    ] {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path + "/Sources/App/" + link, withDestinationPath: target)
    }
    let model = try SourceScanner().scan(folder: folder.path)
    #expect(model.files.map(\.path) == ["Sources/App/A.swift"])
    #expect(
      model.findings.map(\.message) == [
        "5 symbolic links were not followed: the first is Sources/App/back"
      ])
  }

  @Test(.enabled(if: getuid() != 0, "the superuser may read everything"))
  func unreadableFileIsAFinding() throws {
    let folder = try ScratchFolder()
    try folder.write("struct A {}", to: "A.swift")
    try folder.write("struct B {}", to: "B.swift")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0], ofItemAtPath: folder.path + "/B.swift")
    let model = try SourceScanner().scan(folder: folder.path)
    #expect(model.findings.map(\.id) == ["unreadable-file"])
  }

  /// What the superuser sees too: nothing keeps it from reading, but a file can vanish between the
  /// listing and the reading, or be no file at all.
  @Test func fileThatVanishesIsAFindingAndTheRestIsRead() throws {
    let folder = try ScratchFolder()
    try folder.write("struct A { let b: B }\nstruct B {}", to: "A.swift")
    let modules = ModuleMap(manifests: [], sources: [], rootName: "x")
    let reader = FileReader(
      root: folder.path, options: ScanOptions(), modules: modules, conditions: BuildConditions())
    #expect(reader.read("Gone.swift").problems == [.unreadable])
    let read = ["A.swift", "Gone.swift"].map(reader.read)
    let model = ModelAssembly(options: ScanOptions(), discovery: .init(), read: read)
      .model { _, _ in }
    #expect(model.findings.map(\.id) == ["unreadable-file"])
    #expect(model.findings.first?.severity == .error)
    #expect(
      model.findings.first?.message == "Gone.swift cannot be read; check its permissions")
    #expect(model.references.count == 1)
  }
}
