// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// A folder for the demonstration's databases and configuration, removed at the end.
struct Workspace: Sendable {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appending(path: "strangler-demo-\(UUID().uuidString.lowercased())")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
  }

  /// Path of a file in the folder.
  func path(_ name: String) -> String {
    folder.appending(path: name).path(percentEncoded: false)
  }

  /// Writes a text file and returns its path.
  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: folder.appending(path: name))
    return path(name)
  }

  /// The first line of a file in the folder.
  func firstLine(of name: String) throws -> String {
    String(try String(contentsOfFile: path(name), encoding: .utf8).prefix { !$0.isNewline })
  }

  /// Removes the folder.
  func remove() { try? FileManager.default.removeItem(at: folder) }
}
