// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageStoreSQLite
import MessagingConformance
import SagaModel
import Testing
import TransactionalMessaging

#if PostgreSQL
  import MessageStorePostgreSQL
  import ServerPrograms
  import Synchronization
#endif

/// Work of a test that throws after it has written.
private struct Broken: Error {}

@Suite(.timeLimit(.minutes(1)))
struct StoreConformanceTests {
  @Test(arguments: SagaStoreConformance.allCases)
  func sqlite(_ conformance: SagaStoreConformance) async throws {
    let database = try DatabaseQueue()
    try SQLiteMessageTables.install(in: database)
    try await database.write { try $0.execute(sql: "CREATE TABLE note (saga TEXT NOT NULL)") }
    let store = SQLiteSagaStore(database)
    try await conformance.check(
      SagaStoreUnderTest(
        store: store,
        write: { throwing in
          { call, context, db in
            try db.execute(sql: "INSERT INTO note (saga) VALUES (?)", arguments: [call.sagaID])
            if throwing { throw Broken() }
            return context
          }
        },
        begin: { records in
          try await database.write { db in try records.map { try store.begin($0, in: db) } }
        },
        accept: { event in try await database.write { try store.accept(event, in: $0) } },
        rows: {
          try await database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM note") ?? 0 }
        },
        events: {
          try await SQLiteRelayStore(database).events(
            after: RelayCursor(sequence: 0), limit: PageLimit(events: 100)
          ).events.map(\.event)
        },
        prune: { try await store.prune(endedBefore: $0) }))
  }

  #if PostgreSQL
    @Test func postgreSQL() async throws {
      let server = try await PostgreSQLProgram.start()
      for (number, conformance) in SagaStoreConformance.allCases.enumerated() {
        let admin = try PostgreSQLDatabase(server.address)
        try await admin.query("CREATE SCHEMA test_\(number)")
        admin.close()
        let database = try PostgreSQLDatabase(
          server.address + "&options=-csearch_path%3Dtest_\(number)")
        try await PostgreSQLMessageTables.install(in: database)
        do {
          try await conformance.check(try await Self.subject(database))
        } catch {
          Issue.record("\(conformance): \(error)")
        }
        database.close()
      }
      await server.stop()
    }

    private static func subject(
      _ database: PostgreSQLDatabase
    ) async throws -> SagaStoreUnderTest<PostgreSQLSagaStore> {
      try await database.query("CREATE TABLE note (saga text NOT NULL)")
      let store = PostgreSQLSagaStore(database)
      return SagaStoreUnderTest(
        store: store,
        write: { throwing in
          { call, context, transaction in
            try await transaction.query(
              "INSERT INTO note (saga) VALUES ($1)", [.text(call.sagaID)])
            if throwing { throw Broken() }
            return context
          }
        },
        begin: { records in
          try await database.transaction { transaction in
            var begun: [Bool] = []
            for record in records { begun.append(try await store.begin(record, in: transaction)) }
            return begun
          }
        },
        accept: { event in
          try await database.transaction { try await store.accept(event, in: $0) }
        },
        rows: {
          Int(try await database.query("SELECT count(*) FROM note").first?.integer(0) ?? 0)
        },
        events: {
          try await database.query(
            "SELECT id, aggregatetype, aggregateid, type FROM outbox ORDER BY seq"
          ).map { row in
            OutboxEvent(
              id: row.text(0) ?? "", aggregateType: row.text(1) ?? "",
              aggregateID: row.text(2) ?? "", type: row.text(3) ?? "", occurredAt: 0, payload: [])
          }
        },
        prune: { try await store.prune(endedBefore: $0) })
    }
  #endif
}
