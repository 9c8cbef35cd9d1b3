// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import SampleModels
import Testing

/// Pitfalls of services as a whole, each planted alone into the sample shop.
@Suite struct ServicePitfallTests {
  private static func findings(
    _ id: String, services: Int? = nil, _ change: (inout ModelBuilder) -> Void = { _ in }
  ) -> [LocatedFinding] {
    var builder = SampleShop.builder()
    change(&builder)
    return BoundaryAnalysis(options: AnalysisOptions(services: services)).suggest(builder.model)
      .findings.filter { $0.id == id }
  }

  @Test(arguments: [
    "distributed-monolith", "synchronous-chain", "chatty-boundary", "shared-database",
    "no-compensation", "nano-service", "premature-split",
  ])
  func `the plain shop has none of them`(id: String) {
    #expect(Self.findings(id) == [])
  }

  @Test func `three services that wait for each other are a distributed monolith`() throws {
    let found = Self.findings("distributed-monolith") { builder in
      builder.refer("PaymentService", "ProductService", .call, symbol: "price")
      builder.refer("ProductService", "OrderService", .call, symbol: "orders", times: 2)
      builder.refer("OrderService", "PaymentService", .call, symbol: "charge", times: 3)
    }
    #expect(found.count == 1)
    let finding = try #require(found.first)
    #expect(
      finding.message == "orders, payments and products wait for each other in a ring of 7 calls: "
        + "none of the 3 could be released or be down alone; its thinnest link is orders to "
        + "products with 1 call.")
    #expect(finding.locations.first?.file == "Sources/App/Services/OrderService.swift")
  }

  @Test func `the longest chain of calls is named with its first places`() throws {
    let found = Self.findings("synchronous-chain", services: 4) { builder in
      builder.refer("ShipmentService", "PaymentService", .call, symbol: "charge")
      builder.refer("PaymentService", "OrderService", .call, symbol: "total")
    }
    let finding = try #require(found.first)
    #expect(found.count == 1)
    #expect(
      finding.message.hasPrefix(
        "shipments -> payments -> orders -> products: a request along this chain waits 3 times "
          + "and fails when any of 4 services does;"))
    #expect(
      finding.locations.map(\.file) == [
        "Sources/App/Services/ShipmentService.swift",
        "Sources/App/Services/PaymentService.swift", "Sources/App/Services/OrderService.swift",
      ])
  }

  @Test func `many calls from one type into one service are chatty`() throws {
    let found = Self.findings("chatty-boundary") { builder in
      for member in ["price", "stock", "name"] {
        builder.refer("OrderService", "ProductService", .call, symbol: member, times: 4)
      }
    }
    #expect(found.count == 1)
    #expect(
      found.first?.message.hasPrefix(
        "OrderService calls products at 13 places (3 different members)") == true)
    #expect(found.first?.locations.count == 13)
  }

  @Test func `a type that answers requests is chatty sooner`() {
    let found = Self.findings("chatty-boundary") { builder in
      builder.refer("OrderController", "ProductService", .call, symbol: "price", times: 6)
    }
    #expect(found.first?.message.contains("OrderController, which answers requests,") == true)
  }

  @Test func `tables that several services use make the database an interface`() throws {
    let found = Self.findings("shared-database") { builder in
      for table in ["orders", "payments", "shipments"] {
        builder.table(table, .reads, by: "ProductRepository", in: "ProductRepository.report")
      }
    }
    #expect(found.count == 1)
    #expect(
      found.first?.message.hasPrefix("4 of 4 tables are used by several services") == true)
    #expect(found.first?.locations.isEmpty == false)
  }

  @Test func `writes of two services without a transaction need a compensation`() throws {
    let found = Self.findings("no-compensation") { builder in
      builder.table("shipments", .writes, by: "ShipmentService", in: "ShipmentService.send")
      builder.table("orders", .writes, by: "ShipmentService", in: "ShipmentService.send")
    }
    #expect(found.count == 1)
    #expect(
      found.first?.message.hasPrefix(
        "ShipmentService.send writes 2 tables (orders, shipments) of orders and shipments and "
          + "opens no transaction") == true)
    #expect(found.first?.locations.count == 2)
  }

  @Test func `what a function writes on behalf of a transaction is no step of its own`() {
    let found = Self.findings("no-compensation") { builder in
      for table in ["orders", "payments"] {
        builder.table(table, .writes, by: "OrderService", in: "OrderService.write")
      }
    }
    #expect(found == [])
  }

  @Test func `a service of a few types is less than a service is worth`() {
    let found = Self.findings("nano-service", services: 5) { builder in
      for name in ["Gift", "GiftCard", "GiftWrap"] { builder.type(name, folder: "Gifts") }
      builder.refer("Gift", "GiftCard", .call, times: 3)
      builder.refer("Gift", "GiftWrap", .call, times: 3)
      builder.refer("GiftCard", "GiftWrap", .call, times: 3)
      builder.refer("OrderService", "Gift", .call)
    }
    #expect(found.count == 1)
    #expect(found.first?.message.contains("has 3 types, 0 routes and 0 tables") == true)
    #expect(found.first?.message.contains("keep it with orders") == true)
    #expect(found.first?.severity == .note)
  }

  @Test func `a border that more crosses than stays inside is premature`() {
    let found = Self.findings("premature-split", services: 4) { builder in
      for area in SampleShop.areas where area != "Order" {
        builder.refer("OrderService", "\(area)Repository", .typeUse, times: 40)
      }
    }
    #expect(found.contains { $0.message.contains("references cross its border and") })
  }
}
