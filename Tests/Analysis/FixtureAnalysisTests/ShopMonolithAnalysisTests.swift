// SPDX-License-Identifier: Apache-2.0

import AnalysisReports
import DependencyGraph
import Testing

@Suite struct ShopMonolithAnalysisTests {
  private let suggestion: BoundarySuggestion
  private let truth: ShopMonolith.Truth

  init() throws {
    suggestion = try ShopMonolith.suggestion()
    truth = try ShopMonolith.truth()
  }

  private func findings(_ id: String) -> [LocatedFinding] {
    suggestion.findings.filter { $0.id == id }
  }

  @Test func findsTheAreasByName() {
    let names = Set(suggestion.services.map(\.name))
    for area in truth.areas { #expect(names.contains(area), "\(area) in \(names.sorted())") }
    #expect(suggestion.verdict.decision == .split)
    #expect(suggestion.services.count == truth.areas.count)
  }

  @Test func putsTypesIntoTheirAreas() {
    var service: [String: Int32] = [:]
    for candidate in suggestion.services {
      for type in candidate.types { service[type.name] = Int32(candidate.order) }
    }
    // Foundation types belong to no area; what is set apart counts as wrong.
    let areas = truth.types.filter { truth.areas.contains($0.area) }
    let found = Partition(areas.enumerated().map { service[$1.type] ?? Int32(1_000 + $0) })
    let expected = Partition(
      areas.map { area in Int32(truth.areas.firstIndex(of: area.area) ?? 0) })
    #expect(found.adjustedRandIndex(with: expected) >= 0.8)
    #expect(found.mojoFM(to: expected) >= 90)
  }

  @Test func givesTablesToTheirAreas() {
    let owners = suggestion.services.flatMap { service in
      service.tables.owned.map { ($0, service.name) }
    }
    for table in truth.tables where truth.areas.contains(table.area) {
      #expect(owners.contains { $0 == (table.table, table.area) }, "\(table.table)")
    }
  }

  @Test func findsTheGodType() {
    let found = findings("god-type")
    #expect(found.count == 1)
    #expect(found.first?.message.hasPrefix(truth.planted.godType.type + " has ") == true)
  }

  @Test func findsTheCycle() {
    let areas = truth.planted.cycle.areas
    #expect(
      findings("service-cycle").contains { finding in
        areas.allSatisfy { finding.message.prefix { $0 != ":" }.contains($0) }
      })
  }

  @Test func findsTheSharedTable() {
    let table = truth.planted.sharedTable
    let found = findings("shared-table").first { $0.message.hasPrefix("Table \(table.table) ") }
    #expect(found?.message.contains("let \(table.owner) own it") == true)
  }

  @Test func findsTheTransactionThatNeedsASaga() {
    let planted = truth.planted.multiAreaTransaction
    let found = findings("cross-service-transaction").first {
      $0.message.contains("\(planted.type).\(planted.function)")
    }
    for area in planted.areas { #expect(found?.message.contains(area) == true) }
  }

  @Test func followsTransactionsThroughTheServicesThatTheyCall() throws {
    // Neither function makes all of its transaction's writes itself.
    for function in ["OrderService.cancel", "ShippingService.dispatch"] {
      let found = try #require(
        findings("cross-service-transaction").first { $0.message.contains(function) }, "\(function)"
      )
      #expect(found.message.contains("orders") && found.message.contains("shipping"))
      #expect(found.locations.count > 2)
    }
    // Filling an empty database is no transaction that a service has to keep.
    #expect(!findings("cross-service-transaction").contains { $0.message.contains("SeedLoader") })
  }

  @Test func findsTheSharedHelpers() {
    let found = suggestion.sharedKernel + findings("shared-hub").map(\.message)
    let missing = truth.planted.sharedHelpers.filter { helper in
      !found.contains { $0 == helper || $0.hasPrefix(helper + " is used by ") }
    }
    // The audit log writes a table of its own, so it is no library.
    #expect(missing == ["AuditLog"] || missing.isEmpty)
  }

  @Test func bringsJobsAndGatewaysHome() {
    var service: [String: String] = [:]
    for candidate in suggestion.services {
      for type in candidate.types { service[type.name] = candidate.name }
    }
    #expect(service["AbandonedCartReminder"] == "carts")
    #expect(service["StockReorderJob"] == "inventory")
    for type in ["PaymentGateway", "HTTPPaymentGateway", "FakePaymentGateway", "Authorisation"] {
      #expect(service[type] == "payments", "\(type)")
    }
    for type in ["ShopApplication", "ShopConfiguration", "ShopMonolithCommand", "ShopRoutes"] {
      #expect(suggestion.compositionRoots.contains(type), "\(type)")
    }
  }

