// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import SampleModels
import Testing

@Suite struct PitfallTests {
  private static func findings(_ id: String, _ model: CodeModel) -> [LocatedFinding] {
    BoundaryAnalysis().suggest(model).findings.filter { $0.id == id }
  }

  @Test func cycleBetweenServices() throws {
    let found = Self.findings("service-cycle", SampleShop.model)
    #expect(found.count == 1)
    #expect(
      found.first?.message == "shipments and orders need each other: 1 reference from shipments to "
        + "orders and 2 back; cutting the first one (1 by API call) breaks the cycle, which is the "
        + "cheapest way.")
    #expect(found.first?.locations.count == 3)
    #expect(
      found.first?.locations.first?.file == "Sources/App/Services/ShipmentService.swift")
  }

  @Test func `a cycle is broken where that costs least, not where fewest places are`() throws {
    var builder = SampleShop.builder()
    // Seven places of two contracts against three places of three.
    builder.refer("OrderService", "ShipmentService", .call, symbol: "scheduleShipment", times: 4)
    builder.refer("OrderService", "ShipmentService", .call, symbol: "price")
    builder.refer("ShipmentService", "OrderService", .call, symbol: "total")
    builder.refer("ShipmentService", "OrderService", .call, symbol: "weight")
    let found = try #require(Self.findings("service-cycle", builder.model).first)
    #expect(
      found.message == "orders and shipments need each other: 7 references from orders to "
        + "shipments and 3 back; cutting the first 7 (6 by event, 1 by API call) breaks the cycle, "
        + "which is the cheapest way.")
    #expect(found.weight == 2.7)
  }

  @Test func tableWrittenByTwoServices() {
    let found = Self.findings("shared-table", SampleShop.model)
    #expect(found.count == 2)
    #expect(
      found.first?.message == "Table payments is written by 2 services (orders in 1 place, "
        + "payments in 1 place): let payments own it, and turn the other writes into calls or "
        + "events.")
    #expect(
      found.first?.locations.map(\.file) == [
        "Sources/App/Services/OrderService.swift",
        "Sources/App/Repositories/PaymentRepository.swift",
      ])
  }

  @Test func transactionAcrossServices() {
    let found = Self.findings("cross-service-transaction", SampleShop.model)
    #expect(found.count == 1)
    #expect(
      found.first?.message == "Transaction across services: the one that OrderService.checkout "
        + "opens writes 3 tables (orders, payments, products) of orders, payments and products. It "
        + "needs a saga of 3 steps with a compensation for each, 8 points of effort for every "
        + "service in it, or the tables stay together.")
    #expect(found.first?.locations.count == 3)
  }

  @Test func transactionWhoseWritesStandInATypeOfEachArea() throws {
    var builder = SampleShop.builder()
    builder.transaction(
      by: "ShipmentService", in: "ShipmentService.send",
      writing: [("ShipmentRepository", "shipments"), ("OrderRepository", "orders")])
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    let found = suggestion.findings.filter { $0.id == "cross-service-transaction" }
    let finding = try #require(found.first { $0.message.contains("ShipmentService.send") })
    #expect(finding.message.contains("2 tables (orders, shipments) of orders and shipments"))
    #expect(
      finding.locations.map(\.file) == [
        "Sources/App/Services/ShipmentService.swift",
        "Sources/App/Repositories/OrderRepository.swift",
        "Sources/App/Repositories/ShipmentRepository.swift",
      ])
    let prices = Dictionary(
      uniqueKeysWithValues: suggestion.services.map { ($0.name, $0.effort.transactions) })
    #expect(prices == ["orders": 2, "payments": 1, "products": 1, "shipments": 1])
    let shipments = try #require(suggestion.services.first { $0.name == "shipments" })
    let effort = shipments.effort
    #expect(effort.points == effort.contracts + 5 * effort.tables + 8 + effort.places / 10)
  }

  @Test func transactionInsideOneServiceIsFine() {
    var builder = SampleShop.builder()
    for function in ["a", "b"] {
      builder.table(
        "shipments", .writes, by: "ShipmentRepository", in: function, transaction: true)
    }
    #expect(Self.findings("cross-service-transaction", builder.model).count == 1)
  }

  @Test func hubUsedByMostServices() {
    let found = Self.findings("shared-hub", SampleShop.model)
    #expect(
      found.map(\.message) == [
        "Money is used by 8 types in 4 of 4 services (12 references): it uses no area itself and "
          + "can become a shared library.",
        "JSONProblem is used by 8 types in 4 of 4 services (8 references): it uses no area itself "
          + "and can become a shared library.",
      ])
    #expect(found.allSatisfy { $0.severity == .note })
  }

  @Test func godType() throws {
    var builder = SampleShop.builder()
    #expect(Self.findings("god-type", builder.model).isEmpty)
    builder.type("ShopEngine", folder: "App", kind: .class, members: 42)
    for area in SampleShop.areas {
      builder.refer("ShopEngine", "\(area)Repository", .call, symbol: "save", times: 2)
      builder.refer("\(area)Controller", "ShopEngine", .storedProperty)
    }
    let found = try #require(Self.findings("god-type", builder.model).first)
    #expect(found.severity == .warning)
    #expect(
      found.message.hasPrefix(
        "ShopEngine has 42 members, uses 4 types, is used by 4 types, touches 0 tables, and ties"))
    #expect(found.locations.map(\.file) == ["Sources/App/ShopEngine.swift"])
  }

  @Test func largeTypeOfOneServiceIsNoGod() {
    var builder = SampleShop.builder()
    builder.type("OrderPricing", folder: "App/Services", kind: .class, members: 60)
    builder.refer("OrderService", "OrderPricing", .call, times: 4)
    builder.refer("OrderPricing", "OrderRecord", .signature, times: 4)
    #expect(Self.findings("god-type", builder.model).isEmpty)
  }

  @Test func scannersFindingsComeAlongWorstFirst() {
    var builder = SampleShop.builder()
    builder.finding(
      Finding(
        id: "parse-failure", severity: .error, message: "Broken.swift does not parse.",
        locations: [SourcePosition(file: FileID(0), line: 4, column: 2)]))
    let findings = BoundaryAnalysis().suggest(builder.model).findings
    #expect(findings.first?.id == "parse-failure")
    #expect(findings.first?.locations.first?.line == 4)
    #expect(findings.map(\.severity) == findings.map(\.severity).sorted(by: >))
  }
}
