// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

@Suite struct VerdictTests {
  private static let good = Quality(
    modularity: 0.5, stability: 0.9, gamma: 1, services: 4, runs: 32, folderShare: 0,
    likenessWithoutFolders: nil, references: 200, crossingReferences: 20)
  private static let served = served(in: SampleShop.model)

  private static func served(in model: CodeModel) -> ServedCode {
    let model = model.canonical()
    return ServedCode(model, UnitFacts(model))
  }

  @Test func splitsWithTheNumbersThatSaySo() {
    let verdict = Verdict.judge(Self.good, units: 40, served: Self.served, serving: 4)
    #expect(verdict.decision == .split)
    #expect(
      verdict.reason
        == "Split into 4 services: 90 % of 200 references stay inside them, modularity is 0.50, "
        + "and 32 runs with noise agree with the borders at 0.90 of 1.")
  }

  @Test(arguments: [
    (
      1,
      " One of them is not ready to leave: more references cross its border than stay inside, or noise moves it."
    ),
    (
      3,
      " 3 of them are not ready to leave: more references cross their borders than stay inside, or noise moves them."
    ),
  ])
  func `borders that do not hold are counted`(unready: Int, sentence: String) {
    let verdict = Verdict.judge(
      Self.good, units: 40, served: Self.served, serving: 4, unready: unready)
    #expect(verdict.decision == .split && verdict.reason.hasSuffix("0.90 of 1." + sentence))
  }

  @Test(arguments: [
    (\Quality.modularity, 0.1, "modularity 0.10 is below 0.30"),
    (\Quality.stability, 0.2, "the borders move under noise (stability 0.20 is below 0.50)"),
  ])
  func doesNotSplitOnWeakBorders(
    path: any WritableKeyPath<Quality, Double> & Sendable, value: Double, doubt: String
  ) {
    var quality = Self.good
    quality[keyPath: path] = value
    let verdict = Verdict.judge(quality, units: 40, served: Self.served, serving: 4)
    #expect(verdict.decision == .doNotSplit)
    #expect(verdict.reason == "Do not split yet: \(doubt).")
  }

  @Test func namesEachDoubt() {
    var quality = Self.good
    quality.crossingReferences = 120
    quality.services = 1
    let verdict = Verdict.judge(quality, units: 5, served: Self.served, serving: 1)
    #expect(
      verdict.reason == "Do not split yet: the code forms a single area; 5 separable types are "
        + "fewer than 12; 60 % of the references would cross borders (at most 50 % is bearable).")
  }

  @Test func `a single area that answers is no split`() {
    let verdict = Verdict.judge(Self.good, units: 40, served: Self.served, serving: 1)
    #expect(
      verdict.reason
        == "Do not split yet: only one of the 4 areas answers a route or runs a job.")
  }

  private static let core = Remainder.Core(
    types: 60, divided: 100, areas: 7, inside: 90, between: 400,
    hubs: [
      .init(
        type: "User", references: 210, areas: 6,
        location: Location(file: "Sources/User.swift", line: 3, column: 7))
    ])

  @Test func `a piece that no border divides stays, and the rest is taken out`() {
    let verdict = Verdict.judge(
      Self.good, units: 100, served: Self.served, serving: 5, core: Self.core, people: 1)
    #expect(verdict.decision == .split)
    #expect(
      verdict.reason
        == "Take 4 services out and leave the rest together: 90 % of 200 references stay inside "
        + "these pieces, modularity is 0.50, and 32 runs with noise agree with the borders at 0.90 "
        + "of 1. 60 of 100 separable types stay with the monolith as one piece. No border divides "
        + "it: 400 references lead from one of its 7 areas to another, and 90 stay inside of one. "
        + "One person makes nine of ten changes, and 4 services want more people than that: begin "
        + "with one and see what it gains.")
    #expect(Self.core.advice.contains("Most lead to User (210 from 6 areas): untangle"))
    var quality = Self.good
    quality.services = 1
    let single = Verdict.judge(
      quality, units: 100, served: Self.served, serving: 2, core: Self.core, people: 4)
    #expect(single.decision == .split && single.reason.hasPrefix("Take 1 service out"))
    #expect(!single.reason.contains("people"))
  }

  @Test func `services that all wait for each other are one program`() {
    let verdict = Verdict.judge(Self.good, units: 40, served: Self.served, serving: 4, ring: 31)
    #expect(
      verdict.reason == "Do not split yet: all 4 services wait for each other in a ring of 31 "
        + "calls, so none could be released or be down alone.")
    var builder = SampleShop.builder()
    func calls(_ pairs: [(String, String)]) -> Verdict {
      for (from, to) in pairs {
        builder.refer("\(from)Service", "\(to)Service", .call, symbol: "check")
      }
      return BoundaryAnalysis().suggest(builder.model).verdict
    }
    #expect(calls([("Shipment", "Order"), ("Shipment", "Payment")]).decision == .split)
    let ring = calls([("Payment", "Product"), ("Product", "Order"), ("Order", "Shipment")])
    #expect(ring.decision == .doNotSplit && ring.reason.contains("all 4 services wait"))
  }

  @Test func `people count who make nine of ten changes`() {
    func people(_ changes: [Int], commits: Int = 200) -> Int? {
      ChangeHistory(
        commits: commits,
        authorship: changes.enumerated().map {
          .init(file: FileID(0), author: "\($0.offset)", changes: $0.element)
        }
      ).mostChanges
    }
    #expect(people([95, 3, 2]) == 1)
    #expect(people([50, 30, 10, 10]) == 3)
    #expect(people([95, 5], commits: 20) == nil)
    #expect(people([]) == nil)
  }

  @Test func `borders that repeat the folders say so`() {
    var quality = Self.good
    (quality.folderShare, quality.likenessWithoutFolders) = (0.96, 0.61)
    let verdict = Verdict.judge(quality, units: 40, served: Self.served, serving: 4)
    #expect(
      verdict.reason.hasSuffix(
        " The borders follow the folders for 96 % of the types; a suggestion that does not know "
          + "the folders agrees with this one at 0.61 of 1."))
  }

  @Test func `what serves nothing that is known is kept whole, and is not called a library`()
    throws
  {
    var model = SampleShop.model
    // Tables alone serve nobody.
    (model.routes, model.jobs) = ([], [])
    let suggestion = BoundaryAnalysis().suggest(model)
    #expect(suggestion.verdict.decision == .doNotSplit)
    #expect(
      suggestion.verdict.reason
        == "Nothing to split: no route that is answered and no job of a queue was recognised in 27 "
        + "types in 1 module, so no part of it is known to serve anybody. What serves in ways that "
        + "are not recognised is not seen.")
    let whole = try #require(suggestion.services.first)
    #expect(suggestion.services.count == 1 && whole.types.count == model.types.count)
    #expect(suggestion.cuts.isEmpty && suggestion.sharedKernel.isEmpty)
    #expect(whole.reason == "27 types in 23 files that stay together")
  }

  @Test func whoAsksForServicesGetsThemWithTheVerdict() {
    var model = SampleShop.model
    (model.routes, model.jobs) = ([], [])
    let suggestion = BoundaryAnalysis(options: AnalysisOptions(services: 4)).suggest(model)
    #expect(suggestion.services.count == 4)
    #expect(suggestion.verdict.reason.hasPrefix("Nothing to split"))
  }

  @Test func nothingToSplit() {
    let suggestion = BoundaryAnalysis().suggest(CodeModel())
    #expect(suggestion.verdict.decision == .doNotSplit)
    #expect(suggestion.services.isEmpty)
    #expect(suggestion.verdict.reason == "No types were found, so there is nothing to split.")
  }

  @Test func oneTypeIsNotSplit() {
    var builder = ModelBuilder()
    builder.type("Only")
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    #expect(suggestion.verdict.decision == .doNotSplit)
    #expect(suggestion.services.map(\.types.count) == [1])
  }
}
