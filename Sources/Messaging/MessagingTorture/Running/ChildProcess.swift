// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import MessageRelay
internal import ServerPrograms
internal import Synchronization
internal import TortureModel
internal import TransactionalMessaging

/// A process of a run as the rig sees it: this executable with other arguments.
final class ChildProcess: Sendable {
  private let process: SpawnedProcess
  private let hasEnded = WakeSignal()
  private let hasSaidAll = WakeSignal()

  /// Starts it. Its records come on a thread of their own, in its order.
  init(
    _ executable: URL, _ arguments: [String], _ assignment: TortureAssignment,
    take: @escaping @Sendable (TortureRecord) -> Void
  ) throws {
    do {
      process = try SpawnedProcess(
        executable.path(percentEncoded: false), arguments, input: .pipe, output: .pipe)
    } catch {
      throw TortureFailure("\(error)")
    }
    process.whenEnded { [hasEnded] _ in hasEnded.raise() }
    if let output = process.output {
      let lines = Mutex<[UInt8]>([])
      SpawnedProcess.read(output) { bytes in
        lines.withLock { rest in
          rest += bytes
          while let end = rest.firstIndex(of: 0x0A) {
            let line = String(decoding: rest[..<end], as: UTF8.self)
            rest.removeSubrange(...end)
            if let record = TortureRecord(line: line) { take(record) }
          }
        }
      } atEnd: { [hasSaidAll] in
        hasSaidAll.raise()
      }
    }
    let line = try JSONEncoder().encode(assignment) + [0x0A]
    try? process.input?.write(contentsOf: line)
  }

  /// Told to a process that is gone, it is forgotten.
  func order(_ order: TortureOrder) {
    try? process.input?.write(contentsOf: Data((order.line + "\n").utf8))
  }

  func signal(_ number: Int32) { process.signal(number) }

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
  var wasKilled: Bool {
    if case .signalled = process.outcome { true } else { false }
  }
  var status: Int32 { process.outcome?.status ?? 0 }

  /// Closes what it listens to.
  func close() { try? process.input?.close() }
}
