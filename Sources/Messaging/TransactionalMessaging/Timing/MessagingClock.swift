// SPDX-License-Identifier: Apache-2.0

/// The time as relays and consumers see it: passed in, so that tests decide about it.
public protocol MessagingClock: Sendable {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  func now() -> Int64
  /// Returns after this many milliseconds.
  ///
  /// - Throws: `CancellationError` when the task is cancelled.
  func sleep(milliseconds: Int64) async throws
}

/// Waiting for the first of a time and some signals.
extension MessagingClock {
  /// Returns when the time has passed or a signal was raised after its generation, whichever is
  /// first, or at once when the task is cancelled.
  ///
  /// - Returns: true when the time has passed.
  package func wait(
    milliseconds: Int64, or signals: [(signal: WakeSignal, generation: UInt64)]
  ) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        do {
          try await sleep(milliseconds: milliseconds)
          return true
        } catch {
          return false
        }
      }
      for (signal, generation) in signals {
        group.addTask {
          await signal.wait(after: generation)
          return false
        }
      }
      defer { group.cancelAll() }
      return await group.next() ?? false
    }
  }
}

extension WakeSignal {
  /// Returns when one of the signals was raised after its generation, or the task is cancelled.
  package static func first(of signals: [(signal: WakeSignal, generation: UInt64)]) async {
    await withTaskGroup(of: Void.self) { group in
      for (signal, generation) in signals {
        group.addTask { await signal.wait(after: generation) }
      }
      await group.next()
      group.cancelAll()
    }
  }
}
