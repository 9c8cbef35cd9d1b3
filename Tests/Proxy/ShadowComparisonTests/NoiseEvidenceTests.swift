// SPDX-License-Identifier: Apache-2.0

import ShadowComparison
import Testing

struct NoiseEvidenceTests {
  private func evidence(extracted: Int = 0, legacy: Int = 0, volatile: Int = 0) -> NoiseEvidence {
    var evidence = NoiseEvidence()
    for _ in 0..<legacy { evidence.add(.legacy) }
    for _ in 0..<extracted { evidence.add(.extracted) }
    for _ in 0..<volatile { evidence.add(.volatile) }
    return evidence
  }

  /// ln of the mean of (2 th)^e (2 (1 - th))^s over th = 0.6, 0.75, 0.9, 0.99.
  @Test(arguments: [
    (0, 0, 0.0), (1, 0, 0.482426), (0, 1, -0.967584), (10, 0, 5.819334), (10, 5, -0.013795),
  ])
  func followsTheFormula(_ row: (Int, Int, Double)) {
    let value = evidence(extracted: row.0, legacy: row.1).lnEvidence
    #expect(abs(value - row.2) < 1e-5, "\(value)")
  }

  @Test func labelsChangeAtTheirThresholds() {
    #expect(evidence(extracted: 5).label == .undecided)
    #expect(evidence(extracted: 6).label == .likely)
    #expect(evidence(extracted: 11).label == .likely)
    #expect(evidence(extracted: 12).label == .real)
    #expect(evidence(volatile: 19).label == .undecided)
    #expect(evidence(volatile: 20).label == .noiseProposed)
    #expect(evidence(legacy: 3, volatile: 20).label == .undecided)
    #expect(evidence(extracted: 14, legacy: 15).label == .undecided)
    #expect(evidence(extracted: 15, legacy: 15).label == .noiseProposed)
  }

  @Test func realStaysReal() {
    var evidence = evidence(extracted: 12)
    for _ in 0..<50 { evidence.add(.legacy) }
    #expect(evidence.label == .real)
  }

  /// A difference that appears tells at once; noise does not for long, and what a release does to a
  /// noisy place comes through.
  @Test func lastTriplesTell() {
    func telling(_ triples: [OddOneOut]) -> [OddSides] {
      var evidence = ShadowEvidence()
      let comparison = Comparison(path: "total")
      _ = evidence.record(comparison, endpoint: "e", draw: 0.5)
      return triples.map { triple in
        evidence.recordTriples([comparison.differences[0].pathKind: triple], endpoint: "e").telling
      }
    }
    #expect(telling([.extracted, .volatile, .extracted]) == [.extracted, [], .extracted])
    let coin = Array(repeating: [OddOneOut.extracted, .legacy], count: 50).flatMap(\.self)
    #expect(telling(coin).prefix(2) == [.extracted, .legacy])
    #expect(telling(coin).filter { !$0.isEmpty }.count <= 3)
    let wrong = telling(coin + Array(repeating: .extracted, count: 12)).suffix(12)
    #expect(Array(wrong) == Array(repeating: [], count: 10) + [.extracted, .extracted])
  }

  @Test func neverOverflows() {
    #expect(evidence(extracted: 100_000).lnEvidence.isFinite)
    #expect(evidence(legacy: 100_000).lnEvidence.isFinite)
  }
}

struct MatchRateTests {
  @Test(arguments: [
    (1_000, 1_000, 0.9930, 1.0), (9_990, 10_000, 0.9972, 0.9998), (0, 1_000, 0.0, 0.0070),
  ])
  func intervalIsAnyTimeValid(_ row: (Int, Int, Double, Double)) {
    let interval = MatchRate(matched: row.0, total: row.1).interval()
    #expect(abs(interval.lowerBound - row.2) < 0.00006, "\(interval)")
    #expect(abs(interval.upperBound - row.3) < 0.00006, "\(interval)")
  }

  @Test func withoutDataEverythingIsPossible() {
    #expect(MatchRate(matched: 0, total: 0).interval() == 0...1)
    #expect(MatchRate(matched: 0, total: 0).observed == nil)
  }

  @Test func narrowsWithDataAndHoldsTheObservedRate() {
    var width = 1.0
    for total in [10, 100, 1_000, 10_000] {
      let rate = MatchRate(matched: total * 9 / 10, total: total)
      let interval = rate.interval()
      #expect(interval.contains(0.9))
      #expect(interval.upperBound - interval.lowerBound < width)
      width = interval.upperBound - interval.lowerBound
    }
  }
}
