// SPDX-License-Identifier: Apache-2.0

/// The time as calls see it: passed in, so that tests decide about it.
public protocol CallClock: Sendable {
  /// Milliseconds since some moment in the past; never less than before.
  func now() -> UInt64
  /// Returns once `now()` is at least that.
  ///
  /// - Throws: `CancellationError` when the task is cancelled.
  func sleep(until time: UInt64) async throws
}
