// SPDX-License-Identifier: Apache-2.0

import ServiceCalls
import Synchronization
import TransactionalMessaging

/// A clock that stands still until a test moves it.
package final class ManualCallClock: CallClock {
  private struct State {
    var now: UInt64
    var lastID = 0
    var sleepers: [Int: (until: UInt64, continuation: CheckedContinuation<Void, Never>)] = [:]
  }

  private let state: Mutex<State>
  private let changed = WakeSignal()

  package init(now: UInt64 = 1_000_000) { state = Mutex(State(now: now)) }

  package func now() -> UInt64 { state.withLock(\.now) }

  package func sleep(until time: UInt64) async throws {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if Task.isCancelled || time <= state.now { return true }
          state.sleepers[id] = (time, continuation)
          return false
        }
        if isOver { continuation.resume() } else { changed.raise() }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume()
    }
    try Task.checkCancellation()
  }

  /// Moves the time and wakes everybody whose time has come.
  package func advance(milliseconds: UInt64) {
    let due = state.withLock { state in
      state.now += milliseconds
      let due = state.sleepers.filter { $0.value.until <= state.now }
      for id in due.keys { state.sleepers[id] = nil }
      return due.values.sorted { $0.until < $1.until }
    }
    for sleeper in due { sleeper.continuation.resume() }
  }

  /// Returns once somebody sleeps until a time of that range, and that time. Bound it with the
  /// test's time limit.
  @discardableResult
  package func sleeper(until range: ClosedRange<UInt64>) async -> UInt64 {
    while true {
      let seen = changed.generation
      let found = state.withLock { $0.sleepers.values.map(\.until).filter(range.contains).min() }
      if let found { return found }
      if Task.isCancelled { return 0 }
      await changed.wait(after: seen)
    }
  }
}
