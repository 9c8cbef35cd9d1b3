// SPDX-License-Identifier: Apache-2.0

import SampleModels
import Testing

@testable import DependencyGraph

@Suite struct VerdictTests {
  private static let good = Quality(
    modularity: 0.5, stability: 0.9, gamma: 1, services: 4, runs: 32, references: 200,
    crossingReferences: 20)

  @Test func splitsWithTheNumbersThatSaySo() {
    let verdict = Verdict.judge(Self.good, units: 40, types: 60, serves: true)
    #expect(verdict.decision == .split)
    #expect(
      verdict.reason
        == "Split into 4 services: 90 % of 200 references stay inside them, modularity is 0.50, "
        + "and 32 runs with noise agree with the borders at 0.90 of 1.")
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
    let verdict = Verdict.judge(quality, units: 40, types: 60, serves: true)
    #expect(verdict.decision == .doNotSplit)
    #expect(verdict.reason == "Do not split yet: \(doubt).")
  }

  @Test func namesEachDoubt() {
    var quality = Self.good
    quality.crossingReferences = 120
    quality.services = 1
    let verdict = Verdict.judge(quality, units: 5, types: 7, serves: true)
    #expect(
      verdict.reason == "Do not split yet: the code forms a single area; 5 separable types are "
        + "fewer than 12; 60 % of the references would cross borders (at most 50 % is bearable).")
  }

  @Test func librariesAreKeptWhole() throws {
    var model = SampleShop.model
    // Tables alone serve nobody.
    (model.routes, model.jobs) = ([], [])
    let suggestion = BoundaryAnalysis().suggest(model)
    #expect(suggestion.verdict.decision == .doNotSplit)
    #expect(
      suggestion.verdict.reason
        == "Keep it whole: no route is answered and no job or consumer "
        + "runs in any of its 27 types, so nothing is served that could move to a service. It is a "
        + "library: release it as one.")
    let whole = try #require(suggestion.services.first)
    #expect(suggestion.services.count == 1 && whole.types.count == model.types.count)
    #expect(suggestion.cuts.isEmpty && suggestion.sharedKernel.isEmpty)
    #expect(whole.reason == "27 types in 23 files that stay together")
  }

  @Test func aLoopInALibraryIsNoJobOfAService() {
    var model = SampleShop.model
    model.routes = []
    model.tableUses.removeAll { $0.access == .maps }
    model.jobs = [
      JobDeclaration(
        type: TypeID(1), evidence: "Task loop", position: model.types[1].position)
    ]
    #expect(!model.serves)
    model.jobs[0].evidence = "Service"
    #expect(model.serves)
    // A sample application beside a library makes the library's loop no job.
    model.jobs[0].evidence = "Task loop"
    model.tableUses = SampleShop.model.tableUses
    #expect(model.serves)
    model.files[Int(model.types[1].position.file.index)].module = "Library"
    #expect(!model.serves)
  }

  @Test func whoAsksForServicesGetsThemWithTheVerdict() {
    var model = SampleShop.model
    (model.routes, model.jobs) = ([], [])
    let suggestion = BoundaryAnalysis(options: AnalysisOptions(services: 4)).suggest(model)
    #expect(suggestion.services.count == 4)
    #expect(suggestion.verdict.reason.hasPrefix("Keep it whole"))
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
