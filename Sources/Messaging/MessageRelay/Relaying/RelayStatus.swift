// SPDX-License-Identifier: Apache-2.0

/// What a relay has done since it was created, for metrics and consoles.
public struct RelayStatus: Sendable, Equatable {
  /// True while it holds the lease.
  public var isOwner = false
  /// Sequence of the last event that is acknowledged or parked, 0 before the first lease. In SQLite
  /// that holds of every event before it too; in PostgreSQL some of those may not be committed yet.
  public var cursor: Int64 = 0
  /// Parked aggregates, dead ones included.
  public var parkedAggregates = 0
  /// Publications that the broker acknowledged.
  public var acknowledged = 0
  /// Publications that the broker rejected or did not confirm.
  public var rejected = 0
  /// Times that another owner took over.
  public var fenced = 0
  /// Why the relay cannot go on at the moment: the broker or the store, nil when all is well.
  public var outage: String?
}
