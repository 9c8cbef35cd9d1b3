// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// Work that runs on a thread of its own while its starter goes on.
final class Background<Output: Sendable>: Sendable {
  private let output = Mutex<Output?>(nil)
  private let finished = DispatchSemaphore(value: 0)

  init(_ work: @escaping @Sendable () -> Output) {
    let thread = Thread { [self] in
      let result = work()
      output.withLock { $0 = result }
      finished.signal()
    }
    thread.start()
  }

  /// What came of it. Blocks until it is done.
  var result: Output {
    while true {
      if let done = output.withLock({ $0 }) { return done }
      finished.wait()
    }
  }
}
