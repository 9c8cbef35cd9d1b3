// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

@Suite struct ExtractionOrderTests {
  private static func candidates(_ names: String...) -> [ExtractionOrder.Candidate] {
    names.map { .init(name: $0, hasRoutes: true, stability: 1) }
  }

  @Test func `a service whose table others write is not first for its few cuts`() throws {
    var builder = SampleShop.builder()
    // Now shipments has six places to cut, payments a single one.
    builder.refer("ShipmentService", "ProductService", .call, symbol: "weight", times: 3)
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    let byName = Dictionary(uniqueKeysWithValues: suggestion.services.map { ($0.name, $0) })
    let (shipments, payments) = (
      try #require(byName["shipments"]), try #require(byName["payments"])
    )
    #expect(shipments.effort.places == 6 && payments.effort.places == 1)
    #expect(shipments.order == 1)
    #expect(shipments.blockers.cycles == ["orders"] && shipments.blockers.count == 1)
    #expect(payments.blockers.sharedWrites == ["payments"])
    #expect(payments.blockers.transactions == ["OrderService.checkout"])
    #expect(
      payments.reason.hasPrefix(
        "1 table written by others too (payments), 1 transaction across services "
          + "(OrderService.checkout), 0 references into it and 0 out of it to cut"))
  }

  @Test func `problems count before shared tables, and those before the price`() {
    let order = ExtractionOrder(
      Self.candidates("blocked", "sharing", "dear"),
      references: Array(repeating: (from: 2, to: 0), count: 9), tables: [(from: 1, to: 0)],
      problems: [[0, 2], [0, 2]], sharedTables: [[0, 1]])
    // The one with a shared table is blocked by nothing; then the other two are free of it.
    #expect(order.services() == [1, 0, 2])
    let equal = ExtractionOrder(
      Self.candidates("b", "a"), references: [], tables: [], problems: [[0, 1]])
    #expect(equal.services() == [1, 0])
  }

  @Test func `a problem is solved when one side is left`() {
    // The first to go pays for the problem that it shares with the second.
    let order = ExtractionOrder(
      Self.candidates("one", "two", "three", "four"), references: [(from: 0, to: 1)], tables: [],
      problems: [[0, 1], [1, 2], [2, 3], [2, 3]])
    #expect(order.services() == [0, 1, 3, 2])
  }

  @Test func `what remains is extracted by nobody, so it pays for nothing`() {
    // Fewest problems tie the rest; were it to go, nothing but its name would hold back the second.
    let order = ExtractionOrder(
      Self.candidates("first", "second", "third", "rest"), references: [], tables: [],
      problems: [[0, 1], [0, 2], [1, 2], [1, 3]], remainder: 3)
    #expect(order.services() == [0, 2, 1])
  }

  @Test func `who cannot be moved by routing waits, blocked or not`() {
    var candidates = Self.candidates("blocked", "other", "jobs")
    candidates[2].hasRoutes = false
    let order = ExtractionOrder(
      candidates, references: [], tables: [], problems: [[0, 1]], sharedTables: [])
    #expect(order.services() == [0, 1, 2])
  }
}
