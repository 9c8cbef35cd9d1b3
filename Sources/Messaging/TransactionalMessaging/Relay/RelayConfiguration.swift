// SPDX-License-Identifier: Apache-2.0

/// Limits and times of a relay. Times are milliseconds.
public struct RelayConfiguration: Sendable, Equatable {
  /// Bounds of one batch.
  public var page = PageLimit(events: 1_024)
  /// Most messages that are published at the same time, one per aggregate at most; nil for 64, or
  /// 1,024 with a `BatchPublisher`.
  public var concurrency: Int?
  /// A message that is not confirmed within this time counts as rejected.
  public var publishTimeout: Int64 = 30_000
  /// Wait between reads of an empty outbox; it doubles up to `longestPoll`.
  public var shortestPoll: Int64 = 2
  /// Longest wait between reads.
  public var longestPoll: Int64 = 250
  /// Longest time for which acknowledged events are not saved: whoever follows a process that died
  /// sends those again. Each save leaves a dead version of the relay's row behind and costs a write
  /// to disk, for which the next page would wait; 0 saves after every page.
  public var saving: Int64 = 100
  /// How long a lease lasts without renewal; it is renewed after a third of this.
  public var lease: Int64 = 10_000
  /// Wait before asking again for a lease that somebody else holds.
  public var standby: Int64 = 1_000
  /// Failed attempts after which an aggregate waits for an operator.
  public var attempts = 3
  /// Wait before a parked aggregate is tried again.
  public var retry = Backoff(first: 2_000, most: 10_000)
  /// Wait after the store or the whole broker failed.
  public var outage = Backoff(first: 10, most: 5_000)
  /// Most parked aggregates; at the limit the relay stops instead of losing order.
  public var parkedAggregates = 10_000
  /// Most parked aggregates that are tried again in one batch.
  public var retriesPerBatch = 16

  /// Creates a configuration with the defaults above.
  public init() {}

  /// Most messages that are published at the same time through a publisher.
  package func concurrency(of publisher: any MessagePublisher) -> Int {
    concurrency ?? (publisher is any BatchPublisher ? 1_024 : Self.concurrencyOfSingles)
  }

  /// Most messages at the same time where each is published by itself and nobody says otherwise.
  public static let concurrencyOfSingles = 64
}
