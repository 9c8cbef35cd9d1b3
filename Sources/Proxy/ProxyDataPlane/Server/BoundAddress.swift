// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions
import Synchronization

/// The address of a listener, for those who wait until it is known.
package final class BoundAddress: Sendable {
  private enum State {
    case waiting([CheckedContinuation<NetworkAddress, any Error>])
    case settled(Result<NetworkAddress, any Error>)
  }

  private let state = Mutex(State.waiting([]))

  package init() {}

  package func value() async throws -> NetworkAddress {
    try await withCheckedThrowingContinuation { continuation in
      let settled = state.withLock { state -> Result<NetworkAddress, any Error>? in
        switch state {
        case .settled(let result): return result
        case .waiting(let others):
          state = .waiting(others + [continuation])
          return nil
        }
      }
      if let settled { continuation.resume(with: settled) }
    }
  }

  package func succeed(_ address: NetworkAddress) { settle(.success(address)) }

  /// Also replaces an address that is no longer true.
  package func fail(_ error: any Error) { settle(.failure(error)) }

  private func settle(_ result: Result<NetworkAddress, any Error>) {
    let waiting = state.withLock { state -> [CheckedContinuation<NetworkAddress, any Error>] in
      defer { state = .settled(result) }
      if case .waiting(let waiting) = state { return waiting }
      return []
    }
    for continuation in waiting { continuation.resume(with: result) }
  }
}
