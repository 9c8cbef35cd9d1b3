// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageStoreSQLite
import MessagingConformance
import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct RelayStoreConformanceTests {
  @Test(arguments: RelayStoreConformance.allCases)
  func sqlite(_ conformance: RelayStoreConformance) async throws {
    let database = try DatabaseQueue()
    try SQLiteMessageTables.install(in: database)
    let outbox = SQLiteOutbox()
    struct Aborted: Error {}
    try await conformance.check(
      RelayStoreUnderTest(
        store: SQLiteRelayStore(database),
        append: { events in
          try await database.write { db in try events.map { try outbox.append($0, in: db) } }
        },
        appendAborted: { events in
          try? await database.write { db in
            for event in events { try outbox.append(event, in: db) }
            throw Aborted()
          }
        }))
  }
}
