// SPDX-License-Identifier: Apache-2.0

import SagaModel
import Synchronization
import TransactionalMessaging

/// The sagas that an orchestrator is at, each once, and the turns that wait for the next
/// transaction.
final class SagaHand<Store: SagaStore>: Sendable {
  private struct State {
    var ids: Set<String> = []
    /// Something came in for these while they were at hand.
    var passedOver: Set<String> = []
    var turns: [SagaTurn<Store>] = []
    /// When the first of those that were let go has to be looked at.
    var nextWake = Int64.max
    /// When it is looked again where nothing happens.
    var plannedLook = Int64.max
  }

  /// Raised when a turn waits, or nothing is at hand any more.
  let queued = WakeSignal()
  /// Raised when one that was let go should be looked at, or there is room again.
  let released = WakeSignal()
  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) { self.limit = max(1, limit) }

  var room: Int { state.withLock { max(0, limit - $0.ids.count) } }
  var isEmpty: Bool { state.withLock(\.ids.isEmpty) }

  /// How many sagas a look may bring: those at hand may be among them.
  var lookLimit: Int { state.withLock { limit + $0.ids.count } }

  /// - Returns: false where it is at hand already, or there is no room.
  func take(_ id: String) -> Bool {
    state.withLock { state in
      if state.ids.contains(id) {
        state.passedOver.insert(id)
        return false
      }
      guard state.ids.count < limit else { return false }
      state.ids.insert(id)
      return true
    }
  }

  func letGo(_ id: String, wakeAt: Int64?) {
    let (isWanted, isLast) = state.withLock { state in
      let wasFull = state.ids.count >= limit
      state.ids.remove(id)
      let wake = wakeAt ?? .max
      state.nextWake = min(state.nextWake, wake)
      let isWanted = state.passedOver.remove(id) != nil || wasFull || wake < state.plannedLook
      return (isWanted, state.ids.isEmpty)
    }
    if isWanted { released.raise() }
    // Whoever stops waits for the last one.
    if isLast { queued.raise() }
  }

  /// When to look the next time: at a time, or sooner for one that was let go.
  func planLook(at time: Int64) -> Int64 {
    state.withLock { state in
      state.plannedLook = min(time, state.nextWake)
      state.nextWake = .max
      return state.plannedLook
    }
  }

  func enqueue(_ turn: SagaTurn<Store>) {
    state.withLock { $0.turns.append(turn) }
    queued.raise()
  }

  func takeTurns(_ most: Int) -> [SagaTurn<Store>] {
    state.withLock { state in
      let turns = Array(state.turns.prefix(max(1, most)))
      state.turns.removeFirst(turns.count)
      return turns
    }
  }
}
