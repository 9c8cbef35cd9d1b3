// SPDX-License-Identifier: Apache-2.0

/// What a broker has done since it was created.
public struct BrokerStatus: Sendable, Equatable {
  /// Messages that the server confirmed.
  public var published = 0
  /// Of those, how many it knew that it had before.
  public var duplicates = 0
  /// Messages that came.
  public var delivered = 0
  /// Of those, how many had been delivered before.
  public var redelivered = 0
  /// Messages that were acknowledged to the server.
  public var acknowledged = 0
  /// Messages of other topics than the group's.
  public var skipped = 0
  /// Messages that went to the dead letters.
  public var deadLettered = 0
  /// Connections that were opened.
  public var connections = 0
  /// Times that a connection or what it needs could not be had.
  public var outages = 0
  /// The last reason for that; nil while all is well.
  public var outage: String?

  /// Creates one of a broker that has done nothing.
  public init() {}
}
