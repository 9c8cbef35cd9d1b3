// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

@Suite struct ServiceNameTests {
  @Test(arguments: [
    "already", "only", "unexpected", "missing", "probably", "which", "joined", "blocked",
    "disposable", "fluent",
  ])
  func `a word that is no thing names no service`(word: String) {
    #expect(!Vocabulary.mayName(word))
  }

  @Test(arguments: [
    "orders", "supply", "family", "checkout", "billing", "feed", "speed", "timetable",
  ])
  func `things may`(word: String) { #expect(Vocabulary.mayName(word)) }

  private static func names(
    _ types: [String], folder: String, module: String,
    routes: [(path: String, handler: String)] = []
  ) -> [String] {
    var builder = SampleShop.builder()
    for name in types { builder.type(name, folder: folder, module: module) }
    for route in routes { builder.route("GET", route.path, route.handler) }
    for name in types.dropFirst() { builder.refer(types[0], name, .storedProperty, times: 3) }
    let model = builder.model.canonical()
    let facts = UnitFacts(model)
    let assignment = ServiceAssignment(
      model,
      serviceOfType: model.types.map { type in
        SampleShop.areas.firstIndex { type.qualifiedName.hasPrefix($0) }
          ?? (types.contains(type.qualifiedName) ? 4 : nil)
      }, serviceCount: 5)
    return ServiceNames.choose(model, facts, assignment)
  }

  @Test func `a word that stands in one type name alone is not enough`() {
    let names = Self.names(
      ["AlreadyBooked", "AlreadyPaid", "ParcelSeen"], folder: "App", module: "LoyaltyPoints")
    #expect(names[..<4] == ["orders", "products", "payments", "shipments"])
    #expect(names[4] == "loyalty-points")
  }

  @Test func `a word of several type names, or of a folder, is`() {
    let twice = Self.names(
      ["AlreadyBooked", "ParcelBox", "ParcelSeen"], folder: "App", module: "LoyaltyPoints")
    #expect(twice[4] == "parcel")
    let folder = Self.names(
      ["AlreadyBooked", "AlreadyPaid", "ParcelSeen"], folder: "App/Warehouse", module: "App")
    #expect(folder[4] == "warehouse")
  }

  @Test func `a technical word needs a folder, a route or a table`() {
    let types = ["LinkBox", "LinkSeen", "ParcelBox", "ParcelSeen"]
    #expect(Self.names(types, folder: "App", module: "App")[4] == "parcel")
    #expect(Self.names(types, folder: "App/Links", module: "App")[4] == "links")
  }

  @Test func `a resource names whoever answers most of it, and mostly it`() {
    let types = ["AlreadyBooked", "ParcelBox", "ParcelSeen"]
    func name(_ routes: [(path: String, handler: String)]) -> String {
      Self.names(types, folder: "App", module: "App", routes: routes)[4]
    }
    let own = [("/api/v1/lost-parcels", "ParcelBox"), ("/api/v1/lost-parcels/{id}", "ParcelSeen")]
    #expect(name(own) == "lost-parcels")
    #expect(name(own + ["/a", "/b", "/c"].map { ($0, "ParcelBox") }) != "lost-parcels")
    #expect(
      name(own + (0..<3).map { ("/api/v1/lost-parcels/\($0)", "OrderController") })
        != "lost-parcels"
    )
    // What tells how a process is doing names nothing.
    #expect(name([("/health", "ParcelBox")]) == "parcel")
  }

  @Test func `what is not divided has the name of its module, if that is most of it`() {
    func name(_ modules: [String]) -> String? {
      var builder = ModelBuilder()
      for (index, module) in modules.enumerated() { builder.type("Part\(index)", module: module) }
      return BoundaryAnalysis().suggest(builder.model).services.first?.name
    }
    #expect(name(["LoyaltyPoints", "LoyaltyPoints", "Tool"]) == "loyalty-points")
    #expect(name(["LoyaltyPoints", "Tool"]) == "whole")
  }
}
