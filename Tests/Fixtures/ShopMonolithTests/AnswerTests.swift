// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import GRDB
import Testing

@testable import ShopMonolith

@Suite(.timeLimit(.minutes(1)))
struct AnswerTests {
  @Test(arguments: [
    ("/no-such-page", 404, "no-such-route"),
    ("/orders/none", 404, "order-not-found"),
    ("/orders/1001", 404, "order-not-found"),
    ("/products?limit=101", 422, "invalid-request"),
    ("/products?offset=-1", 422, "invalid-request"),
    ("/orders?status=lost", 422, "invalid-request"),
    ("/orders?customerId=x", 422, "invalid-request"),
    ("/inventory/NONE", 404, "stock-level-not-found"),
    ("/reports/bestsellers?limit=0", 422, "invalid-request"),
  ])
  func errorsAreJSONWithACode(path: String, status: Int, code: String) async throws {
    let answer = try await ShopUnderTest().client { try await $0.get(path) }
    #expect(answer.status == status)
    #expect(answer["error.code"] == code)
    #expect(answer["error.message"]?.isEmpty == false)
    #expect(answer["requestId"] != nil)
  }

  @Test func twoAnswersDifferInWhatIsVolatileOnly() async throws {
    try await ShopUnderTest().client { client in
      let first = try await client.get("/orders/42")
      let second = try await client.get("/orders/42")
      #expect(first["requestId"] != second["requestId"])
      #expect(first["servedAt"] == "2025-06-23T00:00:00.000Z")
      #expect(first.leaves.withoutVolatile() == second.leaves.withoutVolatile())
    }
  }

  @Test func aBodyAboveTheLimitIsRefused() async throws {
    let body = String(repeating: "x", count: ShopRequestContext.maximumBody + 1)
    let answer = try await ShopUnderTest().client { try await $0.post("/orders", body) }
    #expect(answer.status == 413)
  }

  @Test func readinessFollowsTheDatabase() async throws {
    let shop = try ShopUnderTest()
    #expect(try await shop.client { try await $0.get("/health/ready") }.status == 200)
    try await shop.engine.database.write { db in
      try db.rename(table: "products", to: "lost")
    }
    let answer = try await shop.client { try await $0.get("/health/ready") }
    #expect(answer.status == 503)
    #expect(answer["status"] == "database-unavailable")
    #expect(try await shop.client { try await $0.get("/health/live") }.status == 200)
  }

  @Test func halfACentRoundsUp() {
    #expect(Money(cents: 50).share(TaxRate(hundredths: 1_900)) == Money(cents: 10))
    #expect(Money(cents: 10).share(TaxRate(hundredths: 500)) == Money(cents: 1))
    #expect(Money(cents: 9).share(TaxRate(hundredths: 500)) == .zero)
    #expect(Money(cents: -5).text == "-0.05 EUR")
  }
}
