// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import MessageRelay
internal import ServerPrograms
internal import Synchronization
internal import TortureModel
internal import TransactionalMessaging

/// A process of a run as the rig sees it: this executable with other arguments.
final class ChildProcess: Sendable {
  private let process: Process
  private let input: Pipe
  private let hasEnded = WakeSignal()
  private let hasSaidAll = WakeSignal()

  /// Starts it. Its records come on a thread of their own, in its order.
  init(
    _ executable: URL, _ arguments: [String], _ assignment: TortureAssignment,
    take: @escaping @Sendable (TortureRecord) -> Void
  ) throws {
    process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    process.terminationHandler = { [hasEnded] _ in hasEnded.raise() }
    let handle: FileHandle
    do {
      (input, handle) = try ChildLaunch.alone { [process] in
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        return (input, output.fileHandleForReading)
      }
    } catch {
      throw TortureFailure("cannot start \(executable.path(percentEncoded: false)): \(error)")
    }
    Thread { [hasSaidAll] in
      var rest: [UInt8] = []
      while case let data = handle.availableData, !data.isEmpty {
        rest += data
        while let end = rest.firstIndex(of: 0x0A) {
          let line = String(decoding: rest[..<end], as: UTF8.self)
          rest.removeSubrange(...end)
          if let record = TortureRecord(line: line) { take(record) }
        }
      }
      hasSaidAll.raise()
    }.start()
    let line = try JSONEncoder().encode(assignment) + [0x0A]
    try? input.fileHandleForWriting.write(contentsOf: line)
  }

  /// Told to a process that is gone, it is forgotten.
  func order(_ order: TortureOrder) {
    try? input.fileHandleForWriting.write(contentsOf: Data((order.line + "\n").utf8))
  }

  func signal(_ number: Int32) {
    if process.isRunning { kill(process.processIdentifier, number) }
  }

  /// Returns once it has ended and all that it said was taken.
  func ended() async {
    await hasEnded.wait(after: 0)
    await hasSaidAll.wait(after: 0)
  }

  /// Whether it ended in time.
  func ended(withinMilliseconds limit: Int64) async -> Bool {
    guard hasEnded.generation == 0 else { return true }
    return await !SystemMessagingClock().wait(milliseconds: limit, or: [(hasEnded, 0)])
  }

  /// How it ended; call it then.
  var wasKilled: Bool { process.terminationReason == .uncaughtSignal }
  var status: Int32 { process.terminationStatus }

  /// Closes what it listens to.
  func close() { try? input.fileHandleForWriting.close() }
}
