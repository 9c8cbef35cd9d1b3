// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import Testing

@testable import ShopMonolith

/// From the placed order to the delivered parcel, across orders, shipping, stock and payments.
@Suite(.timeLimit(.minutes(1)))
struct FulfilmentTests {
  @Test func aParcelMovesItsOrderItsStockAndItsPayment() async throws {
    let shop = try ShopUnderTest()
    let stock = try await shop.engine.inventory.level(of: "GAR-0016")
    try await shop.client { client in
      let order = #"{"customerId":7,"lines":[{"sku":"GAR-0016","quantity":3}]}"#
      #expect(try await client.post("/orders", order).status == 201)
      let planned = try await client.post("/shipments", #"{"orderId":1001}"#)
      let parcel = try #require(planned["id"])
      #expect(planned["carrier"] == "parcel")
      #expect(try await client.post("/shipments/\(parcel)/dispatch").status == 200)
      #expect(try await client.get("/orders/1001")["status"] == "shipped")
      #expect(try await client.get("/payments?orderId=1001")["items[0].status"] == "captured")
      #expect(try await client.post("/shipments/\(parcel)/deliver").status == 200)
      #expect(try await client.get("/orders/1001")["status"] == "delivered")
      let track = try await client.get("/shipments/\(parcel)")
      #expect(track["events[0].status"] == "planned")
      #expect(track["events[2].status"] == "delivered")
      let messages = try await client.get("/notifications?customerId=7")
      #expect(messages["items[0].template"] == "order-shipped")
      #expect(messages["items[1].template"] == "order-placed")
    }
    let after = try await shop.engine.inventory.level(of: "GAR-0016")
    #expect(after.onHand == stock.onHand - 3)
    #expect(after.reserved == stock.reserved)
  }

  @Test func aShippedOrderCannotBeCancelledAndAParcelGoesOnce() async throws {
    try await ShopUnderTest().client { client in
      let order = #"{"customerId":7,"lines":[{"sku":"GAR-0016","quantity":1}]}"#
      #expect(try await client.post("/orders", order).status == 201)
      let parcel = try #require(try await client.post("/shipments", #"{"orderId":1001}"#)["id"])
      #expect(try await client.post("/shipments", #"{"orderId":1001}"#).status == 409)
      #expect(try await client.post("/shipments/\(parcel)/dispatch").status == 200)
      #expect(try await client.post("/shipments/\(parcel)/dispatch").status == 409)
      let cancelled = try await client.post("/orders/1001/cancel", #"{"reason":"late"}"#)
      #expect(cancelled.status == 409)
    }
  }

  @Test func deliveriesMoveTheCustomerToTheTierThatWasEarned() async throws {
    let shop = try ShopUnderTest()
    let id = try #require(
      try await shop.client { client in
        let person = """
          {"name":"Vera Wolf","email":"v@example.com","street":"A 1","city":"Graz","country":"AT"}
          """
        return try await client.post("/customers", person)["id"]
      })
    try await shop.client { client in
      _ = try await client.put("/products/16/price", #"{"price":30000}"#)
      let order = #"{"customerId":\#(id),"lines":[{"sku":"GAR-0016","quantity":2}]}"#
      #expect(try await client.post("/orders", order).status == 201)
      let parcel = try #require(try await client.post("/shipments", #"{"orderId":1001}"#)["id"])
      _ = try await client.post("/shipments/\(parcel)/dispatch")
      _ = try await client.post("/shipments/\(parcel)/deliver")
      let profile = try await client.get("/customers/\(id)")
      #expect(profile["tier"] == "silver")
      #expect(profile["points"] == "600")
      #expect(profile["orderCount"] == "1")
    }
  }
}
