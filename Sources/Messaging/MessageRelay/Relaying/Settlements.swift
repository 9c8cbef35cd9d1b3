// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TransactionalMessaging

/// What became of publications, kept for the one task that waits for it.
///
/// Confirmations come from a broker's thread, often hundreds close together: whoever waits says for
/// how many of them it is worth being woken.
final class Settlements: Sendable {
  enum Step: Sendable {
    case finished(lane: Int, sequence: Int64, PublishFailure?)
    /// The wait that was asked for last is over.
    case deadline
  }

  private struct State {
    var steps: [Step] = []
    var waiter: CheckedContinuation<[Step], Never>?
    /// Steps that the waiter is woken for.
    var wanted = 1
    /// Among the steps.
    var hasDeadline = false

    var isEnough: Bool { hasDeadline || steps.count >= wanted }

    mutating func take() -> [Step] {
      defer {
        steps = []
        hasDeadline = false
      }
      return steps
    }
  }

  private let state = Mutex(State())

  /// Takes a step, from any thread.
  func add(_ step: Step) {
    let (waiter, steps): (CheckedContinuation<[Step], Never>?, [Step]) = state.withLock { state in
      state.steps.append(step)
      if case .deadline = step { state.hasDeadline = true }
      guard let waiter = state.waiter, state.isEnough else { return (nil, []) }
      state.waiter = nil
      return (waiter, state.take())
    }
    waiter?.resume(returning: steps)
  }

  /// All steps since the last call, in the order in which they came.
  ///
  /// - Parameter count: returns once there are as many, at least 1, or a deadline is among them.
  func next(atLeast count: Int) async -> [Step] {
    await withCheckedContinuation { waiter in
      let steps: [Step]? = state.withLock { state in
        state.wanted = count
        guard state.isEnough else {
          state.waiter = waiter
          return nil
        }
        return state.take()
      }
      if let steps { waiter.resume(returning: steps) }
    }
  }
}
