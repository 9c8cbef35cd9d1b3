// SPDX-License-Identifier: Apache-2.0

import Foundation
public import GRDB
public import TransactionalMessaging

/// Applies each event's effects exactly once, in the order of its aggregate.
///
/// Effects, inbox row and high-water mark are one transaction of the consumer's own database.
///
/// ```swift
/// let inbox = SQLiteInbox(consumer: "shipping")
/// let consumer = Consumer(
///   group: "shipping", broker: broker,
///   inbox: inbox.bound(to: database) { event, db in
///     try Shipment(for: event).insert(db)
///   })
/// ```
public struct SQLiteInbox: Sendable {
  /// Name of the consumer; each has marks of its own.
  public let consumer: String
  /// How failures are treated.
  public let policy: InboxPolicy
  let room: ParkedRoom
  let attempts = AttemptWatch(owner: "\(UInt64.random(in: .min ... .max))")

  /// Creates an inbox; `SQLiteMessageTables.install` must have run on the consumer's database.
  public init(consumer: String, policy: InboxPolicy = InboxPolicy()) {
    self.consumer = consumer
    self.policy = policy
    room = ParkedRoom(limit: policy.parkedEvents)
  }

  /// Handles one delivery: effects once, failures kept. When it returns, acknowledge the delivery.
  ///
  /// Attempts that end the process are counted too; see `InboxPolicy.crashes`.
  ///
  /// - Parameters:
  ///   - event: the delivery.
  ///   - now: milliseconds since 1970.
  ///   - writer: the consumer's own database.
  ///   - effects: what the event changes; runs inside the transaction and must change nothing
  ///     elsewhere. When it throws, its changes are undone and the event is kept for later.
  /// - Throws: `InboxFull` or GRDB's error; the delivery must then come again.
  public func handle(
    _ event: ReceivedEvent, now: Int64, in writer: some DatabaseWriter,
    effects: @Sendable @escaping (Database) throws -> Void
  ) async throws -> InboxOutcome {
    try await delivering(event, now: now, in: writer) { try $0.run($1, effects: effects) }
  }

  /// Counts an attempt and makes it, in one transaction with all that comes of it.
  fileprivate func delivering(
    _ event: ReceivedEvent, now: Int64, in writer: some DatabaseWriter,
    _ body: @Sendable @escaping (InboxTransaction, Database) throws -> InboxOutcome
  ) async throws -> InboxOutcome {
    try await attempts.run(marks(of: event, now: now, in: writer)) { deaths in
      try await writer.write { db in
        let transaction = InboxTransaction(
          inbox: self, event: event, now: now, deaths: deaths)
        let outcome = try body(transaction, db)
        try transaction.end(db)
        return outcome
      }
    }
  }

  /// The inbox together with its database and effects, as `Consumer` takes it.
  public func bound(
    to writer: some DatabaseWriter,
    effects: @Sendable @escaping (ReceivedEvent, Database) throws -> Void
  ) -> some EventInbox {
    BoundSQLiteInbox(inbox: self, writer: writer, effects: effects)
  }
}

private struct BoundSQLiteInbox<Writer: DatabaseWriter>: EventInbox {
  let inbox: SQLiteInbox
  let writer: Writer
  let effects: @Sendable (ReceivedEvent, Database) throws -> Void

  var consumer: String { inbox.consumer }

  func receive(_ event: ReceivedEvent, now: Int64) async throws -> InboxOutcome {
    try await inbox.handle(event, now: now, in: writer) { try effects(event, $0) }
  }

  func retryParked(now: Int64, limit: Int) async throws -> (tried: Int, nextDue: Int64?) {
    let due = try await writer.read { db in
      try ParkedRows.fetch(
        db, sql: InboxStatements.due,
        arguments: ["consumer": inbox.consumer, "now": now, "limit": limit])
    }
    let tried = try await ParkedRound.run(due, limit: limit) { aggregate, version, limit in
      try await writer.read { db in
        try ParkedRows.fetch(
          db, sql: InboxStatements.behind,
          arguments: [
            "consumer": inbox.consumer, "aggregateType": aggregate.type,
            "aggregateID": aggregate.id, "version": version, "now": now, "limit": limit,
          ])
      }
    } attempt: { parked in
      try await inbox.delivering(parked.received, now: now, in: writer) { transaction, db in
        try transaction.retry(db, after: parked.attempts) { try effects(parked.received, $0) }
      }
    }
    let next = try await writer.read { db in
      try Int64.fetchOne(
        db, sql: InboxStatements.nextDue, arguments: ["consumer": inbox.consumer])
    }
    return (tried, next)
  }
}
