// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// How long neither side of a mapping took writes.
final class PauseClock: Sendable {
  private struct State {
    var began: ContinuousClock.Instant?
    var longest = Duration.zero
  }

  private let state = Mutex(State())

  func saw(isPaused: Bool) {
    let now = ContinuousClock.now
    state.withLock { state in
      if isPaused {
        state.began = state.began ?? now
      } else if let began = state.began {
        state.longest = max(state.longest, now - began)
        state.began = nil
      }
    }
  }

  /// Zero while writes are taken.
  var current: Duration {
    state.withLock { state in state.began.map { ContinuousClock.now - $0 } ?? .zero }
  }

  var longest: Duration { max(current, state.withLock(\.longest)) }
}
