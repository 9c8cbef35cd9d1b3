// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// A thread that gives a result, and whose own processor time can be read meanwhile.
final class BackgroundThread<Output: Sendable>: Sendable {
  private let output = Mutex<Result<Output, any Error>?>(nil)
  private let threadID = Atomic<Int>(0)
  private let started = DispatchSemaphore(value: 0)
  private let finished = DispatchSemaphore(value: 0)

  init(_ name: String, _ body: @escaping @Sendable () throws -> Output) {
    let thread = Thread { [self] in
      threadID.store(ProcessFiles.currentThreadID(), ordering: .relaxed)
      started.signal()
      let result = Result { try body() }
      output.withLock { $0 = result }
      finished.signal()
    }
    thread.name = name
    thread.start()
    started.wait()
  }

  /// Nanoseconds of processor time so far; 0 once it ended.
  var processorTime: UInt64 {
    ProcessFiles.scheduledNanoseconds(
      "/proc/self/task/\(threadID.load(ordering: .relaxed))/schedstat")
  }

  var hasEnded: Bool { output.withLock { $0 != nil } }

  /// Waits for the result. Once only.
  func join() throws -> Output {
    finished.wait()
    guard let result = output.withLock({ $0 }) else { throw BenchmarkError("a thread vanished") }
    return try result.get()
  }
}
