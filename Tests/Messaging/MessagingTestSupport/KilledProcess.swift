// SPDX-License-Identifier: Apache-2.0

package import Foundation
import TransactionalMessaging

/// A program of this package that is killed. Its lines are read on a thread of their own.
package final class KilledProcess: Sendable {
  private let process: Process
  private let output = Pipe()
  private let ended = WakeSignal()

  package init(_ program: String, _ arguments: String...) throws {
    let products = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    process = Process()
    process.executableURL = products.appendingPathComponent(program)
    process.arguments = arguments
    process.standardOutput = output
    process.terminationHandler = { [ended] _ in ended.raise() }
    try process.run()
  }

  /// - Returns: false when it ended before it wrote so many lines.
  package func read(_ lines: Int) async -> Bool {
    let output = output
    return await withCheckedContinuation { continuation in
      Thread {
        var left = lines
        while left > 0 {
          let data = output.fileHandleForReading.availableData
          guard !data.isEmpty else { break }
          left -= data.count { $0 == UInt8(ascii: "\n") }
        }
        continuation.resume(returning: left <= 0)
      }.start()
    }
  }

  package func killed() async -> Process.TerminationReason {
    kill(process.processIdentifier, SIGKILL)
    await ended.wait(after: 0)
    // The test's time may be up: what was killed ends all the same, and soon.
    while process.isRunning { await Task.yield() }
    return process.terminationReason
  }

  /// Nil when it did not end in the test's time.
  package func end() async -> Int32? {
    await ended.wait(after: 0)
    guard process.isRunning else { return process.terminationStatus }
    _ = await killed()
    return nil
  }
}
