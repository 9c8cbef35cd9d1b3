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

  /// Values published with the reference implementation's test data (see
  /// fixtures/graphs/README.md).
  @Test(arguments: [
    ("httpd-2.4.7_acdc_clustered", "httpd-2.3.8_acdc_clustered", 93.59),
    ("httpd-2.4.10_acdc_clustered", "httpd-2.4.7_acdc_clustered", 99.42),
    (
      "httpd-2.4.7_46_topics_70_arc_clusters", "httpd-2.3.8_46_topics_71_arc_clusters", 74.52
    ),
    (
      "httpd-2.4.10_46_topics_71_arc_clusters", "httpd-2.4.7_46_topics_70_arc_clusters", 94.2
    ),
  ])
  func mojoMatchesPublishedValues(from: String, to: String, expected: Double) throws {
    let first = try ReferenceGraphs.clustering("mojo/\(from).rsf")
    let second = try ReferenceGraphs.clustering("mojo/\(to).rsf")
    let common = first.keys.filter { second[$0] != nil }.sorted()
    let sizes = Dictionary(grouping: second.values) { $0 }.values.map(\.count)
    let value = try ReferenceGraphs.partition(common, first)
      .mojoFM(to: ReferenceGraphs.partition(common, second), fullTruthSizes: sizes)
    #expect(abs(value - expected) < 0.005, "\(value)")
  }
}
