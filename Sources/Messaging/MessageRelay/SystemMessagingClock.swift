// SPDX-License-Identifier: Apache-2.0

import Foundation
public import TransactionalMessaging

/// The machine's clock: wall time for what is stored, continuous time for waiting.
public struct SystemMessagingClock: MessagingClock {
  /// Creates the clock.
  public init() {}

  /// Milliseconds since 1970-01-01T00:00:00Z.
  public func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

  /// Returns after this many milliseconds of continuous time.
  public func sleep(milliseconds: Int64) async throws {
    try await Task.sleep(for: .milliseconds(milliseconds))
  }
}
