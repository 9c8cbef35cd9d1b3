// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

@Suite struct ServiceNameTests {
  @Test(arguments: ["already", "only", "unexpected", "missing", "probably", "which"])
  func `a word that is no thing names no service`(word: String) {
    #expect(!Vocabulary.mayName(word))
  }

  @Test(arguments: ["orders", "supply", "family", "checkout", "billing"])
  func `things may`(word: String) { #expect(Vocabulary.mayName(word)) }

  private static func names(_ types: [String], folder: String, module: String) -> [String] {
    var builder = SampleShop.builder()
    for name in types { builder.type(name, folder: folder, module: module) }
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
}
