// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import MessageContracts
import MessageStoreSQLite
import MessagingConformance
import MessagingTestSupport
import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct SQLiteOutboxTests {
  private struct Aborted: Error {}

  private func database() throws -> DatabaseQueue {
    let database = try DatabaseQueue()
    try SQLiteMessageTables.install(in: database)
    return database
  }

  private func code(_ body: () throws -> Void) -> MessageStoreError.Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? MessageStoreError)?.code
    }
  }

  @Test func numbersEachAggregateByItself() async throws {
    let database = try database()
    let outbox = SQLiteOutbox()
    let appended = try await database.write { db in
      try SampleEvents.events(5, aggregates: ["a", "b"]).map { try outbox.append($0, in: db) }
    }
    #expect(appended.map(\.version) == [1, 1, 2, 2, 3])
    #expect(appended.map(\.sequence) == [1, 2, 3, 4, 5])
  }

  @Test func refusesToAppendOutsideOfATransaction() throws {
    let database = try database()
    let code = code {
      try database.writeWithoutTransaction { db in
        _ = try SQLiteOutbox().append(SampleEvents.event(1), in: db)
      }
    }
    #expect(code == .outsideTransaction)
    #expect(try database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM outbox") } == 0)
  }

  @Test func rollsBackWithTheBusinessTransaction() throws {
    let database = try database()
    #expect(throws: Aborted.self) {
      try database.write { db in
        try SQLiteOutbox().append(SampleEvents.event(1), in: db)
        throw Aborted()
      }
    }
    let counts = try database.read { db in
      try (
        Int.fetchOne(db, sql: "SELECT COUNT(*) FROM outbox"),
        Int.fetchOne(db, sql: "SELECT COUNT(*) FROM aggregate_version")
      )
    }
    #expect(counts == (0, 0))
  }

  @Test func aRolledBackSavepointTakesItsEventsAlong() throws {
    let database = try database()
    let outbox = SQLiteOutbox()
    let last = try database.write { db in
      try outbox.append(SampleEvents.event(1), in: db)
      try db.inSavepoint {
        try outbox.append(SampleEvents.event(2), in: db)
        return .rollback
      }
      return try outbox.append(SampleEvents.event(3), in: db)
    }
    #expect(last.version == 2)
  }

  @Test func refusesAnIDTwice() throws {
    let database = try database()
    let code = code {
      try database.write { db in
        try SQLiteOutbox().append(SampleEvents.event(1), in: db)
        try SQLiteOutbox().append(SampleEvents.event(1, aggregate: "b"), in: db)
      }
    }
    #expect(code == .duplicateEvent)
  }

  @Test func refusesAnInvalidEvent() throws {
    let database = try database()
    var event = SampleEvents.event(1)
    event.payload = Array(repeating: 0, count: 11)
    let outbox = SQLiteOutbox(limits: EventLimits(payloadBytes: 10))
    #expect(code { try database.write { _ = try outbox.append(event, in: $0) } } == .invalidEvent)
  }

  @Test func storesNothingThatBreaksItsContract() throws {
    let database = try database()
    let schema = #"{"type": "object", "properties": {"number": {"type": "string"}}}"#
    let outbox = SQLiteOutbox(
      contracts: try EventContracts([
        ContractFile(path: "order/order-changed/2.json", bytes: Array(schema.utf8))
      ]))
    var event = SampleEvents.event(1)
    event.payload = Array(#"{"number": 1}"#.utf8)
    #expect {
      try database.write { _ = try outbox.append(event, in: $0) }
    } throws: { error in
      guard let error = error as? MessageStoreError, error.code == .brokenContract else {
        return false
      }
      return error.cause is ContractBreach
        && error.message.contains("order/order-changed version 2")
        && error.message.contains("/number: expected string, got 1")
    }
    for table in ["outbox", "aggregate_version"] {
      #expect(
        try database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM \(table)") } == 0)
    }
    event.payload = Array(#"{"number": "1"}"#.utf8)
    #expect(try database.write { try outbox.append(event, in: $0) }.version == 1)
  }

  @Test func raisesItsSignalAfterCommitOnly() throws {
    let database = try database()
    let outbox = SQLiteOutbox()
    let before = outbox.signal.generation
    try? database.write { db in
      try outbox.append(SampleEvents.event(1), in: db)
      throw Aborted()
    }
    #expect(outbox.signal.generation == before)
    try database.write { db in
      try outbox.append(SampleEvents.event(1), in: db)
      #expect(outbox.signal.generation == before)
    }
    #expect(outbox.signal.generation > before)
  }

  @Test func installsOnceAndAgainWithoutHarm() throws {
    let database = try database()
    try database.write { _ = try SQLiteOutbox().append(SampleEvents.event(1), in: $0) }
    try SQLiteMessageTables.install(in: database)
    #expect(try database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM outbox") } == 1)
  }

  @Test func refusesTablesOfANewerBuild() throws {
    let database = try database()
    try database.write {
      try $0.execute(sql: "INSERT INTO messaging_schema (version, applied_at) VALUES (99, 0)")
    }
    #expect(code { try SQLiteMessageTables.install(in: database) } == .newerSchema)
  }

  @Test func syncsEveryCommitOfAPool() throws {
    let folder = try TemporaryFolder()
    let pool = try DatabasePool(path: folder.path("pool.sqlite"))
    let setting: () throws -> Int? = {
      try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    }
    try SQLiteMessageTables.install(in: pool, surviving: .processCrash)
    #expect(try setting() == 1)
    try SQLiteMessageTables.install(in: pool)
    #expect(try setting() == 2)
  }
}
