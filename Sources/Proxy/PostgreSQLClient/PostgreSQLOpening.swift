// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import Synchronization

  /// A connection that is being made, and whoever waits for it, who is answered once.
  ///
  /// libpq looks up a host's name by the system's resolver, which no deadline stops. So its caller
  /// stops waiting instead; the thread goes on until the resolver lets it, and ends then.
  final class PostgreSQLOpening: Sendable {
    private struct State {
      var waiter: CheckedContinuation<Void, any Error>?
      var isGivenUp = false
    }

    private let state = Mutex(State())
    private let hanging: HangingLookUps

    init(_ hanging: HangingLookUps) { self.hanging = hanging }

    /// Waits until `begin` has led to something, or the time is over.
    func wait(within limit: Duration, _ begin: () -> Void) async throws {
      guard hanging.count.load(ordering: .relaxed) < HangingLookUps.limit else {
        throw PostgreSQLError(
          .timedOut, "\(HangingLookUps.limit) look-ups of the database's host hang already")
      }
      try await withCheckedThrowingContinuation { waiter in
        state.withLock { $0.waiter = waiter }
        begin()
        Task {
          try? await Task.sleep(for: limit)
          giveUp(limit)
        }
      }
    }

    private func giveUp(_ limit: Duration) {
      let waiter = state.withLock { state in
        defer { state.waiter = nil }
        if state.waiter != nil {
          state.isGivenUp = true
          hanging.count.add(1, ordering: .relaxed)
        }
        return state.waiter
      }
      waiter?.resume(
        throwing: PostgreSQLError(
          .timedOut, "there is no connection within \(limit); its host's name may not be looked up")
      )
    }

    /// The thread is done with it.
    ///
    /// - Returns: whether somebody waited.
    func end(_ failure: PostgreSQLError?) -> Bool {
      let (waiter, isGivenUp) = state.withLock { state in
        defer { state = State() }
        return (state.waiter, state.isGivenUp)
      }
      if isGivenUp { hanging.count.subtract(1, ordering: .relaxed) }
      if let failure { waiter?.resume(throwing: failure) } else { waiter?.resume() }
      return waiter != nil
    }
  }

  /// Threads that hang in a resolver, and that nobody waits for any more.
  final class HangingLookUps: Sendable {
    /// Most of them; no connection is tried beyond that.
    static let limit = 4
    static let ofProcess = HangingLookUps()

    let count = Atomic(0)
  }
#endif
