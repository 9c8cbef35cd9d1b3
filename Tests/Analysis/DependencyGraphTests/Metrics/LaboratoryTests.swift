// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DependencyGraph

/// Every metric and variant on a graph that is small enough to compute by hand:
///
///     a -> b 3 times, b -> a once, c -> d twice, a -> c 4 times, d -> b once; c calls itself twice
///
/// with {a, b} and {c, d} as services.
@Suite struct LaboratoryTests {
  private static let graph = ItemGraph(links: [
    ("a", "b", 3), ("b", "a", 1), ("c", "d", 2), ("a", "c", 4), ("d", "b", 1), ("c", "c", 2),
  ])
  private let division = MeasuredDivision(graph, Partition([0, 0, 1, 1]))
  private let ln: (Double) -> Double = naturalLogarithm

  private func isClose(_ value: Double?, _ expected: Double) -> Bool {
    value.map { abs($0 - expected) < 1e-12 } ?? false
  }

  @Test func structuralModularity() {
    // Inside (2/4 + 1/4) / 2; between 2 links over 2 * 2 * 2.
    #expect(isClose(division.structuralModularity(), 0.375 - 0.25))
    #expect(isClose(division.structuralModularity(.fse), 0.375 - 0.5))
    let one = MeasuredDivision(Self.graph, Partition([0, 0, 0, 0]))
    #expect(isClose(one.structuralModularity(), 5.0 / 16))
  }

  @Test func `who asks for one publication gets each metric once`() {
    let laboratory = MetricLaboratory(Self.graph, ["a": "1", "b": "1", "c": "2", "d": "2"])
    for variant in MetricVariant.allCases {
      let metrics = laboratory.measurements(variant)
      #expect(Set(metrics.map(\.metric)).count == metrics.count, "\(variant)")
      #expect(metrics.contains { $0.variant == variant } && metrics.contains { $0.variant == nil })
    }
    #expect(laboratory.measurements().count { $0.metric == "structural-modularity" } == 2)
  }

  @Test func turboMQCohesionAndCoupling() {
    // In weights: inside 4 and 2, border 5 for both.
    #expect(isClose(division.turboMQ, 8.0 / 13 + 4.0 / 9))
    // In links: inside 2 and 1, border 2.
    #expect(isClose(division.cohesion, (4.0 / 6 + 2.0 / 4) / 2))
    #expect(isClose(division.coupling, 5.0 / 11))
  }

  @Test func constantPotts() {
    #expect(isClose(division.constantPotts(resolution: 0.5), 6 - 0.5 * 2))
  }

  @Test func interCallPercentage() {
    let crossing = 2 + ln(4)
    let all = 5 + ln(3) + ln(2) + ln(4)
    #expect(isClose(division.interCallPercentage(.fse), crossing / all))
    // Without d, whose calls are the program's start, and c -> d with it.
    let entry = division.interCallPercentage(.fse, entry: [3])
    #expect(isClose(entry, (1 + ln(4)) / (3 + ln(3) + ln(4))))
    #expect(isClose(division.interCallPercentage(.cargo), 5.0 / 11))
    let withSelf = ln(4) + ln(2) + ln(3) + ln(5) + ln(2) + ln(3)
    #expect(isClose(division.interCallPercentage(.rldec), (ln(5) + ln(2)) / withSelf))
    #expect(division.interCallPercentage(.chgnn) == nil)
  }

  @Test func interfaceNumber() {
    // Pairs a-c and b-d; called from outside are c and b; each side is tied to two items outside.
    #expect(isClose(division.interfaceNumber(.fse), 1))
    #expect(isClose(division.interfaceNumber(.rldec), 1))
    #expect(isClose(division.interfaceNumber(.chgnn), 1))
    #expect(division.interfaceNumber(.cargo) == nil)
  }

  @Test func nonExtremeDistribution() {
    let items = ItemGraph(links: [], items: Set((0..<28).map { "\(100 + $0)" }))
    // Services of 20, 5 and 3 items; the mean is 9.33.
    let sizes = MeasuredDivision(
      items, Partition((0..<28).map { $0 < 20 ? 0 : $0 < 25 ? 1 : 2 }))
    #expect(isClose(sizes.nonExtremeDistribution(.fse), 3.0 / 28))
    #expect(isClose(sizes.nonExtremeDistribution(.rldec), 2.0 / 3))
    #expect(isClose(sizes.nonExtremeDistribution(.chgnn), 5.0 / 28))
    #expect(sizes.nonExtremeDistribution(.cargo) == nil)
  }

