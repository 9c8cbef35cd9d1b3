// SPDX-License-Identifier: Apache-2.0

public import GRDB
public import TransactionalMessaging

/// What an operator does with events that wait, and how the inbox stays small.
extension SQLiteInbox {
  /// Events that wait, ordered by aggregate and version; at most `limit`.
  public func parked(in db: Database, limit: Int = 1_000) throws -> [ParkedEvent] {
    try ParkedRows.fetch(
      db, sql: InboxStatements.all, arguments: ["consumer": consumer, "limit": limit])
  }

  /// Tries an aggregate's dead event again, with all its attempts, in order with what waits behind.
  ///
  /// - Returns: false when the aggregate has no dead event.
  @discardableResult
  public func replay(_ aggregate: AggregateKey, in db: Database) throws -> Bool {
    try db.execute(sql: InboxStatements.replay, arguments: arguments(aggregate))
    return db.changesCount > 0
  }

  /// Gives up an aggregate's next event without effects: the dead one at its head, or a missing
  /// version that will never come. What waits behind it goes on.
  ///
  /// - Returns: the version that was given up; nil when nothing is dead or waits behind a gap.
  /// Nothing
  ///   is given up then: the next event would count as a duplicate before it came.
  @discardableResult
  public func skip(_ aggregate: AggregateKey, in db: Database) throws -> Int64? {
    let mark = try Int64.fetchOne(
      db, sql: InboxStatements.mark, arguments: arguments(aggregate))
    let skipped = (mark ?? 0) + 1
    let arguments = arguments(aggregate) &+ ["version": skipped]
    let head = try Row.fetchOne(db, sql: InboxStatements.parkedState, arguments: arguments)
    if let head {
      guard head["state"] == ParkedEvent.State.dead.rawValue else { return nil }
    } else {
      let isGap = try Bool.fetchOne(db, sql: InboxStatements.hasParkedBehind, arguments: arguments)
      guard isGap == true else { return nil }
    }
    try db.execute(sql: InboxStatements.setMark, arguments: arguments)
    try db.execute(sql: InboxStatements.unpark, arguments: arguments)
    return skipped
  }

  /// Forgets event ids seen before a time (milliseconds since 1970). Duplicates are recognised all
  /// the same, by the high-water marks, which stay.
  ///
  /// - Returns: how many rows were deleted.
  @discardableResult
  public func prune(seenBefore time: Int64, in db: Database) throws -> Int {
    let arguments: StatementArguments = ["consumer": consumer, "before": time]
    try db.execute(sql: InboxStatements.pruneAttempts, arguments: arguments)
    try db.execute(sql: InboxStatements.prune, arguments: arguments)
    return db.changesCount
  }

  private func arguments(_ aggregate: AggregateKey) -> StatementArguments {
    ["consumer": consumer, "aggregateType": aggregate.type, "aggregateID": aggregate.id]
  }
}
