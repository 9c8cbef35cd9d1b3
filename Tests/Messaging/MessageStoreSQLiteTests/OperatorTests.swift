// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageStoreSQLite
import MessagingConformance
import MessagingTestSupport
import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct OperatorTests {
  private struct Aborted: Error {}

  private let database: DatabaseQueue

  init() throws {
    database = try DatabaseQueue()
    try SQLiteMessageTables.install(in: database)
    try database.write { try $0.execute(sql: "CREATE TABLE effect (id TEXT NOT NULL)") }
  }

  private var relay: RelayStoreUnderTest {
    let (database, outbox) = (database, SQLiteOutbox())
    return RelayStoreUnderTest(
      store: SQLiteRelayStore(database),
      append: { events in
        try await database.write { db in try events.map { try outbox.append($0, in: db) } }
      },
      appendAborted: { events in
        try? await database.write { db in
          for event in events { try outbox.append(event, in: db) }
          throw Aborted()
        }
      })
  }

  private var inbox: InboxUnderTest {
    let (database, inbox) = (database, SQLiteInbox(consumer: "c"))
    return InboxUnderTest(
      bound: { policy, failing in
        SQLiteInbox(consumer: "c", policy: policy).bound(to: database) { event, db in
          try db.execute(sql: "INSERT INTO effect (id) VALUES (?)", arguments: [event.event.id])
          if failing(event) { throw Aborted() }
        }
      },
      effects: {
        try await database.read {
          try String.fetchAll($0, sql: "SELECT id FROM effect ORDER BY rowid")
        }
      },
      parked: { try await database.read { try inbox.parked(in: $0) } },
      replay: { key in try await database.write { try inbox.replay(key, in: $0) } },
      skip: { key in try await database.write { try inbox.skip(key, in: $0) } },
      prune: { time in try await database.write { try inbox.prune(seenBefore: time, in: $0) } })
  }

  @Test(arguments: OperatorConformance.allCases)
  func conforms(_ conformance: OperatorConformance) async throws {
    let database = database
    try await conformance.check(
      OperatorUnderTest(
        database: SQLiteOperatorDatabase(database), relay: relay, inbox: inbox,
        tamper: { sql in try await database.write { try $0.execute(sql: sql) } }))
  }

  @Test func aRestoredOutboxBehindItsRelayIsFound() async throws {
    _ = try await relay.append([SampleEvents.event(1)])
    let store = SQLiteRelayStore(database)
    _ = try await store.acquire(LeaseRequest(relay: "r", owner: "o", now: 0, until: 1))
    try await database.write { try $0.execute(sql: "UPDATE relay_shard SET done_seq = 2") }
    let findings = try await OutboxOperator(SQLiteOperatorDatabase(database)).verify()
    #expect(findings.map(\.check) == ["cursors"])
  }

  @Test func tablesThatAreMissingAreNamed() async throws {
    let outbox = OutboxOperator(SQLiteOperatorDatabase(try DatabaseQueue()))
    let error = await #expect(throws: MessageStoreError.self) { try await outbox.verify() }
    #expect(error?.code == .missingTables)
  }
}
