// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import Foundation
import GRDB
import MessageContractFiles
import MessageContracts
import MessageStoreSQLite
import Testing

/// Orders and their events are written together or not at all.
@Suite(.timeLimit(.minutes(1)))
struct OutboxTests {
  private static let order = #"{"customerId":7,"lines":[{"sku":"GAR-0016","quantity":2}]}"#

  @Test func eachChangeOfAnOrderIsOneEventInOrder() async throws {
    let under = try ServiceUnderTest()
    let id = try await under.client { client in
      let id = try #require(try await client.post("/orders", Self.order)["id"])
      let cancelled = try await client.post("/orders/\(id)/cancel", #"{"reason":"late"}"#)
      #expect(cancelled.status == 200)
      return id
    }
    let rows = try await events(under)
    #expect(rows.map(\.type) == ["order-placed", "order-cancelled"])
    #expect(rows.map(\.aggregateid) == [id, id])
    #expect(rows.map(\.aggregateversion) == [1, 2])
    #expect(rows.allSatisfy { $0.aggregatetype == "order" })
    #expect(Set(rows.map(\.id)).count == 2)
    let placed = try JSONLeaves(rows[0].payload)
    #expect(placed["order.id"] == id)
    #expect(placed["order.lines[0].sku"] == "GAR-0016")
    #expect(placed["order.total"] == "8914")
    let cancelled = try JSONLeaves(rows[1].payload)
    #expect(cancelled["orderId"] == id)
    #expect(cancelled["reason"] == "late")
  }

  @Test func whatIsWrittenIsWhatTheContractsSay() async throws {
    let contracts = try EventContracts(
      folder: FixtureFiles.url("orders-service/contracts").path(percentEncoded: false))
    let under = try ServiceUnderTest()
    _ = try await under.client { client in
      let id = try #require(try await client.post("/orders", Self.order)["id"])
      return try await client.post("/orders/\(id)/cancel", #"{"reason":"late"}"#)
    }
    let rows = try await events(under)
    #expect(rows.count == contracts.names.count)
    for row in rows {
      try contracts.check(
        Array(row.payload),
        ContractName(aggregateType: row.aggregatetype, eventType: row.type, version: 1))
    }
  }

  @Test func aRefusedEventTakesTheOrderBack() async throws {
    let under = try ServiceUnderTest()
    try await refuseInserts(into: "outbox", under)
    let answer = try await under.client { try await $0.post("/orders", Self.order) }
    #expect(answer.status == 500)
    #expect(try await count("orders", under) == 1_000)
    let cancel = try await under.client { client in
      let placed = try await client.get("/orders?status=placed&limit=1")
      let id = try #require(placed["items[0].id"])
      let answer = try await client.post("/orders/\(id)/cancel", #"{"reason":"late"}"#)
      #expect(try await client.get("/orders/\(id)")["status"] == "placed")
      return answer
    }
    #expect(cancel.status == 500)
  }

  @Test func aRefusedOrderLeavesNoEvent() async throws {
    let under = try ServiceUnderTest()
    try await refuseInserts(into: "order_lines", under)
    let answer = try await under.client { try await $0.post("/orders", Self.order) }
    #expect(answer.status == 500)
    #expect(try await events(under).isEmpty)
    #expect(try await count("orders", under) == 1_000)
  }

  private func refuseInserts(into table: String, _ under: ServiceUnderTest) async throws {
    try await under.database.write { db in
      try db.execute(
        sql: """
          CREATE TRIGGER refuse BEFORE INSERT ON \(table)
          BEGIN SELECT RAISE(ABORT, 'refused by the test'); END
          """)
    }
  }

  private struct EventRow: Codable, FetchableRecord, Sendable {
    let id: String
    let aggregatetype: String
    let aggregateid: String
    let aggregateversion: Int
    let type: String
    let payload: Data
  }

  private func events(_ under: ServiceUnderTest) async throws -> [EventRow] {
    try await under.database.read { db in
      try EventRow.fetchAll(db, sql: "SELECT * FROM outbox ORDER BY seq")
    }
  }

  private func count(_ table: String, _ under: ServiceUnderTest) async throws -> Int {
    try await under.database.read { db in
      try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \(table)") ?? 0
    }
  }
}
