// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import Testing

@testable import ShopMonolith

@Suite(.timeLimit(.minutes(1)))
struct OrderTests {
  @Test func anOrderShowsItsLinesAndWhatTheyComeTo() async throws {
    try await ShopUnderTest().client { client in
      let order = try await client.get("/orders/42")
      #expect(order["number"] == "SO-000042")
      #expect(order["subtotal"] == "37115")
      #expect(order["taxRate"] == "1900")
      #expect(order["total"] == "44167")
      #expect(order["lines[3].sku"] == "GAR-0032")
    }
  }

  @Test func listsNewestFirstAndFilters() async throws {
    try await ShopUnderTest().client { client in
      let all = try await client.get("/orders")
      #expect(all["items[0].id"] == "1000")
      #expect(all["items[19].id"] == "981")
      #expect(all["items[20].id"] == nil)
      let cancelled = try await client.get("/orders?status=cancelled&limit=100")
      #expect(cancelled["total"] == "95")
      #expect(cancelled["items[94].status"] == "cancelled")
      let mine = try await client.get("/orders?customerId=8&limit=100")
      let count = try #require(mine["total"].flatMap { Int($0) })
      #expect(count > 0)
      for index in 0..<count { #expect(mine["items[\(index)].customerId"] == "8") }
    }
  }

  @Test func goldCustomersPayFivePerCentLess() async throws {
    let shop = try ShopUnderTest()
    let gold = try await shop.engine.customers.customers(
      email: nil, tier: .gold, PageRequest(limit: 1))
    let id = try #require(gold.items.first?.id)
    let order = #"{"customerId":\#(id),"country":"DE","lines":[{"sku":"GAR-0016","quantity":4}]}"#
    let placed = try await shop.client { try await $0.post("/orders", order) }
    #expect(placed["subtotal"] == "14000")
    #expect(placed["discount"] == "700")
    #expect(placed["shippingFee"] == "0")
    #expect(placed["total"] == "15827")
  }

  @Test func aCancelledOrderGivesBackStockAndMoney() async throws {
    let shop = try ShopUnderTest()
    let stock = try await shop.engine.inventory.level(of: "GAR-0016")
    try await shop.client { client in
      let order = #"{"customerId":7,"lines":[{"sku":"GAR-0016","quantity":2}]}"#
      #expect(try await client.post("/orders", order).status == 201)
      #expect(try await client.post("/shipments", #"{"orderId":1001}"#).status == 201)
      let cancelled = try await client.post("/orders/1001/cancel", #"{"reason":"too-late"}"#)
      #expect(cancelled["status"] == "cancelled")
      #expect(cancelled["cancelledReason"] == "too-late")
      #expect(try await client.get("/payments?orderId=1001")["items[0].status"] == "refunded")
      let shipment = try await client.get("/shipments?orderId=1001")
      #expect(shipment["items[0].status"] == "calledOff")
      let again = try await client.post("/orders/1001/cancel", #"{"reason":"too-late"}"#)
      #expect(again.status == 409)
      #expect(again["error.message"] == "Order 1001 is not placed.")
    }
    let after = try await shop.engine.inventory.level(of: "GAR-0016")
    #expect(after.reserved == stock.reserved)
    #expect(after.onHand == stock.onHand)
    #expect(try await shop.count("refunds") == 1)
  }

  @Test(arguments: [
    (#"{"customerId":7,"lines":[]}"#, 422, "invalid-request"),
    (#"{"customerId":7,"lines":[{"sku":"GAR-0016","quantity":21}]}"#, 422, "invalid-request"),
    (#"{"customerId":7,"lines":[{"sku":"GAR-0016","quantity":0}]}"#, 422, "invalid-request"),
    (
      #"{"customerId":7,"lines":[{"sku":"A","quantity":1},{"sku":"A","quantity":1}]}"#, 422,
      "invalid-request"
    ),
    (#"{"customerId":7,"lines":[{"sku":"NONE","quantity":1}]}"#, 404, "product-not-found"),
    (#"{"customerId":9999,"lines":[{"sku":"GAR-0016","quantity":1}]}"#, 404, "customer-not-found"),
    (
      #"{"customerId":7,"country":"US","lines":[{"sku":"GAR-0016","quantity":1}]}"#, 422,
      "invalid-request"
    ),
    (#"{"customerId":7}"#, 400, "bad-request"),
    ("not json", 400, "bad-request"),
  ])
  func refusesWhatItCannotSell(body: String, status: Int, code: String) async throws {
    let shop = try ShopUnderTest()
    let answer = try await shop.client { try await $0.post("/orders", body) }
    #expect(answer.status == status)
    #expect(answer["error.code"] == code)
    #expect(try await shop.count("orders") == 1_000)
  }

  @Test func moreLinesThanTheLimitAreRefused() async throws {
    let lines = (0...OrderDraft.maximumLines).map { #"{"sku":"S\#($0)","quantity":1}"# }
    let body = #"{"customerId":7,"lines":[\#(lines.joined(separator: ","))]}"#
    let answer = try await ShopUnderTest().client { try await $0.post("/orders", body) }
    #expect(answer.status == 422)
    #expect(answer["error.message"] == "lines: expected 1 to 50 lines")
  }
}
