// SPDX-License-Identifier: Apache-2.0

/// An event as it stands in the outbox, with the two numbers that the store gave it.
public struct AppendedEvent: Sendable, Equatable {
  /// Position in the outbox, growing; positions of rolled-back transactions may be missing.
  public var sequence: Int64
  /// Number of the event within its aggregate: 1, 2, 3 and so on without a gap.
  public var version: Int64
  /// What was appended.
  public var event: OutboxEvent
  /// Why the row cannot be sent as it stands, such as headers that somebody wrote by hand; nil when
  /// it can. It parks its aggregate, like an event that the broker refuses, and nothing else.
  public var defect: String?

  /// Creates an appended event.
  public init(sequence: Int64, version: Int64, event: OutboxEvent, defect: String? = nil) {
    self.sequence = sequence
    self.version = version
    self.event = event
    self.defect = defect
  }
}

/// An event as a consumer sees it: without the outbox position, which means nothing outside of the
/// producer's database.
public struct ReceivedEvent: Sendable, Equatable {
  /// Number of the event within its aggregate, from 1 without a gap.
  public var version: Int64
  /// What the producer appended.
  public var event: OutboxEvent

  /// Creates a received event.
  public init(version: Int64, event: OutboxEvent) {
    self.version = version
    self.event = event
  }
}
