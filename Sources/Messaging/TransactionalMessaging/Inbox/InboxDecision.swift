// SPDX-License-Identifier: Apache-2.0

/// What a consumer does with a version of an aggregate, given how far it has come.
///
/// The high-water mark is kept for ever, so a duplicate is recognised however late it comes.
package enum InboxDecision: Sendable, Equatable {
  /// It is the next one: apply its effects and move the mark, in one transaction.
  case apply
  /// Its effects were applied before.
  case duplicate
  /// Earlier versions are missing or wait themselves: keep it until they are applied.
  case park(expected: Int64)
  /// It waits already; a redelivery changes nothing.
  case parkedBefore

  /// Decides. `mark` is the highest applied version, nil before the first.
  package static func decide(
    version: Int64, mark: Int64?, isParked: Bool, start: InboxStart
  ) -> InboxDecision {
    if let mark, version <= mark { return .duplicate }
    if isParked { return .parkedBefore }
    let expected =
      switch (mark, start) {
      case (let mark?, _): mark + 1
      case (nil, .firstVersion): Int64(1)
      case (nil, .firstSeen): version
      }
    return version == expected ? .apply : .park(expected: expected)
  }
}

/// Where a consumer that has never seen an aggregate begins.
public enum InboxStart: Sendable, Equatable {
  /// With version 1: anything higher waits for it.
  case firstVersion
  /// With the first version that arrives: for consumers that join a running stream and know the
  /// earlier state from elsewhere.
  case firstSeen
}

/// What became of one delivery. Every outcome is durable, so the delivery may be acknowledged.
public enum InboxOutcome: Sendable, Equatable {
  /// The effects are committed. `unblocks` is true when a parked event is next.
  case applied(unblocks: Bool)
  /// The effects were committed before.
  case duplicate
  /// The event is kept in the inbox until earlier versions are applied.
  case waiting
  /// The effects threw; the event is kept and tried again at `nextAt` (milliseconds since 1970),
  /// or waits for an operator when `nextAt` is nil.
  case failed(String, nextAt: Int64?)
}

/// How a consumer treats events whose effects throw.
public struct InboxPolicy: Sendable, Equatable {
  /// Where it begins.
  public var start: InboxStart
  /// Failed attempts after which an event waits for an operator, and its aggregate behind it.
  public var attempts: Int
  /// Attempts that ended with their process, one after the other, after which an event waits for an
  /// operator. More than those that fail by themselves, since processes end for other reasons too.
  public var crashes: Int
  /// Wait before an event is tried again.
  public var retry: Backoff
  /// Most parked events; at the limit deliveries are refused, not lost. Several processes of one
  /// consumer may exceed it by what they park within a second.
  public var parkedEvents: Int

  /// Creates a policy.
  public init(
    start: InboxStart = .firstVersion, attempts: Int = 3,
    retry: Backoff = Backoff(first: 2_000, most: 10_000), parkedEvents: Int = 10_000,
    crashes: Int = 10
  ) {
    self.start = start
    self.attempts = max(1, attempts)
    self.crashes = max(1, crashes)
    self.retry = retry
    self.parkedEvents = max(1, parkedEvents)
  }
}

/// The inbox holds as many parked events as it may; the delivery must come again.
public struct InboxFull: Error, Sendable, Equatable, CustomStringConvertible {
  /// The consumer.
  public var consumer: String
  /// The limit.
  public var limit: Int

  /// Creates the error.
  public init(consumer: String, limit: Int) {
    self.consumer = consumer
    self.limit = limit
  }

  /// One sentence with what to do.
  public var description: String {
    """
    consumer \(consumer) has \(limit) parked events, the limit; replay or skip its dead letters, \
    or find out why versions are missing
    """
  }
}
