// SPDX-License-Identifier: Apache-2.0

import Foundation
public import GRDB
public import MessageContracts
public import TransactionalMessaging

/// Appends events to the outbox table inside the caller's own transaction, so that a business row
/// and its event commit together or not at all.
///
/// ```swift
/// try await database.write { db in
///   try order.insert(db)
///   try outbox.append(
///     OutboxEvent(
///       id: UUID().uuidString.lowercased(), aggregateType: "order", aggregateID: "42",
///       type: "order-placed", occurredAt: now, payload: json),
///     in: db)
/// }
/// ```
public struct SQLiteOutbox: Sendable {
  /// Raised after each commit that appended events; give it to the relay of the same process.
  public let signal: WakeSignal
  /// Bounds of one event.
  public let limits: EventLimits
  /// What payloads are held to; nil where they are not looked at.
  public let contracts: EventContracts?
  private let bypass = BypassCover()

  /// Creates an outbox; it has no state besides its signal.
  public init(
    limits: EventLimits = EventLimits(), contracts: EventContracts? = nil,
    signal: WakeSignal = WakeSignal()
  ) {
    self.limits = limits
    self.contracts = contracts
    self.signal = signal
  }

  /// Appends an event and numbers it within its aggregate.
  ///
  /// - Throws: `MessageStoreError` with code `outsideTransaction`, `invalidEvent`, `brokenContract`
  ///   or `duplicateEvent`, or GRDB's error. The transaction should then roll back.
  @discardableResult
  public func append(_ event: OutboxEvent, in db: Database) throws -> AppendedEvent {
    guard db.isInsideTransaction else {
      throw MessageStoreError(
        .outsideTransaction,
        """
        event \(event.id) was appended outside of a transaction, where it could be sent without \
        the change it announces; use write { db in ... } around both
        """)
    }
    do {
      try event.validate(limits)
    } catch {
      throw MessageStoreError(.invalidEvent, "event \(event.id): \(error)", cause: error)
    }
    do {
      try contracts?.check(event)
    } catch {
      throw MessageStoreError(.brokenContract, "event \(event.id): \(error)", cause: error)
    }
    let aggregate: StatementArguments = [
      "aggregateType": event.aggregateType, "aggregateID": event.aggregateID,
    ]
    if try Bool.fetchOne(db, sql: SQLiteOutboxStatements.exists, arguments: ["id": event.id])
      == true
    {
      throw MessageStoreError(
        .duplicateEvent, "event \(event.id) was appended before; each event needs its own id")
    }
    guard
      let version = try Int64.fetchOne(
        db.cachedStatement(sql: SQLiteOutboxStatements.nextVersion), arguments: aggregate),
      let sequence = try Int64.fetchOne(
        db.cachedStatement(sql: SQLiteOutboxStatements.append),
        arguments: aggregate &+ [
          "id": event.id, "type": event.type, "payload": Data(event.payload), "version": version,
          "occurredAt": event.occurredAt, "headers": HeaderText.encode(event.headers),
          "schemaVersion": event.schemaVersion, "tenant": event.tenant,
          "payloadReference": event.payloadReference,
        ])
    else {
      throw MessageStoreError(.corruptRow, "the outbox gave no position to event \(event.id)")
    }
    bypass.cover(db)
    db.afterNextTransaction { [signal] _ in signal.raise() }
    return AppendedEvent(sequence: sequence, version: version, event: event)
  }
}
