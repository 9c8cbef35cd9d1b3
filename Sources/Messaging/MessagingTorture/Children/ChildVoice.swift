// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import TortureModel

/// How a process of a run speaks with the rig: records out, orders in.
final class ChildVoice: Sendable {
  /// Says it, before anything else happens. A line is short enough to be written whole or not at
  /// all, and what is in the pipe outlives the process.
  func tell(_ record: TortureRecord) {
    FileHandle.standardOutput.write(Data((record.line + "\n").utf8))
  }

  /// The machine's monotonic clock in nanoseconds, the same for all processes.
  static func now() -> Int64 { Int64(DispatchTime.now().uptimeNanoseconds) }

  /// The first line of standard input.
  func assignment() throws -> TortureAssignment {
    guard let line = readLine() else { throw TortureFailure("no assignment was given") }
    return try JSONDecoder().decode(TortureAssignment.self, from: Data(line.utf8))
  }

  /// Passes on every further line; ends the process with the rig, however that one ends.
  func listen(_ take: @escaping @Sendable (TortureOrder) -> Void) {
    Thread {
      while let line = readLine() {
        if let order = TortureOrder(line: line) { take(order) }
      }
      exit(0)
    }.start()
  }
}

/// Why a run could not be made, for the person who wanted it.
package struct TortureFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
