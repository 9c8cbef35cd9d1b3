// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A report that takes long to make and that many ask for: one is made at a time, whoever asks
/// meanwhile gets that one, and it is handed out again for a while.
final class SharedReport: Sendable {
  private struct State {
    var kept: (text: String, at: Int64)?
    var making: Task<String, any Error>?
  }

  /// How long a report is handed out again, in milliseconds.
  private let freshness: Int64
  private let unixMilliseconds: @Sendable () -> Int64
  private let make: @Sendable () async throws -> String
  private let state = Mutex(State())

  /// - Parameter unixMilliseconds: the time, milliseconds since 1970-01-01T00:00:00Z.
  init(
    freshness: Int64, unixMilliseconds: @escaping @Sendable () -> Int64,
    make: @escaping @Sendable () async throws -> String
  ) {
    self.freshness = freshness
    self.unixMilliseconds = unixMilliseconds
    self.make = make
  }

  /// The report; one that could not be made is made again for whoever asks next.
  var text: String {
    get async throws {
      let now = unixMilliseconds()
      let task = state.withLock { state -> Task<String, any Error> in
        if let making = state.making { return making }
        if let kept = state.kept, (0..<freshness).contains(now - kept.at) {
          return Task { kept.text }
        }
        let task = Task { try await renew() }
        state.making = task
        return task
      }
      return try await task.value
    }
  }

  /// It goes on when whoever asked has left: others may have come.
  private func renew() async throws -> String {
    do {
      let text = try await make()
      let now = unixMilliseconds()
      state.withLock { state in
        state.kept = (text, now)
        state.making = nil
      }
      return text
    } catch {
      state.withLock { $0.making = nil }
      throw error
    }
  }
}
