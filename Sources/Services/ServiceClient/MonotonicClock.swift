// SPDX-License-Identifier: Apache-2.0

public import ServiceCalls

/// Time since the process began to look; every instance tells the same.
public struct MonotonicClock: CallClock {
  private static let origin = ContinuousClock.now

  /// Creates a clock.
  public init() {}

  /// Milliseconds, rounded down.
  public func now() -> UInt64 {
    let (seconds, attoseconds) = (ContinuousClock.now - Self.origin).components
    return UInt64(seconds) * 1000 + UInt64(attoseconds / 1_000_000_000_000_000)
  }

  /// Waits.
  public func sleep(until time: UInt64) async throws {
    let most = UInt64(Int64.max / 2_000)
    try await Task.sleep(
      until: Self.origin + .milliseconds(Int64(min(time, most))), tolerance: .zero,
      clock: ContinuousClock())
  }
}

extension CallClock {
  /// What the work gives; nil when it is not done by then. The work is cancelled in that case.
  package func within<Value: Sendable>(
    _ end: UInt64, _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        try await sleep(until: end)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }
}