  @Test func businessContextPurity() {
    let uses = [("x", "a"), ("x", "b"), ("y", "a"), ("y", "c"), ("z", "nobody")]
      .map { (useCase: $0.0, item: $0.1) }
    // Two use cases touch {a, b}, one {c, d}; of the three touches of {a, b} two are x.
    #expect(isClose(division.businessContextPurity(.fse, useCases: uses), ln(2) / 2))
    let entropy = ln(3) - 2.0 / 3 * ln(2)
    #expect(isClose(division.businessContextPurity(.cargo, useCases: uses), entropy / 2))
    #expect(division.businessContextPurity(.rldec, useCases: uses) == nil)
  }

  @Test func databaseTransactionPurity() {
    let accesses = [("a", "orders"), ("b", "orders"), ("a", "stock"), ("c", "stock")]
      .map { (item: $0.0, table: $0.1) }
    #expect(isClose(division.databaseTransactionPurity(accesses: accesses), 1 - ln(2) / 2))
    #expect(division.databaseTransactionPurity(accesses: []) == 1)
  }

  @Test func instabilityAndDistance() {
    // {a, b} uses c and is used by d; so does the other side the other way round.
    #expect(division.instability == [0.5, 0.5])
    #expect(division.distance { $0 == 0 } == [0, 0.5])
  }

  @Test func mutualInformation() {
    let first = Partition([0, 0, 1, 1])
    #expect(isClose(first.normalisedMutualInformation(with: first), 1))
    #expect(isClose(first.normalisedMutualInformation(with: Partition([0, 1, 0, 1])), 0))
    // Entropies ln 2 and 1.5 ln 2, shared ln 2.
    let finer = first.normalisedMutualInformation(with: Partition([0, 0, 1, 2]))
    #expect(isClose(finer, 2 / 2.5))
    #expect(Partition([0, 0]).normalisedMutualInformation(with: Partition([0, 0])) == 1)
  }

  @Test func architectureSimilarity() {
    let first = ["a": "x", "b": "x", "c": "y"]
    #expect(NamedDivisions(first, first).a2a == 100)
    // One cluster fewer and one move; both together build 2 + 6 + 1 + 6.
    let joined = ["a": "z", "b": "z", "c": "z"]
    #expect(isClose(NamedDivisions(first, joined).a2a, 100 * (1 - 2.0 / 15)))
    // d is added and moved: 2 of 2 + 6 + 2 + 8.
    let more = ["a": "x", "b": "x", "c": "y", "d": "y"]
    #expect(isClose(NamedDivisions(first, more).a2a, 100 * (1 - 2.0 / 18)))
    #expect(NamedDivisions([:], [:]).a2a == 100)
  }

  @Test func assignmentBeatsTheGreedyChoice() {
    func best(_ table: [[Int]]) -> Int {
      Assignment.best(
        table.map { row in
          row.enumerated().filter { $0.element > 0 }.map { (column: $0.offset, value: $0.element) }
        }, columnCount: table.first?.count ?? 0)
    }
    #expect(best([[5, 4], [4, 1]]) == 8)
    #expect(best([[1, 2, 3]]) == 3)
    #expect(best([[7], [9], [8]]) == 9)
    #expect(best([]) == 0)
    // Every way to pair three with four, beside what the search finds.
    let seed: UInt64 = 11
    var random = SeededRandom(seed: seed)
    for _ in 0..<50 {
      let table = (0..<3).map { _ in (0..<4).map { _ in Int(random.next() % 5) } }
      var most = 0
      for code in 0..<64 {
        let columns = [code % 4, code / 4 % 4, code / 16]
        guard Set(columns).count == 3 else { continue }
        most = max(most, columns.enumerated().reduce(0) { $0 + table[$1.offset][$1.element] })
      }
      #expect(best(table) == most, "seed \(seed): \(table)")
    }
  }
}
