// SPDX-License-Identifier: Apache-2.0

import Foundation
public import GRDB
public import TransactionalMessaging

/// The relay's side of the outbox tables: lease, cursor, parked aggregates.
///
/// SQLite has one writer, so sequences become visible in commit order and a cursor on them loses
/// nothing, whatever number of processes append to the file.
public struct SQLiteRelayStore: RelayStore {
  private let writer: any DatabaseWriter

  /// Uses the database of the outbox; `SQLiteMessageTables.install` must have run on it.
  public init(_ writer: any DatabaseWriter) { self.writer = writer }

  /// Takes or renews the lease and reads where the relay stopped.
  public func acquire(_ request: LeaseRequest) async throws -> RelayPosition? {
    try await writer.write { db in
      let arguments: StatementArguments = [
        "relay": request.relay, "owner": request.owner, "until": request.until, "now": request.now,
      ]
      guard
        let row = try Row.fetchOne(db, sql: SQLiteRelayStatements.acquire, arguments: arguments)
      else { return nil }
      return RelayPosition(
        lease: RelayLease(relay: request.relay, owner: request.owner, epoch: row["epoch"]),
        cursor: RelayCursor(sequence: row["done_seq"]),
        parked: try Self.parked(db, relay: request.relay))
    }
  }

  /// Events above the cursor's sequence, in order.
  public func events(after cursor: RelayCursor, limit: PageLimit) async throws -> EventPage {
    try await writer.read { db in
      try EventRows.page(
        db, sql: SQLiteRelayStatements.eventsAfter, arguments: ["after": cursor.sequence],
        limit: limit)
    }
  }

  /// Events of one aggregate from a sequence up to the cursor's, in order.
  public func events(
    of aggregate: AggregateKey, from sequence: Int64, through cursor: RelayCursor, limit: PageLimit
  ) async throws -> EventPage {
    try await writer.read { db in
      try EventRows.page(
        db, sql: SQLiteRelayStatements.eventsOfAggregate,
        arguments: [
          "aggregateType": aggregate.type, "aggregateID": aggregate.id,
          "first": sequence, "last": cursor.sequence,
        ], limit: limit)
    }
  }

  /// Stores progress under the newest epoch only.
  public func save(_ progress: RelayProgress) async throws {
    try await writer.write { db in
      let relay = progress.lease.relay
      try db.execute(
        sql: SQLiteRelayStatements.save,
        arguments: [
          "relay": relay, "epoch": progress.lease.epoch, "cursor": progress.cursor.sequence,
          "until": progress.leaseUntil,
        ])
      guard db.changesCount == 1 else { throw RelayFenced(lease: progress.lease) }
      for entry in progress.parked {
        try db.execute(
          sql: SQLiteRelayStatements.park,
          arguments: [
            "relay": relay, "aggregateType": entry.aggregate.type,
            "aggregateID": entry.aggregate.id, "first": entry.firstSequence,
            "attempts": entry.attempts, "nextAt": entry.nextAt, "lastError": entry.lastError,
            "fingerprint": entry.fingerprint, "state": entry.state.rawValue,
          ])
      }
      for aggregate in progress.released {
        try db.execute(
          sql: SQLiteRelayStatements.unpark, arguments: Self.arguments(relay, aggregate))
      }
    }
  }

  /// Moves the end of the lease under the newest epoch only.
  public func renew(_ lease: RelayLease, until: Int64) async throws {
    try await writer.write { db in
      try db.execute(
        sql: SQLiteRelayStatements.renew,
        arguments: ["relay": lease.relay, "epoch": lease.epoch, "until": until])
      guard db.changesCount == 1 else { throw RelayFenced(lease: lease) }
    }
  }

  /// Gives the lease back.
  public func release(_ lease: RelayLease) async throws {
    try await writer.write { db in
      try db.execute(
        sql: SQLiteRelayStatements.release, arguments: ["relay": lease.relay, "epoch": lease.epoch])
    }
  }

  private static func parked(_ db: Database, relay: String) throws -> [ParkedAggregate] {
    try Row.fetchAll(db, sql: SQLiteRelayStatements.parked, arguments: ["relay": relay]).map {
      row in
      let state: String = row["state"]
      guard let state = ParkedAggregate.State(rawValue: state) else {
        throw MessageStoreError(.corruptRow, "table parked has the unknown state \"\(state)\"")
      }
      return ParkedAggregate(
        aggregate: AggregateKey(type: row["aggregatetype"], id: row["aggregateid"]),
        firstSequence: row["first_seq"], attempts: row["attempts"], nextAt: row["next_at"],
        lastError: row["last_error"], fingerprint: row["fingerprint"], state: state)
    }
  }

  private static func arguments(_ relay: String, _ aggregate: AggregateKey) -> StatementArguments {
    ["relay": relay, "aggregateType": aggregate.type, "aggregateID": aggregate.id]
  }
}

// MARK: - What an operator does

extension SQLiteRelayStore {
  /// Aggregates that wait in a relay, by key.
  public func parked(relay: String) async throws -> [ParkedAggregate] {
    try await writer.read { try Self.parked($0, relay: relay) }
  }

  /// Tries a parked aggregate again at once, with all its attempts.
  ///
  /// - Returns: false when it is not parked.
  @discardableResult
  public func replay(_ aggregate: AggregateKey, relay: String) async throws -> Bool {
    try await change(aggregate, relay: relay, SQLiteRelayStatements.replay)
  }

  /// Gives up the first waiting event of a parked aggregate; the later ones are tried at once.
  /// Consumers will see a gap in its versions and wait until an operator decides there too.
  ///
  /// - Returns: false when it is not parked.
  @discardableResult
  public func skip(_ aggregate: AggregateKey, relay: String) async throws -> Bool {
    try await change(aggregate, relay: relay, SQLiteRelayStatements.skip)
  }

  /// Deletes events that happened before a time (milliseconds since 1970), that every relay of this
  /// database has passed and none has parked; at most `limit`, so that writers never wait for long.
  ///
  /// - Returns: how many were deleted; call it again while it is `limit`.
  @discardableResult
  public func prune(occurredBefore time: Int64, limit: Int = 1_000) async throws -> Int {
    try await writer.write { db in
      try db.execute(
        sql: SQLiteRelayStatements.prune, arguments: ["before": time, "limit": limit])
      return db.changesCount
    }
  }

  private func change(
    _ aggregate: AggregateKey, relay: String, _ sql: String
  ) async throws -> Bool {
    try await writer.write { db in
      try db.execute(sql: sql, arguments: Self.arguments(relay, aggregate))
      guard db.changesCount == 1 else { return false }
      try db.execute(sql: SQLiteRelayStatements.supersede, arguments: ["relay": relay])
      return true
    }
  }
}
