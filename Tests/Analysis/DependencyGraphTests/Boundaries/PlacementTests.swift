// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

/// Types that trigger, forward or wire, and services that hold nothing.
@Suite struct PlacementTests {
  /// Services by the area of each type's name; others are given, or go with orders.
  private static func settled(
    _ builder: ModelBuilder, given: [String: Int] = [:]
  ) -> (String) -> String? {
    let model = builder.model.canonical()
    let facts = UnitFacts(model)
    let services = facts.units.units.map { unit -> Int? in
      let name = model.displayName(unit.types[0])
      return given[name] ?? SampleShop.areas.firstIndex { name.hasPrefix($0) } ?? 0
    }
    let homes = ServiceHomes(
      model, facts, isMember: [Bool](repeating: true, count: facts.units.count))
    let found = homes.settled(services).services
    return { name in
      let unit = facts.units.units.firstIndex { model.displayName($0.types[0]) == name }
      return unit.flatMap { found[$0] }.map { $0 < 4 ? SampleShop.areas[$0] : "other" }
    }
  }

  /// The shop with a type that everybody uses and that uses everybody.
  private static func engine() -> ModelBuilder {
    var builder = SampleShop.builder()
    builder.type("Engine", folder: "App", kind: .class, members: 40)
    for area in SampleShop.areas {
      builder.refer("\(area)Controller", "Engine", .storedProperty)
      builder.refer("\(area)Service", "Engine", .storedProperty)
      builder.refer("Engine", "\(area)Service", .construction)
    }
    return builder
  }

  @Test func `a job goes with what it does, not with what everybody uses`() {
    var builder = Self.engine()
    builder.type("NightlyCleaner", folder: "App/Background")
    builder.job("NightlyCleaner")
    builder.refer("NightlyCleaner", "Engine", .storedProperty, times: 4)
    builder.refer("NightlyCleaner", "PaymentService", .call)
    #expect(Self.settled(builder)("NightlyCleaner") == "Payment")
  }

  @Test func `a job that is tied to nothing else goes with its folder`() {
    var builder = Self.engine()
    for name in ["ShipmentLabel", "ShipmentRoute", "Night"] {
      builder.type(name, folder: "App/Shipping")
    }
    builder.job("Night")
    builder.refer("Night", "Engine", .storedProperty)
    #expect(Self.settled(builder)("Night") == "Shipment")
  }

  @Test func `a controller that only forwards goes with the service that it asks`() {
    var builder = Self.engine()
    builder.type("LabelController", folder: "App/Controllers")
    builder.route("GET", "/labels", "LabelController")
    builder.refer("LabelController", "Engine", .call, times: 3)
    builder.refer("LabelController", "ShipmentService", .call, times: 2)
    #expect(Self.settled(builder)("LabelController") == "Shipment")
  }

  @Test func `a few types without data, routes or jobs are no service`() {
    var builder = Self.engine()
    for name in ["Gateway", "StripeGateway", "Authorisation"] {
      builder.type(name, folder: "App/Elsewhere")
    }
    builder.refer("StripeGateway", "Gateway", .conformance)
    builder.refer("Gateway", "Authorisation", .signature)
    builder.refer("PaymentService", "Gateway", .storedProperty)
    builder.refer("Engine", "Gateway", .storedProperty, times: 3)
    let given = ["Gateway": 9, "StripeGateway": 9, "Authorisation": 9]
    let service = Self.settled(builder, given: given)
    for name in given.keys { #expect(service(name) == "Payment", "\(name)") }
    // With data it is one, and stays.
    builder.table("authorisations", .writes, by: "StripeGateway")
    #expect(Self.settled(builder, given: given)("Gateway") == "other")
  }

  @Test func `who starts the wiring is wiring, and so is what only wiring uses`() {
    var builder = SampleShop.builder()
    for name in ["Main", "Settings"] { builder.type(name, folder: "App") }
    builder.refer("Main", "AppRoutes", .call)
    builder.refer("Main", "Settings", .construction)
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    #expect(suggestion.compositionRoots == ["AppRoutes", "Main", "Settings"])
  }

  @Test func `a line in a log makes no saga`() {
    var builder = SampleShop.builder()
    builder.type("Journal", folder: "App/Support")
    builder.type("JournalLine", folder: "App/Support")
    builder.table("journal", .maps, by: "JournalLine")
    for area in SampleShop.areas { builder.refer("\(area)Service", "Journal", .call) }
    builder.transaction(
      by: "PaymentService", in: "PaymentService.charge",
      writing: [("PaymentRepository", "payments"), ("Journal", "journal")])
    builder.transaction(
      by: "ShipmentService", in: "ShipmentService.send",
      writing: [
        ("ShipmentRepository", "shipments"), ("OrderRepository", "orders"), ("Journal", "journal"),
      ])
    let model = builder.model.canonical()
    let assignment = ServiceAssignment(
      model,
      serviceOfType: model.types.indices.map { index in
        let name = model.displayName(TypeID(index))
        return SampleShop.areas.firstIndex { name.hasPrefix($0) } ?? 4
      }, serviceCount: 5)
    let found = SpanningTransaction.all(model, assignment)
    #expect(
      Set(found.map { $0.name(model) }) == ["OrderService.checkout", "ShipmentService.send"])
    let sending = found.first { $0.name(model) == "ShipmentService.send" }
    #expect(sending?.tables == ["orders", "shipments"] && sending?.logs == ["journal"])
  }
}
