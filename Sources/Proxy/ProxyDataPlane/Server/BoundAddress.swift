// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions
import Synchronization

/// The address of a listener, for those who wait until it is known.
package final class BoundAddress: Sendable {
  private typealias Waiter = CheckedContinuation<NetworkAddress, any Error>

  private enum State {
    case waiting([Int: Waiter])
    case settled(Result<NetworkAddress, any Error>)
  }

  private let state = Mutex(State.waiting([:]))
  private let numbers = Atomic<Int>(0)

  package init() {}

  /// Nobody has to wait any more.
  package var isKnown: Bool {
    state.withLock { state in
      if case .settled = state { true } else { false }
    }
  }

  /// Waits until it is known; throws when it will never be, or when the task is cancelled.
  package func value() async throws -> NetworkAddress {
    let number = numbers.add(1, ordering: .relaxed).newValue
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { wait($0, number) }
    } onCancel: {
      let waiter = state.withLock { state -> Waiter? in
        guard case .waiting(var others) = state else { return nil }
        let waiter = others.removeValue(forKey: number)
        state = .waiting(others)
        return waiter
      }
      waiter?.resume(throwing: CancellationError())
    }
  }

  private func wait(_ waiter: Waiter, _ number: Int) {
    let settled = state.withLock { state -> Result<NetworkAddress, any Error>? in
      switch state {
      case .settled(let result): return result
      case .waiting(var others):
        // Cancelled before it waited: then nobody would take it out again.
        if Task.isCancelled { return .failure(CancellationError()) }
        others[number] = waiter
        state = .waiting(others)
        return nil
      }
    }
    if let settled { waiter.resume(with: settled) }
  }

  package func succeed(_ address: NetworkAddress) { settle(.success(address)) }

  /// Also replaces an address that is no longer true.
  package func fail(_ error: any Error) { settle(.failure(error)) }

  private func settle(_ result: Result<NetworkAddress, any Error>) {
    let waiting = state.withLock { state -> [Int: Waiter] in
      defer { state = .settled(result) }
      if case .waiting(let waiting) = state { return waiting }
      return [:]
    }
    for waiter in waiting.values { waiter.resume(with: result) }
  }
}
