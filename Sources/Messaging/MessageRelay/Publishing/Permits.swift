// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import TransactionalMessaging

/// At most so many at a time; the others wait in line, and not too many of them.
package final class Permits: Sendable {
  package enum Answer: Sendable, Equatable {
    case yours, full, cancelled
  }

  private typealias Waiter = CheckedContinuation<Answer, Never>

  private struct State {
    var free: Int
    var next: UInt64 = 0
    /// In the order of their numbers, which is that in which they came.
    var waiters: [UInt64: Waiter] = [:]
    var line: [UInt64] = []
    var head = 0
  }

  private let state: Mutex<State>
  private let waiting: Int

  package init(_ count: Int, waiting: Int) {
    state = Mutex(State(free: max(1, count)))
    self.waiting = max(0, waiting)
  }

  /// `release` must follow when it is `yours`.
  package func take() async -> Answer {
    let token: UInt64? = state.withLock { state in
      if state.free > 0 {
        state.free -= 1
        return nil
      }
      state.next += 1
      return state.next
    }
    guard let token else { return .yours }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: Waiter) in
        let answer: Answer? = state.withLock { state in
          if Task.isCancelled { return .cancelled }
          // Somebody may have left since.
          if state.free > 0 {
            state.free -= 1
            return .yours
          }
          if state.waiters.count >= waiting { return .full }
          state.waiters[token] = waiter
          state.line.append(token)
          return nil
        }
        if let answer { waiter.resume(returning: answer) }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: token) }?.resume(returning: .cancelled)
    }
  }

  package func release() {
    let next: Waiter? = state.withLock { state in
      while state.head < state.line.count {
        let token = state.line[state.head]
        state.head += 1
        if state.head > 1_024, state.head * 2 > state.line.count {
          state.line.removeFirst(state.head)
          state.head = 0
        }
        if let waiter = state.waiters.removeValue(forKey: token) { return waiter }
      }
      state.free += 1
      return nil
    }
    next?.resume(returning: .yours)
  }
}

extension Permits {
  /// Does it once it is its turn.
  ///
  /// - Throws: `.notSent` when too many wait already, or the caller was cancelled.
  package func use<Value: Sendable>(
    _ body: () async throws(BrokerError) -> Value
  ) async throws(BrokerError) -> Value {
    switch await take() {
    case .yours: break
    case .cancelled: throw BrokerError(.notSent, "the publisher was cancelled")
    case .full:
      throw BrokerError(.notSent, "\(waiting) publishers wait for the broker already")
    }
    defer { release() }
    return try await body()
  }
}
