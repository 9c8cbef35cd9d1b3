// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TransactionalMessaging

/// What became of publications, kept for the one task that waits for it.
///
/// Confirmations come from a broker's thread, often hundreds together: whoever waits is woken once
/// for all that came meanwhile.
final class Settlements: Sendable {
  enum Step: Sendable {
    case finished(PublicationBatch.Publication, PublishFailure?)
    /// The wait that was asked for last is over.
    case deadline
  }

  private struct State {
    var steps: [Step] = []
    var waiter: CheckedContinuation<[Step], Never>?
  }

  private let state = Mutex(State())

  /// Takes a step, from any thread.
  func add(_ step: Step) {
    let waiter: CheckedContinuation<[Step], Never>? = state.withLock { state in
      guard let waiter = state.waiter else {
        state.steps.append(step)
        return nil
      }
      state.waiter = nil
      return waiter
    }
    waiter?.resume(returning: [step])
  }

  /// All steps since the last call, at least one, in the order in which they came.
  func next() async -> [Step] {
    await withCheckedContinuation { waiter in
      let steps: [Step]? = state.withLock { state in
        guard !state.steps.isEmpty else {
          state.waiter = waiter
          return nil
        }
        defer { state.steps = [] }
        return state.steps
      }
      if let steps { waiter.resume(returning: steps) }
    }
  }
}
