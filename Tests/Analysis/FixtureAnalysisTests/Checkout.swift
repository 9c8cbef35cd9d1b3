// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Sources of other packages, where the build has checked them out anyway.
enum Checkout {
  private static let all = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../../.build/checkouts").standardized

  /// - Parameter path: a package, or a folder of one.
  static func folder(_ path: String) -> String {
    all.appending(path: path).path(percentEncoded: false)
  }

  static func has(_ path: String) -> Bool { FileManager.default.fileExists(atPath: folder(path)) }
}
