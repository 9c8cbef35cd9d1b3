// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import Playbooks
internal import SpellingSuggestions

/// The `--playbooks` option: where playbooks are.
struct PlaybookOption: ParsableArguments {
  @Option(
    name: .customLong("playbooks"),
    help: ArgumentHelp(
      "Folder of the playbooks; looked for in the working folder and above when not given.",
      valueName: "folder"))
  var folder: String?

  func open() throws -> PlaybookFolder {
    if let folder { return try PlaybookFolder(URL(filePath: folder)) }
    var place = URL(filePath: FileManager.default.currentDirectoryPath).standardizedFileURL
    while true {
      let candidate = place.appending(path: PlaybookFolder.name)
      if !PlaybookFolder.names(in: candidate).isEmpty { return try PlaybookFolder(candidate) }
      let above = place.deletingLastPathComponent()
      guard above.path.count < place.path.count else { break }
      place = above
    }
    throw CommandFailure.unusable(
      "there is no folder \(PlaybookFolder.name) with playbooks here or above; name one with "
        + "--playbooks")
  }
}

/// A folder of playbooks, in the order of their numbers.
struct PlaybookFolder {
  static let name = "playbooks"
  private static let ending = ".md"

  let playbooks: [Playbook]
  /// The folder that holds it, in which every playbook begins.
  let root: URL
  private let folder: URL

  init(_ folder: URL) throws {
    let names = Self.names(in: folder)
    guard !names.isEmpty else {
      throw CommandFailure.unusable(
        "\(folder.path(percentEncoded: false)) holds no playbook: files such as 01-begin.md")
    }
    playbooks = try names.map { name in
      let text = try InputFile.text(
        folder.appending(path: name + Self.ending).path(percentEncoded: false))
      do throws(PlaybookError) {
        return try Playbook(name: name, text: text)
      } catch {
        throw CommandFailure.unusable("\(folder.lastPathComponent)/\(name).md: \(error)")
      }
    }
    self.folder = folder
    root = folder.standardizedFileURL.resolvingSymlinksInPath().deletingLastPathComponent()
  }

  /// Names of the files with a number, without their endings; other pages are no playbooks.
  static func names(in folder: URL) -> [String] {
    let files = try? FileManager.default.contentsOfDirectory(
      atPath: folder.path(percentEncoded: false))
    return (files ?? []).filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }
      .filter { Playbook.number(of: $0) != nil }.sorted()
  }

  /// As a reader names it from the root.
  func file(_ playbook: Playbook) -> String {
    "\(folder.lastPathComponent)/\(playbook.name)\(Self.ending)"
  }

  /// The one that is meant by its number, its name with or without it, or its file.
  func playbook(_ name: String) throws -> Playbook {
    let meant = (name.split(separator: "/").last.map(String.init) ?? name)
    let stem = meant.hasSuffix(Self.ending) ? String(meant.dropLast(Self.ending.count)) : meant
    let found = playbooks.filter { playbook in
      playbook.name == stem || playbook.shortName == stem || Int(stem) == playbook.number
    }
    if let only = found.first, found.count == 1 { return only }
    guard found.isEmpty else {
      throw CommandFailure.unusable(
        "several playbooks are called \(name): \(found.map(\.name).joined(separator: ", "))")
    }
    let near = Spelling.nearest(to: stem, among: playbooks.map(\.shortName))
    throw CommandFailure.unusable(
      near.map { "there is no playbook \(name); did you mean \($0)?" }
        ?? "there is no playbook \(name); there are "
        + playbooks.map(\.name).joined(separator: ", "))
  }
}
