// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

@Suite struct SuggestionTests {
  @Test func findsTheAreasOfALayeredShop() throws {
    let suggestion = BoundaryAnalysis().suggest(SampleShop.model)
    #expect(suggestion.verdict.decision == .split)
    #expect(
      suggestion.services.map(\.name).sorted() == [
        "orders", "payments", "products", "shipments",
      ])
    for area in SampleShop.areas {
      let service = try #require(
        suggestion.services.first { $0.name == SampleShop.tables[area] })
      #expect(Set(service.types.map(\.name)) == SampleShop.types(of: area))
      #expect(service.tables.owned == [service.name])
      #expect(service.routes.count == 2)
      #expect(service.files.count == 5)
    }
  }

  @Test func setsSharedTypesAndWiringApart() {
    let suggestion = BoundaryAnalysis().suggest(SampleShop.model)
    #expect(suggestion.sharedKernel == ["JSONProblem", "Money"])
    #expect(suggestion.compositionRoots == ["AppRoutes"])
  }

  @Test func putsTheServiceThatIsReadyFirst() throws {
    let suggestion = BoundaryAnalysis().suggest(SampleShop.model)
    let first = try #require(suggestion.services.first)
    // Orders writes the table of payments, in a transaction across services.
    #expect(suggestion.services.map(\.order) == [1, 2, 3, 4])
    #expect(first.name == "shipments")
    #expect(
      first.reason
        == "1 cycle (with orders), 2 references into it and 1 out of it to cut, no table "
        + "shared with another service, 2 routes, 1 job, stability 1.00 over 32 runs")
    #expect(suggestion.services.dropFirst().first?.name == "payments")
  }

  @Test func scoresAreCountedByHand() throws {
    let suggestion = BoundaryAnalysis().suggest(SampleShop.model)
    let orders = try #require(suggestion.services.first { $0.name == "orders" })
    // Inside: 4 + 2 from the controller, 7 from the service, 3 from the repository; out 3, in 1.
    #expect(abs(orders.scores.cohesion - 32.0 / 36) < 1e-12)
    #expect(abs(orders.scores.coupling - 3.0 / 19) < 1e-12)
    #expect(abs(orders.scores.instability - 2.0 / 3) < 1e-12)
    #expect(suggestion.quality.crossingReferences == 4)
    #expect(suggestion.quality.references == 4 * 16 + 4)
    #expect(suggestion.quality.runs == 32)
    #expect(suggestion.quality.modularity > 0.6)
    #expect((0.9...1).contains(suggestion.quality.stability))
  }

  @Test func `a type that writes a table at many places does not own it`() {
    let suggestion = BoundaryAnalysis().suggest(SampleShop.model)
    var builder = SampleShop.builder()
    for place in 0..<9 {
      builder.table("payments", .writes, by: "OrderService", in: "OrderService.charge\(place)")
    }
    let assignment = Suggestions.assignment(suggestion, builder.model)
    #expect(assignment.ownerOfTable["payments"] == assignment[builder["PaymentRecord"]])
  }

  @Test func reportsCoverage() {
    var builder = SampleShop.builder()
    builder.finding(
      Finding(id: "parse-failure", severity: .error, message: "A file does not parse."))
    let coverage = BoundaryAnalysis().suggest(builder.model).coverage
    #expect(coverage.files == builder.model.files.count)
    #expect(coverage.lines == 100 * builder.model.files.count)
    #expect(coverage.types == builder.model.types.count)
    #expect(coverage.parseFailures == 1)
    #expect(coverage.tiers.map(\.name) == [.syntax])
    #expect(coverage.tiers.map(\.references) == [builder.model.references.count])
  }

  @Test(arguments: [1, 2, 3, 4, 6, 9])
  func givesAsManyServicesAsAskedFor(count: Int) {
    let options = AnalysisOptions(services: count)
    let suggestion = BoundaryAnalysis(options: options).suggest(SampleShop.model)
    #expect(suggestion.services.count == count)
    #expect(Set(suggestion.services.map(\.name)).count == count)
    #expect(suggestion.services.allSatisfy { !$0.types.isEmpty })
  }

  @Test func givesNoMoreServicesThanThereAreTypes() {
    let options = AnalysisOptions(services: 1_000)
    let suggestion = BoundaryAnalysis(options: options).suggest(SampleShop.model)
    // Five units in each of four areas; a nested type stays with its outer type.
    #expect(suggestion.services.count == 20)
  }
}
