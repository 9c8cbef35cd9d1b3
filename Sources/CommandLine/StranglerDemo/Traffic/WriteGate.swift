// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Lets writes through until it is closed; closing waits for those inside.
final class WriteGate: Sendable {
  private struct State {
    var isOpen = true
    var inside = 0
    var closer: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// True when the write may go ahead; `leave` must follow.
  func enter() -> Bool {
    state.withLock { state in
      guard state.isOpen else { return false }
      state.inside += 1
      return true
    }
  }

  /// The write is done.
  func leave() {
    let closer = state.withLock { state in
      state.inside -= 1
      return state.inside == 0 ? state.closer.take() : nil
    }
    closer?.resume()
  }

  /// Turns new writes away and returns when the last one inside has left. One closer at a time.
  func close() async {
    await withCheckedContinuation { continuation in
      let isEmpty = state.withLock { state in
        state.isOpen = false
        if state.inside > 0 { state.closer = continuation }
        return state.inside == 0
      }
      if isEmpty { continuation.resume() }
    }
  }

  /// Lets writes through again.
  func open() { state.withLock { $0.isOpen = true } }
}
