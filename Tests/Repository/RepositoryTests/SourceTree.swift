// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The repository as the checks see it: every Swift file with its text, read once.
struct SourceTree: Sendable {
  struct File: Sendable {
    /// Path relative to the repository, such as `Sources/Proxy/HTTPExchange/RequestView.swift`.
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var folder: String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }
    /// `HTTPExchange` for the path above; nil outside of Sources.
    var target: String? {
      let parts = path.split(separator: "/")
      return parts.count > 3 && parts[0] == "Sources" ? String(parts[2]) : nil
    }
  }

  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static let shared = SourceTree(folders: ["Sources", "Tests", "fixtures"])

  let swiftFiles: [File]

  init(folders: [String]) {
    var files: [File] = []
    for folder in folders {
      for path in SourceTree.paths(under: folder) where path.hasSuffix(".swift") {
        let url = SourceTree.root.appending(path: path)
        guard let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
        files.append(File(path: path, text: text))
      }
    }
    swiftFiles = files
  }

  /// Paths of all regular files below a folder of the repository, sorted.
  static func paths(under folder: String) -> [String] {
    let base = root.appending(path: folder).path(percentEncoded: false)
    guard let names = FileManager.default.enumerator(atPath: base) else { return [] }
    return names.compactMap { $0 as? String }
      .filter { name in !name.split(separator: "/").contains { $0.hasPrefix(".") } }
      .map { folder + "/" + $0 }
      .filter { path in
        var isFolder: ObjCBool = false
        let full = root.appending(path: path).path(percentEncoded: false)
        return FileManager.default.fileExists(atPath: full, isDirectory: &isFolder)
          && !isFolder.boolValue
      }
      .sorted()
  }
}
