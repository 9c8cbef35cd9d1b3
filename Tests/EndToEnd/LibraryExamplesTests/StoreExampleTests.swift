// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import MessageContracts
import MessageStoreSQLite
import MessagingTestSupport
import ServerPrograms
import Testing
import TransactionalMessaging

@testable import LibraryExamples

#if PostgreSQL
  import MessageStorePostgreSQL
#endif

@Suite("Worked examples of outbox, inbox and contracts", .timeLimit(.minutes(1)))
struct StoreExampleTests {
  @Test func `an order and its event are stored together, and shipped once`() async throws {
    let shop = try ExampleShop()
    try await shop.orders.place("42", cents: 1_250)
    await #expect(throws: DatabaseError.self) { try await shop.orders.place("42", cents: 1) }
    let page = try await SQLiteRelayStore(shop.orders.database).events(
      after: 0, limit: PageLimit(events: 10))
    #expect(page.events.map(\.event.aggregateID) == ["42"])
    let event = try #require(page.events.first)
    #expect(String(decoding: event.event.payload, as: UTF8.self) == #"{"cents": 1250}"#)

    let received = ReceivedEvent(version: event.version, event: event.event)
    let first = try await shop.shipments.inbox.receive(received, now: 0)
    #expect(first == .applied(unblocks: false))
    let second = try await shop.shipments.inbox.receive(received, now: 1)
    #expect(second == .duplicate)
    try await shop.shipments.database.has(1, "SELECT count(*) FROM shipments")
  }

  @Test func `an event that breaks its contract is not stored`() async throws {
    let folder = try TemporaryFolder()
    let contracts = URL(filePath: folder.path("contracts/order/order-placed"))
    try FileManager.default.createDirectory(at: contracts, withIntermediateDirectories: true)
    let schema = """
      {"type": "object", "properties": {"cents": {"type": "integer"}}, "required": ["cents"]}
      """
    try schema.write(
      to: contracts.appending(path: "1.json"), atomically: true, encoding: .utf8)

    let outbox = try outbox(heldTo: folder.path("contracts"))
    let held = try #require(outbox.contracts)
    #expect(breach(of: held, by: #"{"cents": 1250}"#, version: 1) == nil)
    #expect(breach(of: held, by: #"{"cents": 12.5}"#, version: 1)?.contains("/cents") == true)
    #expect(breach(of: held, by: #"{"cents": 1250}"#, version: 2) != nil)

    let database = try OrderStore(path: folder.path("orders.sqlite")).database
    let event = OutboxEvent(
      id: UUID().uuidString.lowercased(), aggregateType: "order", aggregateID: "1",
      type: "order-placed", occurredAt: 0, payload: Array("{}".utf8))
    let error = await #expect(throws: MessageStoreError.self) {
      try await database.write { try outbox.append(event, in: $0) }
    }
    #expect(error?.code == .brokenContract)
    try await database.has(0, "SELECT count(*) FROM outbox")
  }

  #if PostgreSQL
    @Test func `a purchase and its event are stored together in PostgreSQL`() async throws {
      let server = try await PostgreSQLProgram.start()
      let purchases = try await PurchaseStore(address: server.address)
      try await purchases.place("42", cents: 1_250)
      let error = await #expect(throws: MessageStoreError.self) {
        try await purchases.place("42", cents: 1)
      }
      #expect(error?.code == .refused)
      let rows = try await purchases.database.query("SELECT aggregateid FROM outbox")
      #expect(rows.map { $0.text(0) } == ["42"])
      purchases.database.close()
      await server.stop()
    }
  #endif
}
