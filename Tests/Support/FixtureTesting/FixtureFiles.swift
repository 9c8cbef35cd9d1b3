// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// Finds the files of the fixtures from where this source lies.
package enum FixtureFiles {
  /// `path` is relative to the folder `fixtures`.
  package static func url(_ path: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "fixtures").appending(path: path)
  }
}
