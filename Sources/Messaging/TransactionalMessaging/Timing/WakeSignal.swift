// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Wakes tasks of the same process that wait for something to happen, such as relays for the next
/// commit.
///
/// It carries no data and may be late or missing: whoever waits also polls or looks again. That is
/// why nothing needs to be sent inside the business transaction.
public final class WakeSignal: Sendable {
  private struct State {
    var generation: UInt64 = 0
    var nextWaiter: UInt64 = 0
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  /// Creates a signal that nobody has raised yet.
  public init() {}

  /// How often the signal was raised; read it before looking for work and pass it to
  /// `wait(after:)`, so that nothing is missed in between.
  public var generation: UInt64 { state.withLock(\.generation) }

  /// Wakes everybody who waits. Cheap, never blocks, may be called from any thread.
  public func raise() {
    let waiters = state.withLock { state in
      state.generation &+= 1
      defer { state.waiters.removeAll(keepingCapacity: true) }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns when the signal was raised after the given generation, or the task is cancelled.
  public func wait(after generation: UInt64) async {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let done = state.withLock { state in
          // The handler below may have run already: it leaves nothing behind to find.
          if state.generation != generation || Task.isCancelled { return true }
          state.waiters[id] = continuation
          return false
        }
        if done { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }
}
