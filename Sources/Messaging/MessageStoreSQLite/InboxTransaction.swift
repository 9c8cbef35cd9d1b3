// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import TransactionalMessaging

/// One event within one transaction of the consumer's database.
struct InboxTransaction {
  let inbox: SQLiteInbox
  let event: ReceivedEvent
  let now: Int64
  /// Attempts that ended with their process.
  var deaths = 0

  private struct Known {
    var mark: Int64?
    var parkedAttempts: Int?
    var parkedState: ParkedEvent.State?
  }

  /// A delivery from the broker.
  func run(_ db: Database, effects: (Database) throws -> Void) throws -> InboxOutcome {
    let known = try known(db)
    let decision = InboxDecision.decide(
      version: event.version, mark: known.mark, isParked: known.parkedState != nil,
      start: inbox.policy.start)
    switch decision {
    case .duplicate:
      return .duplicate
    case .parkedBefore:
      return .waiting
    case .park:
      try keep(db, known, state: .waiting, attempts: 0, nextAt: 0, error: "")
      return .waiting
    case .apply:
      return try apply(db, known: known, effects: effects)
    }
  }

  /// A parked event whose turn has come; it may have been settled meanwhile, or have failed once
  /// more: then it is not due yet.
  func retry(
    _ db: Database, after attempts: Int, effects: (Database) throws -> Void
  ) throws -> InboxOutcome {
    let known = try known(db)
    guard let state = known.parkedState, state != .dead else { return .duplicate }
    guard known.parkedAttempts == attempts else { return .waiting }
    let decision = InboxDecision.decide(
      version: event.version, mark: known.mark, isParked: false, start: inbox.policy.start)
    switch decision {
    case .duplicate:
      try execute(db, InboxStatements.unpark)
      return .duplicate
    case .park, .parkedBefore:
      return .waiting
    case .apply:
      return try apply(db, known: known, effects: effects)
    }
  }

  /// What became of the attempt is stored with this.
  func end(_ db: Database) throws { try execute(db, InboxStatements.endAttempt) }

  private func apply(
    _ db: Database, known: Known, effects: (Database) throws -> Void
  ) throws -> InboxOutcome {
    if let verdict = inbox.policy.verdict(deaths: deaths) {
      return try fail(db, known: known, attempts: deaths, isDead: true, verdict)
    }
    var failure: (any Error)?
    try db.inSavepoint {
      guard try markSeen(db) else { return .commit }
      do {
        try effects(db)
        return .commit
      } catch let error where Self.belongsToEvent(error) {
        failure = error
        return .rollback
      }
    }
    if let failure {
      let attempts = (known.parkedAttempts ?? 0) + 1
      return try fail(
        db, known: known, attempts: attempts, isDead: attempts >= inbox.policy.attempts,
        String(describing: failure))
    }
    try execute(db, InboxStatements.setMark)
    if known.parkedState != nil { try execute(db, InboxStatements.unpark) }
    let next = try String.fetchOne(
      db, sql: InboxStatements.parkedState,
      arguments: aggregate &+ ["version": event.version + 1])
    return .applied(unblocks: next != nil)
  }

  /// The database's own troubles (busy, full disk, interrupted) are not the event's fault: they
  /// end the transaction, and the delivery comes again without a counted attempt.
  static func belongsToEvent(_ error: any Error) -> Bool {
    guard let error = error as? DatabaseError else { return !(error is CancellationError) }
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_IOERR, .SQLITE_FULL, .SQLITE_INTERRUPT,
      .SQLITE_ABORT, .SQLITE_CORRUPT, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_NOMEM:
      return false
    default:
      return true
    }
  }

  private func fail(
    _ db: Database, known: Known, attempts: Int, isDead: Bool, _ text: String
  ) throws -> InboxOutcome {
    var random = SystemRandomNumberGenerator()
    let nextAt = now + inbox.policy.retry.delay(afterAttempt: attempts, using: &random)
    try keep(
      db, known, state: isDead ? .dead : .retrying, attempts: attempts,
      nextAt: isDead ? 0 : nextAt, error: text)
    if known.mark == nil, inbox.policy.start == .firstSeen {
      // From here on this aggregate has a beginning, or the event would never be due.
      try db.execute(
        sql: InboxStatements.setMark, arguments: aggregate &+ ["version": event.version - 1])
    }
    return .failed(FailureFingerprint.bounded(text), nextAt: isDead ? nil : nextAt)
  }

  private func keep(
    _ db: Database, _ known: Known, state: ParkedEvent.State, attempts: Int, nextAt: Int64,
    error: String
  ) throws {
    if known.parkedState == nil {
      var answer = inbox.room.take(now: now)
      if answer == .unknown {
        let count = try Int.fetchOne(
          db, sql: InboxStatements.parkedCount, arguments: ["consumer": inbox.consumer])
        inbox.room.learn(count ?? 0, now: now)
        answer = inbox.room.take(now: now)
      }
      guard answer == .granted else {
        throw InboxFull(consumer: inbox.consumer, limit: inbox.policy.parkedEvents)
      }
    }
    let content = event.event
    try db.execute(
      sql: InboxStatements.park,
      arguments: aggregate &+ [
        "version": event.version, "id": content.id, "type": content.type,
        "payload": Data(content.payload), "occurredAt": content.occurredAt,
        "headers": HeaderText.encode(content.headers), "schemaVersion": content.schemaVersion,
        "tenant": content.tenant, "payloadReference": content.payloadReference,
        "attempts": attempts, "nextAt": nextAt,
        "lastError": FailureFingerprint.bounded(error),
        "fingerprint": error.isEmpty ? "" : FailureFingerprint.of(error), "state": state.rawValue,
      ])
  }

  var aggregate: StatementArguments {
    [
      "consumer": inbox.consumer, "aggregateType": event.event.aggregateType,
      "aggregateID": event.event.aggregateID,
    ]
  }

  private func known(_ db: Database) throws -> Known {
    let mark = try Int64.fetchOne(
      db.cachedStatement(sql: InboxStatements.mark), arguments: aggregate)
    let row = try Row.fetchOne(
      db.cachedStatement(sql: InboxStatements.parkedState),
      arguments: aggregate &+ ["version": event.version])
    guard let row else { return Known(mark: mark) }
    return Known(
      mark: mark, parkedAttempts: row["attempts"], parkedState: try ParkedRows.state(row["state"]))
  }

  /// False when the id was seen before, under whatever version.
  private func markSeen(_ db: Database) throws -> Bool {
    try db.execute(
      sql: InboxStatements.seen,
      arguments: ["consumer": inbox.consumer, "id": event.event.id, "now": now])
    return db.changesCount == 1
  }

  private func execute(_ db: Database, _ sql: String) throws {
    try db.execute(sql: sql, arguments: aggregate &+ ["version": event.version])
  }
}
