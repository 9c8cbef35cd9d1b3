// SPDX-License-Identifier: Apache-2.0

public import TransactionalMessaging

/// Limits and times of a consumer. Times are milliseconds.
public struct ConsumerConfiguration: Sendable, Equatable {
  /// Most deliveries that are handled at the same time; one per aggregate at most.
  public var concurrency = 16
  /// Wait before a delivery comes again that could not be recorded.
  public var outage = Backoff(first: 10, most: 10_000)
  /// Wait before a delivery comes again for which the inbox has no room: what waits there has to be
  /// settled first, and each that comes sooner costs the time to do so.
  public var fullInbox: Int64 = 500
  /// Longest wait before parked events are looked at.
  public var parkedPoll: Int64 = 1_000
  /// Most parked events that are tried in one round.
  public var parkedBatch = 64

  /// Creates a configuration with the defaults above.
  public init() {}
}

/// What a consumer has done since it was created, for metrics and consoles.
public struct ConsumerStatus: Sendable, Equatable {
  /// Deliveries whose effects were committed.
  public var applied = 0
  /// Deliveries that had been applied before.
  public var duplicates = 0
  /// Deliveries that wait for earlier versions.
  public var waiting = 0
  /// Deliveries whose effects threw.
  public var failed = 0
  /// Parked events that were tried.
  public var retried = 0
  /// Messages that are no outbox events; the broker keeps them aside.
  public var malformed = 0
  /// Deliveries for which the inbox had no room.
  public var refused = 0
  /// Times that the store could not record a delivery.
  public var outages = 0
  /// The last reason for that.
  public var lastOutage: String?
  var consecutiveOutages = 0
  /// It was said that the inbox is full, and nothing was parked since.
  var isFullSaid = false

  mutating func count(_ outcome: InboxOutcome) {
    consecutiveOutages = 0
    switch outcome {
    case .applied: applied += 1
    case .duplicate: duplicates += 1
    case .waiting:
      waiting += 1
      isFullSaid = false
    case .failed: failed += 1
    }
  }
}
