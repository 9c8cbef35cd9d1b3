// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Logging
import MessageRelay
import MessageStoreSQLite
import MessagingConformance
import Synchronization
import Testing
import TransactionalMessaging

/// Tables in SQLite that an older build made, with events in them, and a relay that goes on.
@Suite(.timeLimit(.minutes(1)))
struct UpgradedTablesTests {
  private final class Recorder: MessagePublisher {
    let published = Mutex<[String: [String]]>([:])

    func publish(_ message: BrokerMessage) async throws(PublishFailure) {
      published.withLock {
        $0[message.key, default: []].append(message.headers[MessageHeader.id] ?? "")
      }
    }

    var count: Int { published.withLock { $0.values.reduce(0) { $0 + $1.count } } }
  }

  private let database: DatabaseQueue

  /// Six events, of which the relay has passed four; those of `b` wait, and a consumer has seen
  /// the first.
  init() throws {
    database = try DatabaseQueue()
    try database.write { db in
      try db.execute(sql: Self.versionOne)
      for number in 1...6 { try Self.append(number, in: db) }
      try db.execute(sql: Self.passed)
    }
  }

  /// As the build did that made the tables.
  private static func append(_ number: Int, in db: Database) throws {
    let event = SampleEvents.event(number, aggregate: aggregate(number))
    try db.execute(
      sql: """
        INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, aggregateversion,
          occurred_at, headers, schema_version)
        VALUES (?, 'order', ?, 'order-changed', ?, ?, 0, '{}', 1)
        """,
      arguments: [
        event.id, event.aggregateID, Data(event.payload),
        (number + 1) / 2,
      ])
  }

  private static func aggregate(_ number: Int) -> String { number.isMultiple(of: 2) ? "b" : "a" }

  private func relay(to recorder: Recorder, until count: Int) async throws {
    let relay = Relay(
      store: SQLiteRelayStore(database), broker: recorder,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await relay.run() }
      while recorder.count < count || relay.status.parkedAggregates > 0 {
        try Task.checkCancellation()
        await Task.yield()
      }
      tasks.cancelAll()
      try await tasks.waitForAll()
    }
  }

  @Test func aRelayGoesOnAfterTheUpgradeOfTheFirstTables() async throws {
    let pending = try await database.read { try SQLiteMessageTables.pending(in: $0) }
    #expect(!pending.contains { $0.contains("CREATE TABLE outbox") })
    try SQLiteMessageTables.install(in: database)
    #expect(try await database.read { try SQLiteMessageTables.pending(in: $0) } == [])
    try await database.write { db in
      for number in 7...8 {
        try SQLiteOutbox().append(
          SampleEvents.event(number, aggregate: Self.aggregate(number)), in: db)
      }
    }
    let recorder = Recorder()
    try await relay(to: recorder, until: 6)
    let ids = recorder.published.withLock { $0 }
    #expect(ids == ["a": [5, 7].map(SampleEvents.id), "b": [2, 4, 6, 8].map(SampleEvents.id)])
    let versions = try await database.read {
      try Int.fetchAll($0, sql: "SELECT aggregateversion FROM outbox ORDER BY aggregateid, seq")
    }
    #expect(versions == [1, 2, 3, 4, 1, 2, 3, 4])
  }

  @Test func aConsumerKnowsAfterTheUpgradeWhatItHasSeen() async throws {
    try SQLiteMessageTables.install(in: database)
    let inbox = SQLiteInbox(consumer: "c")
    var outcomes: [InboxOutcome] = []
    for (version, number) in [(1, 1), (2, 3)] {
      let event = ReceivedEvent(version: Int64(version), event: SampleEvents.event(number))
      outcomes.append(try await inbox.handle(event, now: 0, in: database) { _ in })
    }
    #expect(outcomes == [.duplicate, .applied(unblocks: false)])
  }

  private static let passed = """
    INSERT INTO aggregate_version VALUES ('order', 'a', 3), ('order', 'b', 3);
    INSERT INTO relay_shard VALUES ('default', 0, 'gone', 7, 0, 4);
    INSERT INTO parked
      VALUES ('default', 'order', 'b', 2, 1, 0, 'refused', 'refused', 'retrying');
    INSERT INTO inbox VALUES ('c', '\(SampleEvents.id(1))', 0);
    INSERT INTO inbox_hwm VALUES ('c', 'order', 'a', 1);
    """

  /// As the build made them that knew version 1 alone.
  private static let versionOne = """
    CREATE TABLE IF NOT EXISTS messaging_schema (
      version INTEGER PRIMARY KEY,
      applied_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE outbox (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      type TEXT NOT NULL,
      payload BLOB NOT NULL,
      aggregateversion INTEGER NOT NULL,
      occurred_at INTEGER NOT NULL,
      headers TEXT NOT NULL,
      schema_version INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX outbox_aggregate ON outbox (aggregatetype, aggregateid, aggregateversion);
    CREATE TABLE aggregate_version (
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      version INTEGER NOT NULL,
      PRIMARY KEY (aggregatetype, aggregateid)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE relay_shard (
      relay TEXT NOT NULL,
      shard INTEGER NOT NULL,
      owner TEXT,
      epoch INTEGER NOT NULL,
      lease_until INTEGER NOT NULL,
      done_seq INTEGER NOT NULL,
      PRIMARY KEY (relay, shard)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE parked (
      relay TEXT NOT NULL,
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      first_seq INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      next_at INTEGER NOT NULL,
      last_error TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('retrying', 'dead')),
      PRIMARY KEY (relay, aggregatetype, aggregateid)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE inbox (
      consumer TEXT NOT NULL,
      event_id TEXT NOT NULL,
      seen_at INTEGER NOT NULL,
      PRIMARY KEY (consumer, event_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX inbox_seen ON inbox (seen_at);
    CREATE TABLE inbox_hwm (
      consumer TEXT NOT NULL,
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      version INTEGER NOT NULL,
      PRIMARY KEY (consumer, aggregatetype, aggregateid)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE inbox_parked (
      consumer TEXT NOT NULL,
      aggregatetype TEXT NOT NULL,
      aggregateid TEXT NOT NULL,
      aggregateversion INTEGER NOT NULL,
      event_id TEXT NOT NULL,
      type TEXT NOT NULL,
      payload BLOB NOT NULL,
      occurred_at INTEGER NOT NULL,
      headers TEXT NOT NULL,
      schema_version INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      next_at INTEGER NOT NULL,
      last_error TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('waiting', 'retrying', 'dead')),
      PRIMARY KEY (consumer, aggregatetype, aggregateid, aggregateversion)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX inbox_parked_due ON inbox_parked (consumer, state, next_at);
    INSERT INTO messaging_schema VALUES (1, 0);
    """
}
