// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

@Suite struct TakenApartTests {
  private static func engine() -> ModelBuilder {
    var builder = ModelBuilder()
    builder.type("Engine", kind: .class, members: 20)
    builder.type("Engine.Priced", file: "Engine")
    builder.type("Order", folder: "Orders")
    builder.type("Door", folder: "Door")
    builder.refer("Engine", "Order", .storedProperty)
    builder.member("init", of: "Engine")
    builder.refer("Engine", "Order", .construction)
    builder.member("place", of: "Engine")
    builder.refer("Engine", "Order", .call, symbol: "save")
    builder.table("orders", .writes, by: "Engine", in: "Engine.place", transaction: true)
    builder.refer("Engine", "Engine", .call, symbol: "clock")
    builder.member("clock", of: "Engine", isFunction: false)
    builder.refer("Door", "Engine", .call, symbol: "place")
    builder.refer("Door", "Engine", .storedProperty)
    return builder
  }

  @Test func `what stands in a member is the member's, the rest is the type's`() {
    let builder = Self.engine()
    let model = builder.model.canonical()
    let engine = TypeID(model.types.firstIndex { $0.qualifiedName == "Engine" } ?? 0)
    let apart = model.takingApart([engine])
    #expect(apart.types.suffix(2).map(\.qualifiedName) == ["Engine.clock", "Engine.place"])
    let edges = apart.references.map { reference in
      [reference.from, reference.to].map(apart.displayName).joined(separator: " > ")
        + " " + reference.symbol
    }
    #expect(
      Set(edges) == [
        "Engine > Order Order", "Engine.place > Order save", "Engine.place > Engine.clock clock",
        "Door > Engine.place place", "Door > Engine Engine",
      ])
    #expect(apart.displayName(apart.tableUses[0].type) == "Engine.place")
    #expect(apart.displayName(apart.transactions[0].opener) == "Engine.place")
    #expect(apart.displayName(apart.transactions[0].steps[0].type) == "Engine.place")
    // Once is enough, in any order.
    #expect(apart.takingApart([engine]).types == apart.types)
    #expect(apart.canonical().takenApart.count == 1)
  }

  @Test func `parts, and what was nested in the type, move alone`() {
    let model = Self.engine().model.canonical()
    let engine = TypeID(model.types.firstIndex { $0.qualifiedName == "Engine" } ?? 0)
    let whole = CodeUnits(model).units.map(\.identity)
    #expect(whole == ["App.Door", "App.Engine", "App.Order"])
    let units = CodeUnits(model.takingApart([engine])).units.map(\.identity)
    #expect(
      units == [
        "App.Door", "App.Engine", "App.Engine.Priced", "App.Engine.clock", "App.Engine.place",
        "App.Order",
      ])
  }

  @Test func `only a type that most areas use both ways is taken apart`() {
    var builder = SampleShop.builder()
    builder.type("Engine", kind: .class, members: 24)
    for area in SampleShop.areas {
      builder.member("make\(area)", of: "Engine")
      builder.refer("Engine", "\(area)Service", .construction)
      builder.refer("\(area)Service", "Engine", .call, symbol: "make\(area)", times: 2)
    }
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    #expect(suggestion.remainder?.types == ["Engine"])
    #expect(
      suggestion.remainder?.parts.map(\.service) == ["orders", "payments", "products", "shipments"])
    #expect(suggestion.services.count == 4)
    #expect(BoundaryAnalysis().suggest(SampleShop.model).remainder == nil)
  }
}
