// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import Foundation
import GRDB
import Testing

/// Ids of the service never meet ids of the shop, and survive a restart.
@Suite(.timeLimit(.minutes(1)))
struct OrderIDTests {
  private static let order = #"{"customerId":7,"lines":[{"sku":"GAR-0016","quantity":1}]}"#

  @Test func aDatabaseThatCannotBeOpenedIsNamed() {
    let path = "/dev/null/orders.sqlite"
    #expect {
      _ = try ServiceUnderTest(database: path)
    } throws: { error in
      "\(error)".hasPrefix("database: cannot open \(path)")
    }
  }

  @Test func idsCountUpFromTheServicesOwnRangeAcrossRestarts() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "orders-service-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "orders.sqlite").path
    for expected in ["1000000001", "1000000002"] {
      let under = try ServiceUnderTest(database: path)
      try await under.client { client in
        let placed = try await client.post("/orders", Self.order)
        #expect(placed["id"] == expected)
        #expect(placed["number"] == "SO-\(expected)")
        #expect(try await client.get("/orders?status=delivered&limit=1")["items[0].id"] != nil)
        let total = try await client.get("/orders")["total"]
        #expect(total == (expected == "1000000001" ? "1001" : "1002"))
      }
      try under.database.close()
    }
  }
}
