// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TransactionalMessaging

/// A clock that stands still until a test moves it.
package final class ManualClock: MessagingClock {
  private struct State {
    var now: Int64
    var nextID = 0
    var sleepers: [Int: (until: Int64, continuation: CheckedContinuation<Void, Never>)] = [:]
  }

  private let state: Mutex<State>

  package init(now: Int64 = 1_700_000_000_000) { state = Mutex(State(now: now)) }

  package func now() -> Int64 { state.withLock(\.now) }

  package func sleep(milliseconds: Int64) async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let start = now()
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          let (until, overflow) = start.addingReportingOverflow(milliseconds)
          if Task.isCancelled || (!overflow && until <= state.now) { return true }
          state.sleepers[id] = (overflow ? .max : until, continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume()
    }
    try Task.checkCancellation()
  }

  /// Moves the time and wakes everybody whose time has come.
  package func advance(milliseconds: Int64) {
    let due = state.withLock { state in
      state.now += milliseconds
      let due = state.sleepers.filter { $0.value.until <= state.now }
      for id in due.keys { state.sleepers[id] = nil }
      return due.values.sorted { $0.until < $1.until }
    }
    for sleeper in due { sleeper.continuation.resume() }
  }

  /// Moves the time in steps, letting tasks run in between, until the condition holds. Bound it
  /// with the test's time limit.
  package func advance(
    by step: Int64 = 50, until condition: () async throws -> Bool
  ) async rethrows {
    while try await !condition() {
      advance(milliseconds: step)
      await Task.yield()
    }
  }
}
