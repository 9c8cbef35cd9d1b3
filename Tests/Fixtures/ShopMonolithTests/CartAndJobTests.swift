// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import Foundation
import GRDB
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

@testable import ShopMonolith

@Suite(.timeLimit(.minutes(1)))
struct CartAndJobTests {
  @Test func aCartBecomesAnOrderOnce() async throws {
    try await ShopUnderTest().client { client in
      #expect(try await client.post("/carts", #"{"customerId":7}"#)["id"] == "1")
      _ = try await client.put("/carts/1/lines/GAR-0016", #"{"quantity":5}"#)
      _ = try await client.put("/carts/1/lines/KIT-0009", #"{"quantity":1}"#)
      _ = try await client.put("/carts/1/lines/KIT-0009", #"{"quantity":0}"#)
      let cart = try await client.put("/carts/1/lines/GAR-0016", #"{"quantity":2}"#)
      #expect(cart["subtotal"] == "7000")
      #expect(cart["lines[1].sku"] == nil)
      let order = try await client.post("/carts/1/checkout")
      #expect(order.status == 201)
      #expect(order["lines[0].quantity"] == "2")
      #expect(try await client.get("/carts/1")["status"] == "ordered")
      #expect(try await client.post("/carts/1/checkout").status == 409)
    }
  }

  @Test func twoClicksMakeOneOrder() async throws {
    let shop = try ShopUnderTest()
    try await shop.client { client in
      _ = try await client.post("/carts", #"{"customerId":7}"#)
      _ = try await client.put("/carts/1/lines/GAR-0016", #"{"quantity":2}"#)
      async let first = client.post("/carts/1/checkout")
      async let second = client.post("/carts/1/checkout")
      let statuses = try await [first.status, second.status]
      #expect(statuses.sorted() == [201, 409])
    }
    #expect(try await shop.count("orders") == 1_001)
  }

  @Test func anEmptyCartStaysOpen() async throws {
    try await ShopUnderTest().client { client in
      _ = try await client.post("/carts", #"{"customerId":7}"#)
      #expect(try await client.post("/carts/1/checkout").status == 422)
      #expect(try await client.get("/carts/1")["status"] == "open")
    }
  }

  @Test func aWaitingCartIsRemindedOfOnce() async throws {
    let shop = try ShopUnderTest()
    _ = try await shop.engine.carts.open(for: 7)
    let later = ShopUnderTest.now.addingTimeInterval(1)
    #expect(try await shop.engine.carts.remind(untouchedSince: ShopUnderTest.now) == 0)
    #expect(try await shop.engine.carts.remind(untouchedSince: later) == 1)
    #expect(try await shop.engine.carts.remind(untouchedSince: later) == 0)
    #expect(try await shop.count("outgoing_messages") == 1)
  }

  @Test func oneRunRemindsOfNoMoreCartsThanTheLimit() async throws {
    let shop = try ShopUnderTest()
    for _ in 0...CartService.maximumReminders { _ = try await shop.engine.carts.open(for: 7) }
    let later = ShopUnderTest.now.addingTimeInterval(1)
    let first = try await shop.engine.carts.remind(untouchedSince: later)
    #expect(first == CartService.maximumReminders)
    #expect(try await shop.engine.carts.remind(untouchedSince: later) == 1)
  }

  @Test func whatRanLowIsReorderedOnceAndReceived() async throws {
    let shop = try ShopUnderTest()
    try await shop.engine.database.write { db in
      try db.execute(sql: "UPDATE stock_levels SET onHand = reserved + 3 WHERE sku = 'GAR-0016'")
    }
    try await shop.client { client in
      let written = try await client.post("/purchase-orders")
      #expect(written["purchaseOrders[0].sku"] == "GAR-0016")
      #expect(written["purchaseOrders[0].quantity"] == "100")
      #expect(written["purchaseOrders[1].sku"] == nil)
      #expect(try await client.post("/purchase-orders")["purchaseOrders"] == "[]")
      #expect(try await client.post("/purchase-orders/1/receive").status == 200)
      #expect(try await client.get("/inventory/GAR-0016")["available"] == "103")
      #expect(try await client.post("/purchase-orders/1/receive").status == 409)
    }
  }

  /// Both jobs wait an hour between runs, so only the shutdown can end them.
  @Test func jobsWorkAtOnceAndEndWithTheShop() async throws {
    let shop = try ShopUnderTest()
    try await shop.engine.database.write { db in
      try db.execute(sql: "UPDATE stock_levels SET onHand = reserved WHERE sku = 'GAR-0016'")
    }
    let changes = ValueObservation.tracking { db in try PurchaseOrder.fetchCount(db) }
      .values(in: shop.engine.database)
    try await testGracefulShutdown { trigger in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await StockReorderJob(engine: shop.engine, interval: .seconds(3_600)).run()
        }
        group.addTask {
          try await AbandonedCartReminder(
            engine: shop.engine, interval: .seconds(3_600), patience: 60
          ).run()
        }
        for try await count in changes where count > 0 { break }
        trigger.triggerGracefulShutdown()
        try await group.waitForAll()
      }
    }
    #expect(try await shop.count("purchase_orders") == 1)
  }
}
