// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Stands for the program that runs: what it keeps, only the same build of it reads again.
///
/// Facts depend on everything that makes them, the parser included, and on how they are written. A
/// number to be raised by hand would be forgotten one day, and old facts would then be read as new
/// ones. A build that did not change the program leaves its file alone, so the cache survives it.
enum ProgramIdentity {
  /// `nil` where the program's file cannot be found: nothing should be kept then.
  static let current: UInt64? = Bundle.main.executablePath.flatMap(identity)

  /// Size, time and number of a file: they change when it is written anew.
  static func identity(ofFile path: String) -> UInt64? {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      let size = attributes[.size] as? NSNumber,
      let number = attributes[.systemFileNumber] as? NSNumber,
      let time = FileTime.modification(of: path)
    else { return nil }
    return ContentHash("\(size) \(number) \(time)".utf8).low
  }
}
