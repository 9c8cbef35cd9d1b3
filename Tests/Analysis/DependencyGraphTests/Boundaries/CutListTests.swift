// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

@Suite struct CutListTests {
  @Test func withoutTheListedReferencesNothingCrosses() throws {
    let model = SampleShop.model.canonical()
    let suggestion = BoundaryAnalysis().suggest(model)
    let assignment = Suggestions.assignment(suggestion, model)
    try #require(!suggestion.cuts.isEmpty)

    // The list names exactly the crossings that the division has, each once.
    let crossings = BorderCrossings(model, assignment)
    #expect(suggestion.cuts.count == crossings.references.count + crossings.tableUses.count)
    #expect(Set(suggestion.cuts.map(\.location)).count == suggestion.cuts.count)

    // Remove by place what the list names, and look again.
    let listed = Set(suggestion.cuts.map(\.location))
    var reduced = model
    reduced.references.removeAll { listed.contains(model.location($0.position)) }
    reduced.tableUses.removeAll { listed.contains(model.location($0.position)) }
    let removed =
      model.references.count + model.tableUses.count - reduced.references.count
      - reduced.tableUses.count
    #expect(removed == suggestion.cuts.count)
    #expect(BorderCrossings(reduced, assignment).isEmpty)
  }

  @Test func leavingOneOutLeavesACrossing() throws {
    let model = SampleShop.model.canonical()
    let suggestion = BoundaryAnalysis().suggest(model)
    let assignment = Suggestions.assignment(suggestion, model)
    let places = suggestion.cuts.map(\.location)
    for kept in places {
      var reduced = model
      let listed = Set(places.filter { $0 != kept })
      reduced.references.removeAll { listed.contains(model.location($0.position)) }
      reduced.tableUses.removeAll { listed.contains(model.location($0.position)) }
      #expect(!BorderCrossings(reduced, assignment).isEmpty)
    }
  }

  @Test func analysingTheReducedModelFindsNoMoreCuts() {
    let model = SampleShop.model.canonical()
    let suggestion = BoundaryAnalysis().suggest(model)
    let assignment = Suggestions.assignment(suggestion, model)
    let reduced = model.removing(BorderCrossings(model, assignment))
    let again = BoundaryAnalysis().suggest(reduced)
    #expect(again.cuts.isEmpty)
    #expect(again.services.count == suggestion.services.count)
  }

  @Test func namesPlaceSymbolKindAndSeam() throws {
    let cuts = BoundaryAnalysis().suggest(SampleShop.model).cuts
    let price = try #require(cuts.first { $0.symbol == "price" })
    #expect(price.fromService == "orders")
    #expect(price.toService == "products")
    #expect(price.fromType == "OrderService")
    #expect(price.target == "ProductService")
    #expect(price.location.file == "Sources/App/Services/OrderService.swift")
    #expect(price.kind == .reference(.call))
    #expect(price.seam == .apiCall)
    #expect(cuts.filter { $0.symbol == "scheduleShipment" }.map(\.seam) == [.event, .event])
    let payments = try #require(cuts.first { $0.symbol == "payments" })
    #expect(payments.kind == .table(.writes))
    #expect(payments.seam == .splitTable)
  }
}
