// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CatalogueTests {
  @Test func aListingShowsItsWindowAndTheTotal() async throws {
    try await ShopUnderTest().client { client in
      let page = try await client.get("/products?limit=2&offset=198")
      #expect(page.status == 200)
      #expect(page["total"] == "200")
      #expect(page["items[1].sku"] == "TOY-0195")
      #expect(page["items[2].sku"] == nil)
    }
  }

  @Test func filtersByCategoryAndTitle() async throws {
    try await ShopUnderTest().client { client in
      let garden = try await client.get("/products?category=garden&limit=100")
      #expect(garden["total"] == "25")
      let kettles = try await client.get("/products?search=Kettle&limit=100")
      #expect(kettles["total"] == "5")
      let lost = try await client.get("/products?category=lost")
      #expect(lost.status == 404)
      #expect(lost["error.code"] == "category-not-found")
    }
  }

  @Test func aNewProductStartsWithoutStock() async throws {
    try await ShopUnderTest().client { client in
      let draft =
        #"{"sku":"NEW-1","title":"Slate Tray","categoryId":5,"price":1950,"weight":700}"#
      let created = try await client.post("/products", draft)
      #expect(created.status == 201)
      #expect(created["id"] == "201")
      #expect(try await client.get("/inventory/NEW-1")["available"] == "0")
      let again = try await client.post("/products", draft)
      #expect(again.status == 409)
    }
  }

  @Test func aChangedPriceHoldsForTheNextOrderAndLeavesATrace() async throws {
    try await ShopUnderTest().client { client in
      let order = #"{"customerId":7,"lines":[{"sku":"GAR-0016","quantity":1}]}"#
      #expect(try await client.post("/orders", order)["subtotal"] == "3500")
      #expect(try await client.put("/products/16/price", #"{"price":4100}"#).status == 200)
      #expect(try await client.post("/orders", order)["subtotal"] == "4100")
      let history = try await client.get("/products/16/prices")
      #expect(history["changes[0].oldPrice"] == "3500")
      #expect(history["changes[0].newPrice"] == "4100")
    }
  }

  @Test func aRetiredProductIsNeitherListedNorSold() async throws {
    try await ShopUnderTest().client { client in
      let retired = try await client.delete("/products/16")
      #expect(retired["active"] == "false")
      let listed = try await client.get("/products")
      #expect(listed["total"] == "199")
      let order = #"{"customerId":7,"lines":[{"sku":"GAR-0016","quantity":1}]}"#
      let refused = try await client.post("/orders", order)
      #expect(refused["error.code"] == "product-not-found")
    }
  }
}
