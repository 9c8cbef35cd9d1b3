// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Times of files in nanoseconds since 1970. What does not fit, before 1677 and after 2262, is the
/// earliest or latest time that does: such times are set by hand, and only their order counts.
enum FileTime {
  /// When a file was last written; `nil` when there is none.
  static func modification(of path: String) -> Int64? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.modificationDate] as? Date)
      .map { nanoseconds(seconds: $0.timeIntervalSince1970) }
  }

  static func nanoseconds(seconds: Double) -> Int64 {
    let nanoseconds = seconds * 1_000_000_000
    return Int64(exactly: nanoseconds.rounded(.towardZero)) ?? (seconds < 0 ? .min : .max)
  }

  static func nanoseconds(seconds: Int64, nanoseconds: Int64) -> Int64 {
    let (whole, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isBeyond) = whole.addingReportingOverflow(nanoseconds)
    return isTooLarge || isBeyond ? (seconds < 0 ? .min : .max) : sum
  }
}
