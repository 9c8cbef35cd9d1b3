// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import Testing

@testable import SourceScanning

/// Real repositories, made for one test.
@Suite struct RepositoryHistoryTests {
  private func git(_ arguments: String..., in folder: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["git", "-C", folder, "-c", "user.name=Ada", "-c", "user.email=ada@example.org"] + arguments
    process.environment = ProcessInfo.processInfo.environment
      .filter { !$0.key.hasPrefix("GIT_") }
      .merging(["HOME": folder, "XDG_CONFIG_HOME": folder, "GIT_CONFIG_NOSYSTEM": "1"]) { $1 }
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let said = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(
      process.terminationStatus == 0, "git \(arguments): \(String(decoding: said, as: UTF8.self))")
  }

  private func repository() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try git("init", "-q", in: folder.path)
    for round in 0..<6 {
      try folder.write("struct A { let round = \(round) }\n", to: "App/Sources/App/Old.swift")
      try folder.write("struct B { let round = \(round) }\n", to: "App/Sources/App/B.swift")
      try git("add", ".", in: folder.path)
      try git("commit", "-q", "-m", "round", in: folder.path)
    }
    try git(
      "mv", "App/Sources/App/Old.swift", "App/Sources/App/A.swift", in: folder.path)
    try git("commit", "-q", "-m", "rename", in: folder.path)
    return folder
  }

  @Test func historyOfASubfolder() throws {
    let folder = try repository()
    let options = ScanOptions(threads: 1, readsHistory: true)
    let model = try SourceScanner(options: options).scan(folder: folder.path + "/App")
    let history = try #require(model.history)
    #expect(history.commits == 7)
    #expect(history.coChanges.map(\.shared) == [6])
    #expect(history.authorship.map(\.changes) == [6, 6])
    #expect(Set(history.authorship.map(\.author)) == ["Ada"])
    #expect(model.findings.isEmpty)
  }

  @Test func shallowCloneIsAFinding() throws {
    let folder = try repository()
    let clone = try ScratchFolder()
    try git(
      "clone", "-q", "--depth", "2", "file://" + folder.path, clone.path + "/x", in: clone.path)
    let options = ScanOptions(threads: 1, readsHistory: true)
    let model = try SourceScanner(options: options).scan(folder: clone.path + "/x")
    #expect(model.history?.commits == 2)
    #expect(model.findings.map(\.id) == ["shallow-clone"])
  }

  @Test func folderWithoutGitIsAFinding() throws {
    let folder = try ScratchFolder()
    try folder.write("struct A {}", to: "A.swift")
    let options = ScanOptions(threads: 1, readsHistory: true)
    let model = try SourceScanner(options: options).scan(folder: folder.path)
    #expect(model.history == nil)
    #expect(model.findings.map(\.id) == ["no-history"])
  }

  @Test func `a repository without a commit has no history, and says why`() throws {
    let folder = try ScratchFolder()
    try git("init", "-q", in: folder.path)
    try folder.write("struct A {}", to: "A.swift")
    let options = ScanOptions(threads: 1, readsHistory: true)
    let model = try SourceScanner(options: options).scan(folder: folder.path)
    #expect(model.history == nil)
    #expect(model.findings.map(\.id) == ["no-history"])
    #expect(model.findings.first?.message.hasPrefix("git tells no commit here (status ") == true)
  }

  @Test func whatAUserConfiguresChangesNothing() throws {
    let folder = try repository()
    try folder.write("struct A { let last = 1 }\n", to: "App/Sources/App/A.swift")
    try folder.write("struct B { let last = 1 }\n", to: "App/Sources/App/B.swift")
    try git(
      "-c", "user.name=Zoë 文", "commit", "-q", "-a", "-m", "last", in: folder.path)
    try folder.write("Somebody Else <ada@example.org>\n", to: "names")
    try folder.write("App/Sources/App/B.swift\n", to: "order")
    let options = ScanOptions(threads: 1, readsHistory: true)
    let plain = try SourceScanner(options: options).scan(folder: folder.path + "/App")
    // One author by the address, under the newest name.
    #expect(Set(plain.history?.authorship.map(\.author) ?? []) == ["Zoë 文"])
    for (name, value) in [
      ("diff.relative", "true"), ("color.ui", "always"), ("color.diff", "always"),
      ("core.quotepath", "true"), ("log.showSignature", "true"), ("log.showRoot", "false"),
      ("log.follow", "true"), ("log.mailmap", "false"), ("mailmap.file", folder.path + "/names"),
      ("diff.renames", "false"), ("diff.renames", "copies"), ("diff.renameLimit", "1"),
      ("diff.orderFile", folder.path + "/order"), ("i18n.logOutputEncoding", "ISO-8859-1"),
      ("diff.external", "false"), ("diff.noprefix", "true"), ("log.date", "raw"),
      ("log.decorate", "full"), ("log.diffMerges", "on"), ("format.pretty", "fuller"),
      ("notes.displayRef", "*"), ("diff.ignoreSubmodules", "all"), ("diff.wsErrorHighlight", "all"),
    ] {
      try git("config", name, value, in: folder.path)
      let model = try SourceScanner(options: options).scan(folder: folder.path + "/App")
      #expect(model.history == plain.history, "\(name) = \(value)")
      #expect(model.findings == plain.findings, "\(name) = \(value)")
    }
  }

  @Test func whatARepositoryConfiguresIsNotRun() throws {
    let folder = try repository()
    let mark = folder.path + "/was-run"
    try folder.write("#!/bin/sh\ntouch \(mark)\n", to: "hook.sh")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: folder.path + "/hook.sh")
    let script = "\(folder.path)/hook.sh"
    let configuration = """

      [core]
      fsmonitor = \(script)
      pager = \(script)
      [diff]
      external = \(script)
      [gpg]
      program = \(script)
      [log]
      showSignature = true

      """
    let file = try #require(FileHandle(forWritingAtPath: folder.path + "/.git/config"))
    try file.seekToEnd()
    try file.write(contentsOf: Data(configuration.utf8))
    try file.close()
    let model = try SourceScanner(options: ScanOptions(threads: 1, readsHistory: true))
      .scan(folder: folder.path)
    #expect(model.history?.commits == 7)
    #expect(!FileManager.default.fileExists(atPath: mark))
  }
}
