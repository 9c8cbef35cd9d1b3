// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The folder that holds this run's files; gone when the run ends.
final class ScratchFolder: Sendable {
  static let shared = ScratchFolder()

  private let folder = FileManager.default.temporaryDirectory
    .appending(path: "proxy-benchmark-\(ProcessInfo.processInfo.processIdentifier)")

  func path(_ name: String) throws -> String {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder.appending(path: name).path(percentEncoded: false)
  }

  func write(_ text: String, to name: String) throws -> String {
    let path = try path(name)
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  func names() -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)))
      ?? []
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }
}
