// SPDX-License-Identifier: Apache-2.0

import TransactionalMessaging

/// A call took longer than it may.
struct CallTimedOut: Error, CustomStringConvertible {
  let description: String
}

/// How long a call may go on.
struct CallLimit {
  /// Milliseconds from now.
  let remaining: Int64
  /// What is said of a call that takes longer.
  let excess: CallTimedOut
}

/// Runs a call as long as its limit allows; then cancels it and waits until it has ended, so that
/// nothing of it runs while it is undone. What it answers in the end counts all the same.
func race(
  _ limit: CallLimit, _ clock: any MessagingClock,
  _ body: @escaping @Sendable () async throws -> String
) async -> Result<String, any Error> {
  await withTaskGroup(of: Result<String, any Error>?.self) { group in
    group.addTask {
      do {
        return .success(try await body())
      } catch {
        return .failure(error)
      }
    }
    group.addTask {
      try? await clock.sleep(milliseconds: limit.remaining)
      return nil
    }
    defer { group.cancelAll() }
    if let first = await group.next() ?? nil { return first }
    group.cancelAll()
    switch await group.next() ?? nil {
    case .success(let text)?: return .success(text)
    case .failure(let refusal)? where !(refusal is CancellationError) && !Task.isCancelled:
      return .failure(refusal)
    case .failure?, nil: return .failure(limit.excess)
    }
  }
}
