// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A system call that failed, or a state of affairs that makes measuring pointless.
struct BenchmarkError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// The call that just failed, with what `errno` says.
  init(call: String) { description = "\(call) failed: \(String(cString: strerror(errno)))" }

  /// Passes a call's result on; negative ones throw.
  @discardableResult
  static func check(_ result: Int32, _ call: @autoclosure () -> String) throws -> Int32 {
    if result < 0 { throw BenchmarkError(call: call()) }
    return result
  }
}
