// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import GRDB
internal import MessageRelay
internal import MessageStoreSQLite
internal import Synchronization
internal import TortureModel
internal import TransactionalMessaging

/// Two files in a folder: the producer's and the consumer's.
struct SQLiteTortureDatabase: TortureDatabase {
  /// Longer than anybody is stopped with the lock in his hands, seconds.
  private static let busyTimeout = 20.0

  private let producer: DatabasePool
  private let consumer: DatabasePool
  private let outbox = SQLiteOutbox()

  init(folder: String) throws {
    var configuration = Configuration()
    configuration.busyMode = .timeout(Self.busyTimeout)
    producer = try DatabasePool(path: folder + "/producer.sqlite", configuration: configuration)
    consumer = try DatabasePool(path: folder + "/consumer.sqlite", configuration: configuration)
  }

  func install() async throws {
    try SQLiteMessageTables.install(in: producer, surviving: .processCrash)
    try SQLiteMessageTables.install(in: consumer, surviving: .processCrash)
    try await producer.write {
      try $0.execute(sql: "CREATE TABLE business (txn TEXT NOT NULL, id TEXT NOT NULL)")
    }
    try await consumer.write {
      try $0.execute(
        sql: """
          CREATE TABLE effect (
            n INTEGER PRIMARY KEY, id TEXT NOT NULL, aggregate TEXT NOT NULL,
            version INTEGER NOT NULL)
          """)
      try $0.execute(sql: "CREATE TABLE cured (id TEXT PRIMARY KEY)")
    }
  }

  func write(
    _ transaction: WriterTransaction, _ points: CrashPoints
  ) async -> TortureRecord.Outcome {
    let outbox = outbox
    let isAtCommit = ReachedCommit()
    do {
      try await producer.write { db in
        for event in transaction.events {
          try db.execute(
            sql: "INSERT INTO business (txn, id) VALUES (?, ?)",
            arguments: [transaction.name, event.id])
        }
        Self.pause(transaction.pauseBeforeAppend)
        points.pass(.beforeAppend)
        for event in transaction.outboxEvents(now: SystemMessagingClock().now()) {
          try outbox.append(event, in: db)
        }
        Self.pause(transaction.pauseBeforeCommit)
        points.pass(.beforeCommit)
        if transaction.aborts { throw TortureAbort() }
        isAtCommit.note()
      }
    } catch {
      return isAtCommit.isNoted ? .unknown : .aborted
    }
    points.pass(.committed)
    return .committed
  }

  /// On the database's own thread, which has nothing else to do.
  private static func pause(_ milliseconds: Int64) {
    guard milliseconds > 0 else { return }
    _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(Int(milliseconds)))
  }

  func relayStore(_ rule: TortureSettings.Rule) throws -> any RelayStore {
    SQLiteRelayStore(producer)
  }

  func inbox(_ points: CrashPoints) -> any EventInbox {
    SQLiteInbox(consumer: TortureNames.consumer, policy: .torture).bound(
      to: consumer
    ) { received, db in
      try db.execute(
        sql: "INSERT INTO effect (id, aggregate, version) VALUES (?, ?, ?)",
        arguments: [received.event.id, received.event.aggregateID, received.version])
      points.pass(.effectsUncommitted)
      guard received.event.type == TortureNames.poison else { return }
      let cured = try Int.fetchOne(
        db, sql: "SELECT 1 FROM cured WHERE id = ?", arguments: [received.event.id])
      // What the effect has written by now is undone with it.
      if cured == nil { try points.fail(at: received.event) }
      points.pass(.letterUncommitted)
    }
  }

  var operators: any OperatorDatabase { SQLiteOperatorDatabase(consumer) }

  func cure(_ ids: [String]) async throws {
    try await consumer.write { db in
      for id in ids {
        try db.execute(sql: "INSERT OR IGNORE INTO cured (id) VALUES (?)", arguments: [id])
      }
    }
  }

  func counts() async throws -> TortureCounts {
    let events = try await producer.read {
      try Int64.fetchOne($0, sql: "SELECT COUNT(*) FROM outbox")
    }
    return try await consumer.read { db in
      func count(_ sql: String) throws -> Int64 { try Int64.fetchOne(db, sql: sql) ?? 0 }
      return TortureCounts(
        events: events ?? 0, effects: try count("SELECT COUNT(*) FROM effect"),
        behind: try count(TortureCounts.behind), dead: try count(TortureCounts.dead),
        begun: try count(TortureCounts.begun))
    }
  }

  func standstill() async throws -> Standstill {
    try await consumer.read { db in
      let dead = try Row.fetchAll(db, sql: TortureCounts.firstDead).map { row -> (String, Int64) in
        (row[0], row[1])
      }
      return Standstill(
        done: try String.fetchSet(db, sql: "SELECT id FROM effect"),
        dead: Dictionary(dead, uniquingKeysWith: { first, _ in first }))
    }
  }

  func evidence() async throws -> TortureEvidence {
    var evidence = TortureEvidence()
    (evidence.rows, evidence.outbox, evidence.parked) = try await producer.read { db in
      var rows: [String: Set<String>] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT txn, id FROM business") {
        rows[row[0], default: []].insert(row[1])
      }
      let outbox = try Row.fetchAll(
        db, sql: "SELECT seq, id, aggregateid, aggregateversion FROM outbox ORDER BY seq"
      ).map {
        TortureEvidence.Stored(
          sequence: $0[0], sighting: Sighting(id: $0[1], aggregate: $0[2], version: $0[3]))
      }
      return (
        rows, outbox, try String.fetchSet(db, sql: "SELECT aggregateid FROM parked")
      )
    }
    (evidence.effects, evidence.waiting) = try await consumer.read { db in
      let effects = try Row.fetchAll(
        db, sql: "SELECT id, aggregate, version FROM effect ORDER BY n"
      ).map { Sighting(id: $0[0], aggregate: $0[1], version: $0[2]) }
      return (effects, try String.fetchSet(db, sql: "SELECT event_id FROM inbox_parked"))
    }
    return evidence
  }
}

/// Whether all of a transaction was done but its commit.
final class ReachedCommit: Sendable {
  private let state = Mutex(false)
  var isNoted: Bool { state.withLock { $0 } }
  func note() { state.withLock { $0 = true } }
}
