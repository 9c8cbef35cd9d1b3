// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import Foundation
import ShopSeed
import Testing

/// Both sides answer alike, but for the two differences that `differences.json` documents.
@Suite(.timeLimit(.minutes(2)))
struct SameAnswersTests {
  private struct Documented: Decodable {
    struct Difference: Decodable {
      let id: String
      let path: String
      let seededOrders: Int
    }
    let differences: [Difference]
    let volatile: [String]
  }

  @Test func everySeededOrderDiffersAsDocumentedOnly() async throws {
    let file = FixtureFiles.url("orders-service/differences.json")
    let documented = try JSONDecoder().decode(Documented.self, from: Data(contentsOf: file))
    #expect(documented.differences.count == 2)
    let found = DifferenceCount()
    try await BothSides.reading().clients { shop, service in
      for id in 1...ShopSeed.orderCount {
        let legacy = try await shop.get("/orders/\(id)")
        let extracted = try await service.get("/orders/\(id)")
        #expect(legacy.status == 200)
        #expect(extracted.status == 200)
        #expect(documented.volatile.allSatisfy { legacy[$0] != nil && extracted[$0] != nil })
        let paths = legacy.leaves.withoutVolatile().differences(
          from: extracted.leaves.withoutVolatile())
        await found.add(paths)
        if paths.contains("total") {
          let cents = [legacy["total"], extracted["total"]].compactMap { $0.flatMap(Int.init) }
          #expect(cents.count == 2 && cents[0] == cents[1] + 1, "order \(id)")
        }
        if paths.contains("cancelledReason") { #expect(extracted["cancelledReason"] == nil) }
      }
    }
    let expected = Dictionary(
      uniqueKeysWithValues: documented.differences.map { ($0.path, $0.seededOrders) })
    #expect(await found.byPath == expected)
  }

  @Test(arguments: [
    "/orders", "/orders?limit=100&offset=900", "/orders?status=cancelled&limit=100",
    "/orders?status=placed&limit=100", "/orders?customerId=8", "/orders?customerId=999",
    "/orders?limit=7&offset=995", "/orders?customerId=&status=",
  ])
  func listsDifferInTotalsOnly(path: String) async throws {
    try await BothSides.reading().clients { shop, service in
      let legacy = try await shop.get(path)
      let extracted = try await service.get(path)
      #expect(legacy.status == 200)
      #expect(extracted.status == 200)
      let paths = legacy.leaves.withoutVolatile().differences(
        from: extracted.leaves.withoutVolatile())
      let others = paths.filter { !($0.hasPrefix("items[") && $0.hasSuffix("].total")) }
      #expect(others.isEmpty)
    }
  }

  @Test(arguments: [
    "/orders/0", "/orders/1001", "/orders/none", "/orders?limit=0", "/orders?limit=101",
    "/orders?limit=x", "/orders?offset=-1", "/orders?status=lost", "/orders?customerId=x",
    "/nothing", "/health/live", "/health/ready",
  ])
  func refusalsAndHealthAreEqual(path: String) async throws {
    try await BothSides.reading().clients { shop, service in
      let legacy = try await shop.get(path)
      let extracted = try await service.get(path)
      #expect(legacy.status == extracted.status)
      #expect(legacy.leaves.withoutVolatile() == extracted.leaves.withoutVolatile())
    }
  }

  @Test(arguments: [
    #"{"customerId":7,"lines":[]}"#, #"{"customerId":7}"#, "not json", "",
    #"{"customerId":7,"lines":[{"sku":"GAR-0016","quantity":21}]}"#,
    #"{"customerId":7,"lines":[{"sku":"A","quantity":1},{"sku":"A","quantity":1}]}"#,
    #"{"customerId":7,"lines":[{"sku":"NONE","quantity":1}]}"#,
    #"{"customerId":9999,"lines":[{"sku":"GAR-0016","quantity":1}]}"#,
    #"{"customerId":7,"country":"US","lines":[{"sku":"GAR-0016","quantity":1}]}"#,
  ])
  func refusedOrdersAreEqual(body: String) async throws {
    try await BothSides.reading().clients { shop, service in
      let legacy = try await shop.post("/orders", body)
      let extracted = try await service.post("/orders", body)
      #expect(legacy.status >= 400)
      #expect(legacy.status == extracted.status)
      #expect(legacy.leaves.withoutVolatile() == extracted.leaves.withoutVolatile())
    }
  }

  /// Customers of every tier and country; the id and the number tell the sides apart.
  @Test func placedAndCancelledOrdersAreEqual() async throws {
    try await BothSides().clients { shop, service in
      for customer in stride(from: 1, through: ShopSeed.customerCount, by: 7) {
        let body = """
          {"customerId":\(customer),"lines":[{"sku":"GAR-0016","quantity":\(1 + customer % 4)}]}
          """
        let legacy = try await shop.post("/orders", body)
        let extracted = try await service.post("/orders", body)
        #expect(legacy.status == 201)
        #expect(extracted.status == 201)
        let placed = legacy.leaves.withoutVolatile().differences(
          from: extracted.leaves.withoutVolatile())
        #expect(placed.subtracting(["total"]) == ["id", "number"])
        let reason = #"{"reason":"changed-mind"}"#
        let ids = try (#require(legacy["id"]), #require(extracted["id"]))
        let left = try await shop.post("/orders/\(ids.0)/cancel", reason)
        let right = try await service.post("/orders/\(ids.1)/cancel", reason)
        #expect(left.status == 200)
        #expect(right.status == 200)
        let cancelled = left.leaves.withoutVolatile().differences(
          from: right.leaves.withoutVolatile())
        #expect(cancelled.subtracting(["total"]) == ["id", "number", "cancelledReason"])
      }
    }
  }
}

/// How many orders differ at each path.
private actor DifferenceCount {
  private(set) var byPath: [String: Int] = [:]

  func add(_ paths: Set<String>) {
    for path in paths { byPath[path, default: 0] += 1 }
  }
}
