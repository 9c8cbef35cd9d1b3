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
