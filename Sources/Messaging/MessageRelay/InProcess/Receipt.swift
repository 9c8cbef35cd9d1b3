// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TransactionalMessaging

/// What a publisher waits for: that each group has consumed its message.
final class Receipt: Sendable {
  private struct State {
    var outstanding: Int
    var failure: PublishFailure?
  }

  private let state: Mutex<State>
  private let settled = WakeSignal()

  init(groups: Int) { state = Mutex(State(outstanding: groups)) }

  func consumed() {
    let isLast = state.withLock { state in
      state.outstanding -= 1
      return state.outstanding == 0
    }
    if isLast { settled.raise() }
  }

  func failed(_ failure: PublishFailure) {
    // A group that refuses it says more than one that has left.
    state.withLock { state in
      if case .rejected = state.failure { return }
      state.failure = failure
    }
    settled.raise()
  }

  func wait() async throws(PublishFailure) {
    while true {
      let generation = settled.generation
      let (outstanding, failure) = state.withLock { ($0.outstanding, $0.failure) }
      if let failure { throw failure }
      if outstanding == 0 { return }
      if Task.isCancelled { throw .unavailable("the publisher was cancelled") }
      await settled.wait(after: generation)
    }
  }
}
