// SPDX-License-Identifier: Apache-2.0

/// When a circuit breaker opens, and how it closes again.
public struct BreakerRules: Sendable, Equatable {
  /// What opens it.
  public enum Trip: Sendable, Equatable {
    /// So many failures with no success between them.
    case consecutive(failures: Int)
    /// Of at least `minimum` requests within `window`, `percent` or more failed.
    case rate(percent: Int, window: Duration, minimum: Int)
  }

  /// What opens it.
  public var trip: Trip
  /// How long it stays open before single requests try the upstream again.
  public var open: Duration
  /// Trying requests that must succeed, one after the other, before it closes.
  public var successes: Int
  /// After it closed, requests that somebody else can answer come back over this time, a growing
  /// share of them; zero brings all back at once. Requests that nobody else can answer never wait.
  public var readmission: Duration

  /// Creates rules; the defaults are those of the design.
  public init(
    trip: Trip = .consecutive(failures: 5), open: Duration = .seconds(30), successes: Int = 2,
    readmission: Duration = .seconds(10)
  ) {
    self.trip = trip
    self.open = open
    self.successes = successes
    self.readmission = readmission
  }
}
