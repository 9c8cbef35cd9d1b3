// SPDX-License-Identifier: Apache-2.0
import GRDB
import ShopSeed
import Testing

@testable import ShopMonolith

@Suite(.timeLimit(.minutes(1)))
struct ReportTests {
  @Test func reportsAgreeWithTheSeed() async throws {
    let seed = ShopSeed()
    let sold = seed.orders.filter { $0.status != "cancelled" }.flatMap(\.lines)
    var units: [String: Int] = [:]
    for line in sold { units[line.sku, default: 0] += line.quantity }
    let shop = try ShopUnderTest()
    let rows = try await shop.engine.reports.bestsellers(limit: ReportService.maximumRows)
    #expect(rows.count == ReportService.maximumRows)
    for row in rows { #expect(row.units == units[row.sku]) }
    #expect(rows.first?.units == units.values.max())
    let stock = try await shop.engine.reports.stockValue()
    #expect(stock.reduce(0) { $0 + $1.units } == seed.products.reduce(0) { $0 + $1.stock })
    let net = sold.reduce(0) { $0 + $1.quantity * $1.unitPrice }
    let total = try await shop.engine.database.read { db in
      try Int.fetchOne(
        db,
        sql: """
          SELECT SUM(quantity * unitPrice) FROM order_lines JOIN orders ON orders.id = orderId
          WHERE status <> 'cancelled'
          """)
    }
    #expect(total == net)
  }

  @Test func theSeedIsTheSameInEveryRunAndMakesSense() {
    let seed = ShopSeed()
    #expect(seed == ShopSeed())
    #expect(seed != ShopSeed(seed: 1))
    #expect(seed.products.count == 200)
    #expect(Set(seed.products.map(\.sku)).count == 200)
    #expect(Set(seed.customers.map(\.email)).count == 300)
    #expect(seed.orders.map(\.id) == Array(1...1_000))
    for order in seed.orders {
      #expect((order.status == "cancelled") == (order.cancelledReason != nil))
      #expect(!order.lines.isEmpty)
      #expect(order.taxRate > 0)
    }
  }
}
