// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TransactionalMessaging

/// Counts, and lets a test wait for a count.
package final class Counter: Sendable {
  private let state = Mutex(0)
  private let changed = WakeSignal()

  package init() {}

  package var count: Int { state.withLock(\.self) }

  /// - Returns: the count with this one.
  @discardableResult
  package func add() -> Int {
    defer { changed.raise() }
    return state.withLock { count in
      count += 1
      return count
    }
  }

  /// Returns once that many were counted; bound it with the test's time limit.
  package func has(_ count: Int) async {
    while case let seen = changed.generation, self.count < count {
      await changed.wait(after: seen)
      if Task.isCancelled { return }
    }
  }
}

/// Keeps what a service saw, or how it is to behave.
package final class Recorder<Value: Sendable>: Sendable {
  private let state: Mutex<Value>

  package init(_ value: Value) { state = Mutex(value) }

  package var value: Value { state.withLock { $0 } }

  package func change<Result: Sendable>(_ change: (inout Value) -> Result) -> Result {
    state.withLock { change(&$0) }
  }
}
