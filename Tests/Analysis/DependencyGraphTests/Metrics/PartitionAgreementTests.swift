// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Testing

@Suite struct PartitionAgreementTests {
  @Test func adjustedRandIndexAgreesWithHandComputation() {
    let first = Partition([0, 0, 0, 1, 1, 1])
    let second = Partition([0, 0, 1, 1, 2, 2])
    // Pairs together in both 2; 6 and 3 of 15: expected 1.2, highest 4.5.
    #expect(abs(first.adjustedRandIndex(with: second) - 0.8 / 3.3) < 1e-12)
    #expect(first.adjustedRandIndex(with: first) == 1)
    #expect(Partition([5, 5, 9]) == Partition([1, 1, 0]))
  }

  @Test func trivialDivisionsAgree() {
    #expect(Partition([]).adjustedRandIndex(with: Partition([])) == 1)
    #expect(Partition([0]).adjustedRandIndex(with: Partition([3])) == 1)
    let alone = Partition(singletons: 4)
    #expect(alone.adjustedRandIndex(with: alone) == 1)
    #expect(alone.adjustedRandIndex(with: Partition([0, 0, 0, 0])) == 0)
  }

  @Test func mojoCountsMovesAndJoins() {
    let truth = Partition([0, 0, 0, 1, 1, 1])
    #expect(truth.mojoFM(to: truth) == 100)
    // One move of the farthest 6 - 2 = 4.
    #expect(Partition([0, 0, 1, 1, 1, 1]).mojoFM(to: truth) == 75)
    // Two joins: {0,1} and {2}, {3,4} and {5}.
    #expect(Partition([0, 0, 1, 2, 2, 3]).mojoFM(to: truth) == 50)
    // Crossing pairs: tags tie, and the matching gives each community its own target.
    #expect(Partition([0, 1, 0, 1]).mojoFM(to: Partition([0, 0, 1, 1])) == 0)
    #expect(Partition(singletons: 1).mojoFM(to: Partition(singletons: 1)) == 100)
  }

  /// Every value published with the reference implementation's test data (see
  /// fixtures/graphs/README.md).
  @Test(arguments: ["expected_httpd_acdc.txt", "expected_httpd_arc.txt"])
  func mojoMatchesPublishedValues(file: String) throws {
    let words = try ReferenceGraphs.text("mojo/\(file)").split { $0 == "," || $0.isNewline }
      .dropFirst().map(String.init)
    #expect(words.count == 12)
    for index in stride(from: 0, to: words.count, by: 3) {
      let expected = try #require(Double(words[index + 2]))
      let first = try ReferenceGraphs.clustering("mojo/\(words[index])")
      let second = try ReferenceGraphs.clustering("mojo/\(words[index + 1])")
      let common = first.keys.filter { second[$0] != nil }.sorted()
      let sizes = Dictionary(grouping: second.values) { $0 }.values.map(\.count)
      let value = try ReferenceGraphs.partition(common, first)
        .mojoFM(to: ReferenceGraphs.partition(common, second), fullTruthSizes: sizes)
      #expect(abs(value - expected) < 0.005, "\(words[index]) \(words[index + 1]): \(value)")
    }
  }
}
