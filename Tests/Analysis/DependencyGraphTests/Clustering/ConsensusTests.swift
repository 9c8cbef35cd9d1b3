// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DependencyGraph

@Suite struct ConsensusTests {
  private static let runs = [
    Partition([0, 0, 0, 1, 1, 1]), Partition([0, 0, 0, 1, 1, 1]), Partition([0, 0, 1, 1, 2, 2]),
    Partition([0, 0, 1, 1, 1, 1]),
  ]

  @Test func followsTheMajority() {
    // Node 2 stands with 0 and 1 in two of four runs, with 3 in the two others: the tie goes to the
    // pair that was joined closest.
    let majority = Consensus(Self.runs).majority()
    #expect(majority[0] == majority[1])
    #expect(majority[3] == majority[4] && majority[4] == majority[5])
    #expect(majority[0] != majority[3])
  }

  /// Nodes 0 and 1 share a community in 3 of 4 runs, 1 and 2 in 2, 0 and 2 in one. Single linkage
  /// would join all three; the average of 2 and 1 of 4 is below one half.
  @Test func joinsByAverageLinkage() {
    let runs = [
      Partition([0, 0, 1]), Partition([0, 0, 1]), Partition([0, 0, 0]), Partition([0, 1, 1]),
    ]
    #expect(Consensus(runs).majority() == Partition([0, 0, 1]))
  }

  @Test func agreeingRunsAreTheirOwnConsensus() {
    let runs = [Partition](repeating: Self.runs[2], count: 3)
    #expect(Consensus(runs).majority() == Self.runs[2])
  }

  /// Above the limit only neighbours are compared. Clusters come out alike; a node that stands with
  /// its companions in half of the runs may join them early in the one order and stay out in the
  /// other.
  @Test func largeConsensusIsLikeTheDenseOne() {
    let seed: UInt64 = 5
    var random = SeededRandom(seed: seed)
    let small = (0..<9).map { _ in
      Partition((0..<300).map { Int32($0 / 30 * 2 + (random.unit() < 0.2 ? 1 : 0)) })
    }
    let dense = Consensus(small).majority()
    // The same runs, and so many nodes on their own that the large form is taken.
    let large = small.map { run in
      Partition(run.labels + (0..<Consensus.denseLimit).map { Int32(1_000 + $0) })
    }
    let sparse = Consensus(large).majority()
    let alike = Partition(sparse.labels.prefix(300)).adjustedRandIndex(with: dense)
    #expect(alike >= 0.97, "seed \(seed)")
  }

  @Test func largeConsensusJoinsAtHalf() {
    let count = Consensus.denseLimit + 10
    let typical = Partition((0..<count).map { Int32($0 / 2) })
    let odd = Partition((0..<count).map { Int32(($0 + 1) / 2) })
    let consensus = Consensus([odd, typical, Partition(singletons: count), typical])
    #expect(consensus.majority() == typical)
  }

  /// 1 stands with 0 in three of four runs and with 2 in one, but is held with 2: of the pairs
  /// between 0 and both, less than half are together on average.
  @Test(arguments: [0, Consensus.denseLimit])
  func whatIsHeldIsComparedAsOne(others: Int) {
    func partition(_ labels: [Int32]) -> Partition {
      Partition(labels + (0..<others).map { Int32(10 + $0) })
    }
    let votes = [[0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 1, 1]].map {
      Consensus.Vote(partition: partition($0), weight: 0.25)
    }
    #expect(Consensus(votes).majority() == partition([0, 0, 1]))
    let held = Consensus(votes, held: partition([0, 1, 1]))
    #expect(held.majority() == partition([0, 1, 1]))
  }

  @Test func rulesHoldApartWhatRunsAgreeOn() {
    let runs = [Partition](repeating: Partition([0, 0, 0, 1, 1, 1]), count: 4)
    let majority = Consensus(runs).majority(
      agreement: 0.5, from: Partition([0, 1, 2, 3, 4, 0]),
      mayJoin: { first, second in !(first + second).contains(1) || !(first + second).contains(2) })
    // 0 and 5 must be one; 1 and 2 may not meet, so 2 comes to nobody who has 1.
    #expect(majority == Partition([0, 0, 1, 0, 0, 0]))
  }

  @Test func stabilityIsTheShareOfCompanionsThatStay() {
    let runs = ResampledRuns(partitions: Self.runs)
    let stability = runs.stability(in: Self.runs[0])
    // Node 0: companions 1 and 2 stay in 2, 2, 1 and 1 cases of two.
    #expect(stability[0] == 0.75)
    #expect(stability[2] == 0.5)
    let last: Double = (1 + 1 + 0.5 + 1) / 4
    #expect(stability[5] == last)
    // First community: 1, 1, 2/3, 2/3.
    let jaccard = runs.jaccard(of: Self.runs[0])
    #expect(jaccard.count == 2)
    #expect(abs(jaccard[0] - 10.0 / 12) < 1e-12)
    #expect(ResampledRuns(partitions: [Self.runs[0]]).agreement(with: Self.runs[0]) == 1)
  }

  @Test func `a node keeps its place with most of its companions, whoever else stands there`() {
    let halves = Partition([0, 0, 0, 1, 1, 1])
    func kept(_ labels: [Int32]) -> [Double] {
      ResampledRuns(partitions: [Partition(labels)]).persistence(in: halves)
    }
    #expect(kept([0, 0, 0, 1, 1, 1]) == [1, 1, 1, 1, 1, 1])
    // Joined or cut into pieces, nobody has changed sides.
    #expect(kept([0, 0, 0, 0, 0, 0]) == [1, 1, 1, 1, 1, 1])
    #expect(kept([0, 0, 1, 2, 2, 3]) == [1, 1, 0, 1, 1, 0])
    // One that goes over, and one that goes off alone.
    #expect(kept([0, 0, 1, 1, 1, 1]) == [1, 1, 0, 1, 1, 1])
    #expect(kept([0, 1, 1, 2, 2, 2]) == [0, 1, 1, 1, 1, 1])
    let both = [Partition([0, 0, 1, 1, 1, 1]), halves]
    #expect(ResampledRuns(partitions: both).persistence(in: halves)[2] == 0.5)
    #expect(
      ResampledRuns(partitions: [halves]).persistence(in: Partition([0, 1, 1, 2, 2, 2]))[0] == 1)
  }

  @Test func largeGraphsGetFewerRuns() {
    #expect(WalkClusterer.memberCount(edges: 1_000, wanted: 32) == 32)
    #expect(
      WalkClusterer.memberCount(edges: 10_000_000, wanted: 32) == WalkClusterer.leastMembers)
  }
}
