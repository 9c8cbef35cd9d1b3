// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Compares text with a file under `fixtures/golden`. With `STRANGLER_RECORD_GOLDEN=1` the file is
/// written instead and the test fails, so that nobody records by accident.
enum GoldenFile {
  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../../fixtures/golden").standardized

  static func expect(
    _ text: String, equals name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let file = folder.appending(path: name)
    if ProcessInfo.processInfo.environment["STRANGLER_RECORD_GOLDEN"] == "1" {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
      Issue.record("recorded \(name); run again without recording", sourceLocation: sourceLocation)
      return
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    guard text != expected else { return }
    let lines = zip(text.split(separator: "\n"), expected.split(separator: "\n"))
    let first = lines.first { $0.0 != $0.1 }
    Issue.record(
      """
      differs from fixtures/golden/\(name), first in
        now:      \(first?.0 ?? "(length)")
        expected: \(first?.1 ?? "(length)")
      """, sourceLocation: sourceLocation)
  }
}