  @Test func `the god type is what remains of the monolith, taken apart member by member`() throws {
    let remainder = try #require(suggestion.remainder)
    #expect(remainder.types.contains(truth.planted.godType.type))
    #expect(remainder.types.contains("AuditLog") && remainder.types.contains("AuditEntry"))
    var service: [String: String?] = [:]
    for part in remainder.parts where part.type == truth.planted.godType.type {
      service[part.member] = part.service
    }
    for (member, area) in [
      "reports": "reporting", "orders": "orders", "catalogue": "catalogue", "product": "catalogue",
      "customer": "customers", "recordMovement": "inventory", "reorderLowStock": "inventory",
      "takeFromShelf": "inventory", "checkout": "orders", "bookLoyalty": "customers",
      "write": "orders", "price": "orders", "void": "payments", "reserve": "inventory",
    ] { #expect(service[member] == area, "\(member)") }
    for member in ["database", "clock", "audit", "answer"] {
      #expect(service[member] == .some(nil), "\(member)")
    }
    let names = Set(suggestion.services.map(\.name))
    #expect(!names.contains(remainder.name) && !names.contains("audit"))
  }

  @Test func `no service crosses its own border, and what it merely holds needs no call`() throws {
    let remainder = try #require(suggestion.remainder)
    #expect(suggestion.cuts.allSatisfy { $0.fromService != $0.toService })
    #expect(!suggestion.cuts.contains { $0.symbol == "reports" })
    let held = suggestion.cuts.filter { $0.toService == remainder.name }
    #expect(!held.isEmpty && held.allSatisfy { $0.seam == .ownInstance || $0.seam == .event })
    // What is left to do at the god type is less than half of the whole.
    let others = suggestion.cuts.filter { $0.seam != .ownInstance }
    let touching = others.filter { cut in
      [cut.fromService, cut.toService].contains(remainder.name)
        || cut.target.hasPrefix("ShopEngine.") || cut.fromType.hasPrefix("ShopEngine.")
    }
    #expect(2 * touching.count < others.count)
  }

  @Test func `each statement is cut once, where it stands, and what remains is no service`() throws
  {
    let remainder = try #require(suggestion.remainder)
    let tables = suggestion.cuts.filter { $0.kind.name.hasPrefix("table-") }
    // What a called function does is no use of the place that calls it.
    #expect(!tables.contains { $0.fromService == remainder.name })
    #expect(!tables.contains { $0.fromType == "ShopEngine.checkout" })
    let count = suggestion.services.count
    for finding in findings("shared-hub") {
      #expect(finding.message.contains(" of \(count) services "), "\(finding.message)")
      #expect(!finding.message.contains("belongs to \(remainder.name)"), "\(finding.message)")
    }
    #expect(!findings("shared-table").contains { $0.message.contains("\(remainder.name) in ") })
    // The engine's writes stand with the tables that they are most about.
    #expect(!findings("shared-table").contains { $0.message.hasPrefix("Table orders ") })
  }

  @Test func `health checks, pages and error answers are in no single service`() {
    let placed = Set(suggestion.services.flatMap { $0.types.map(\.name) })
    for type in ["HealthController", "HealthAnswer", "JSONErrorMiddleware", "ErrorAnswer"] {
      #expect(suggestion.compositionRoots.contains(type), "\(type)")
    }
    #expect(suggestion.sharedKernel.contains("Page") && !placed.contains("Page"))
  }

  @Test func `loose functions belong to what they are about`() {
    let money = "Sources/ShopMonolith/Support/Money.swift"
    #expect(suggestion.sharedKernel.contains("Money") && suggestion.sharedKernel.contains(money))
  }

  @Test func `layers instead of areas for folders change little`() throws {
    let model = try ShopMonolith.layered()
    let found = BoundaryAnalysis().suggest(model)
    var service: [String: Int32] = [:]
    for candidate in found.services {
      for type in candidate.types { service[type.name] = Int32(candidate.order) }
    }
    let areas = truth.types.filter { truth.areas.contains($0.area) }
    let placed = Partition(areas.enumerated().map { service[$1.type] ?? Int32(1_000 + $0) })
    let expected = Partition(
      areas.map { area in Int32(truth.areas.firstIndex(of: area.area) ?? 0) })
    #expect(placed.mojoFM(to: expected) >= 90)
    #expect(found.services.allSatisfy { $0.routes.count <= 12 })
  }

  @Test func `who asks for a number of services gets no helper as a part of one`() throws {
    let suggestion = BoundaryAnalysis(options: AnalysisOptions(services: 4))
      .suggest(try ShopMonolith.model.get())
    #expect(suggestion.services.count == 4)
    #expect(suggestion.sharedKernel.contains("Page"))
    // Every type stands where at least one of the runs has it.
    #expect(suggestion.services.flatMap(\.types).allSatisfy { $0.stability > 0 })
  }

  @Test func `on the page the monolith has no place in the order`() throws {
    let study = BoundaryAnalysis().study(try ShopMonolith.model.get())
    let page = PageReport(title: "shop").render(study)
    #expect(page.contains("{\"name\":\"orders\",\"order\":9,"))
    #expect(page.contains("{\"name\":\"monolith\",\"types\":8}"))
    #expect(
      page.contains(
        "carts has fewer points of effort (12 against 32) but 1 blocking problem against 0."))
    // Nor does the page leave open what becomes of it.
    #expect(page.contains(">What remains of the monolith (monolith, no service): AuditEntry, "))
    #expect(
      page.contains(">ShopEngine is taken apart: 30 of its 35 differently named members move. "))
    #expect(page.contains("<dd>A type that everything goes through (Sources/ShopMonolith/Engine/"))
  }

  @Test func startsWithAStableServiceThatHasRoutes() throws {
    let first = try #require(suggestion.services.first)
    #expect(!first.routes.isEmpty)
    #expect(first.scores.stability >= 0.75)
    #expect(suggestion.services.flatMap(\.jobs).sorted() == truth.planted.job.sorted())
  }

  @Test func reportsAreTheSameBytesEachTime() throws {
    let again = BoundaryAnalysis().suggest(try ShopMonolith.model.get())
    #expect(JSONReport().render(again) == JSONReport().render(suggestion))
    #expect(RouteConfiguration().render(suggestion).contains("path: /orders/**"))
  }
}
