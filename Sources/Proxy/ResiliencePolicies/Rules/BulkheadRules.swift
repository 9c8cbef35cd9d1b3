// SPDX-License-Identifier: Apache-2.0

/// How many requests an upstream is given at once, and how many wait for their turn.
///
/// Both are counted for all workers together.
public struct BulkheadRules: Sendable, Equatable {
  /// Requests under way at once, all workers together.
  public var inFlight: Int
  /// Requests that wait for a place, all workers together; those beyond are answered 503 at once.
  public var queue: Int
  /// How long a request waits for a place; then 503.
  public var wait: Duration

  /// Creates rules.
  public init(inFlight: Int, queue: Int = 100, wait: Duration = .milliseconds(500)) {
    self.inFlight = inFlight
    self.queue = queue
    self.wait = wait
  }
}
