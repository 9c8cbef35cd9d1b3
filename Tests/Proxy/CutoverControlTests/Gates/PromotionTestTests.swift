// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import Testing

@Suite("Promotion test")
struct PromotionTestTests {
  /// Requests of the extracted side without a bad one until it is proved.
  private func needed(tolerance: Double, baseline: Baseline = .concurrentLegacy) -> Int {
    var test = PromotionTest(tolerance: tolerance)
    while !test.isProved {
      test.judge(BlockCounts(legacy: 19, extracted: 1), against: baseline)
    }
    return test.judged
  }

  @Test(
    "Without any bad request it takes what the design's table says",
    arguments: [(0.001, 4_234), (0.002, 2_114), (0.005, 845), (0.01, 422)])
  func faultless(tolerance: Double, requests: Int) {
    // The table was made with a second's requests at a time, hence up to some more.
    let needed = needed(tolerance: tolerance)
    #expect((requests - requests / 200 - 2...requests).contains(needed), "\(needed)")
  }

  @Test("Against a ceiling it proves to be below the ceiling")
  func ceiling() {
    #expect(needed(tolerance: 0.001, baseline: .ceiling(0.02)) < 422)
    var test = PromotionTest(tolerance: 0.001)
    for _ in 0..<10_000 {
      test.judge(BlockCounts(extracted: 100, extractedBad: 2), against: .ceiling(0.02))
    }
    #expect(!test.isProved)
  }

  @Test("The first bad request ends the bet on none at all, for good")
  func lostBet() {
    var test = PromotionTest(tolerance: 0.005)
    test.judge(BlockCounts(legacy: 950, extracted: 50, extractedBad: 1), against: .concurrentLegacy)
    #expect(test.worth[0] == 0)
    for _ in 0..<1_000 {
      test.judge(BlockCounts(legacy: 950, extracted: 50), against: .concurrentLegacy)
    }
    #expect(test.worth[0] == 0)
    #expect(test.isProved)
  }

  @Test("A shared incident neither proves nor disproves much")
  func incident() {
    var test = PromotionTest(tolerance: 0.005)
    for _ in 0..<300 {
      test.judge(
        BlockCounts(legacy: 95, legacyBad: 30, extracted: 5, extractedBad: 3),
        against: .concurrentLegacy)
    }
    #expect(!test.isProved)
  }

  @Test("An incident of thousands of requests within one block leaves numbers, and a lost bet lost")
  func largeIncident() {
    var test = PromotionTest(tolerance: 0.005)
    test.judge(
      BlockCounts(legacy: 50_000, legacyBad: 15_000, extracted: 50_000, extractedBad: 15_000),
      against: .concurrentLegacy)
    #expect(test.worth.allSatisfy { $0.isFinite })
    #expect(test.worth[0] == 0)
    #expect(!test.evidence.isNaN)
  }

  @Test("What a breaker keeps away counts against a promotion")
  func keptAway() {
    var test = PromotionTest(tolerance: 0.005)
    for _ in 0..<1_000 {
      test.judge(
        BlockCounts(legacy: 90, legacyBad: 1, extractedKeptAway: 10), against: .concurrentLegacy)
    }
    #expect(test.evidence < 1e-9)
    #expect(test.judged == 0)
  }

  @Test("It goes on where it was")
  func restore() throws {
    var test = PromotionTest(tolerance: 0.005)
    test.judge(BlockCounts(legacy: 950, extracted: 50), against: .concurrentLegacy)
    let restored = PromotionTest(tolerance: 0.005, worth: test.worth, judged: test.judged)
    #expect(restored == test)
    #expect(PromotionTest(tolerance: 0.005, worth: [1], judged: 0) == nil)
  }
}
