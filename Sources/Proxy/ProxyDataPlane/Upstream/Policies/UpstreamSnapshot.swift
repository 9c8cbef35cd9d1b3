// SPDX-License-Identifier: Apache-2.0

public import RoutingDecisions

/// One upstream at one moment, for metrics and the admin API.
public struct UpstreamSnapshot: Sendable, Equatable {
  /// One endpoint at one moment.
  public struct Endpoint: Sendable, Equatable {
    /// As configured.
    public let name: NetworkAddress
    /// What is connected to.
    public let address: NetworkAddress
    /// What its checks say; nil when none are made.
    public let isHealthy: Bool?
    /// How long it is still left out for its answers; nil when it is not.
    public let ejectedForMilliseconds: UInt64?
    /// Times it was left out.
    public let ejections: UInt64
    /// Checks that passed.
    public let checksPassed: UInt64
    /// Checks that failed.
    public let checksFailed: UInt64
  }

  /// The name that routes use.
  public let name: String
  /// It is a module of this process.
  public let isModule: Bool
  /// `closed`, `open` or `half-open`; nil when it has no breaker.
  public let breaker: String?
  /// What happened so far.
  public let totals: UpstreamTotals
  /// The parts of its answers, in the order of the configuration; empty when it is not composed.
  public let parts: [PartCounts]
  /// Its endpoints, in the order of the configuration; empty when it is composed.
  public let endpoints: [Endpoint]
}

/// What happened at one upstream so far, over all workers.
public struct UpstreamTotals: Sendable, Equatable {
  /// Requests under way.
  public internal(set) var inFlight = 0
  /// Requests that wait for a place.
  public internal(set) var waiting = 0
  /// Times the breaker opened.
  public internal(set) var breakerOpened: UInt64 = 0
  /// Requests the breaker kept away.
  public internal(set) var refusedByBreaker: UInt64 = 0
  /// Requests for which there was no place, not even in line.
  public internal(set) var overloaded: UInt64 = 0
  /// Requests that waited too long for a place.
  public internal(set) var queueTimeouts: UInt64 = 0
  /// Retries that the budget did not allow.
  public internal(set) var retryBudgetExhausted: UInt64 = 0
  /// Times an endpoint was left out for its answers.
  public internal(set) var ejections: UInt64 = 0
}
