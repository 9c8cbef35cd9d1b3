// SPDX-License-Identifier: Apache-2.0

import ShadowComparison
import Testing

/// Two sides that answer alike, with noise of every sort: nothing of it is anybody's fault.
@Suite(.timeLimit(.minutes(2)))
struct EqualSidesTests {
  enum Noise: String, CaseIterable {
    /// Another text in each answer, and none in some: a difference of value or of type.
    case valueOrNull
    case valueOrAbsent
    /// Shuffled, with another element in some: a difference of order or of value.
    case orderOrValue
    /// A number that wobbles by more than is tolerated, or less.
    case beyondTolerance
    /// A number with and without a zero at its end, and another one in some.
    case formatOrValue
    /// More places than are listed.
    case manyPlaces
    /// Legacy answers the second question of each request with 429.
    case limitedRate
  }

  private static func body(_ noise: Noise, _ random: inout SeededRandom) -> String {
    let isRare = Int.random(in: 0..<10, using: &random) < 3
    switch noise {
    case .valueOrNull: return "{\"hint\":\(isRare ? "null" : "\"\(random.next())\"")}"
    case .valueOrAbsent: return isRare ? "{}" : "{\"hint\":\"\(random.next())\"}"
    case .orderOrValue:
      var items = ["1", "2", "3"].shuffled(using: &random)
      if isRare { items[2] = "4" }
      return "{\"top\":[\(items.joined(separator: ","))]}"
    case .beyondTolerance: return "{\"load\":\(Double.random(in: 0..<1.5, using: &random))}"
    case .formatOrValue:
      return "{\"price\":\(isRare ? "13" : Bool.random(using: &random) ? "12.5" : "12.50")}"
    case .manyPlaces:
      let members = (0..<270).map { "\"f\($0)\":\(Bool.random(using: &random))" }
      return "{\(members.joined(separator: ","))}"
    case .limitedRate: return "{\"hint\":\"\(random.next())\"}"
    }
  }

  private static func answer(
    _ noise: Noise, isSecond: Bool = false, _ random: inout SeededRandom
  ) -> ComparedResponse {
    let isRefused = isSecond && noise == .limitedRate
    return ComparedResponse(
      status: isRefused ? 429 : 200,
      headers: [.init(name: "content-type", value: "application/json")],
      body: Array((isRefused ? "{\"error\":\"slow down\"}" : body(noise, &random)).utf8))
  }

  private static func comparator(_ noise: Noise) -> ResponseComparator {
    ResponseComparator(
      rules: ComparisonRules(
        tolerances: noise == .beyondTolerance
          ? [.init(PathPattern("load"), difference: 0.5)] : []))
  }

  /// 36 runs of 400 comparisons: at one in 1,000 for each path-kind a run has a chance of a false
  /// alarm that no fair coin comes to here, with these seeds.
  @Test(arguments: Noise.allCases, 1...6 as ClosedRange<UInt64>)
  func noNoiseIsReal(_ noise: Noise, seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let comparator = Self.comparator(noise)
    var evidence = ShadowEvidence(limits: EvidenceLimits(reaskShare: 1))
    var (known, settled) = (0, 0)
    for _ in 0..<400 {
      let legacy = Self.answer(noise, &random)
      let extracted = Self.answer(noise, &random)
      let decision = evidence.record(
        comparator.compare(legacy: legacy, extracted: extracted), endpoint: "GET /things/{id}",
        draw: Double.random(in: 0..<1, using: &random))
      if decision == .known { known += 1 }
      guard decision == .askLegacyAgain else { continue }
      let triples = comparator.oddOneOut(
        legacy: legacy, extracted: extracted,
        legacyAgain: Self.answer(noise, isSecond: true, &random))
      guard let triples else { continue }
      settled += 1
      evidence.recordTriples(triples, endpoint: "GET /things/{id}")
    }
    #expect(known == 0)
    let report = evidence.report()
    #expect(report.paths(labelled: [.real]).isEmpty, "\(noise) \(seed)\n\(report.text())")
    #expect(noise == .limitedRate ? settled == 0 : settled > 20)
  }

  @Test("Who changes the first answers' places changes the verdict", arguments: Noise.allCases)
  func isSymmetric(_ noise: Noise) throws {
    var random = SeededRandom(seed: 11)
    let comparator = Self.comparator(noise)
    var verdicts = 0
    for _ in 0..<200 {
      let (one, other) = (Self.answer(noise, &random), Self.answer(noise, &random))
      let again = Self.answer(noise, &random)
      let found = try #require(
        comparator.oddOneOut(legacy: one, extracted: other, legacyAgain: again))
      let mirrored = try #require(
        comparator.oddOneOut(legacy: other, extracted: one, legacyAgain: again))
      let expected = found.mapValues { verdict -> OddOneOut in
        switch verdict {
        case .extracted: .legacy
        case .legacy: .extracted
        case .volatile: .volatile
        }
      }
      #expect(mirrored == expected)
      verdicts += found.count
    }
    #expect(verdicts > 50)
  }
}
