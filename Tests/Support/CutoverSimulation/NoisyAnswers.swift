// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
internal import ShadowComparison

/// Answers of two sides that carry noise in every one of them, compared as a proxy does, with real
/// evidence. Each answer is a number at each place, drawn anew.
package struct NoisyAnswers: Sendable {
  /// How often a place has its second number, of a thousand answers; nil is another number each
  /// time, as a request's id is.
  private static let places: [Int?] = [nil, 500, 300, 300, 100, 100, 50]
  private static let endpoint = "GET /orders/{id}"
  private static let total = PathKind(path: ResponsePath("total"), kind: .value)

  /// Share of the extracted side's answers that are wrong at one place more.
  package var rate: Double
  private var random: SimulatedRandom
  private var evidence: ShadowEvidence

  /// - Parameter askedAgain: share of comparisons about which legacy may be asked again.
  package init(seed: UInt64, rate: Double, askedAgain: Double = 0.05) {
    self.rate = rate
    evidence = ShadowEvidence(limits: EvidenceLimits(reaskShare: askedAgain))
    random = SimulatedRandom(seed: seed)
  }

  private mutating func answer() -> [UInt64] {
    Self.places.map { share in
      guard let share else { return random.next() }
      return random.next() % 1_000 < UInt64(share) ? 1 : 0
    }
  }

  /// Compares both sides' answers to one request.
  package mutating func compare() -> CompareCounts {
    let (legacy, extracted) = (answer(), answer())
    let isWrong = random.unit() < rate
    var differing = zip(legacy, extracted).enumerated().filter { $1.0 != $1.1 }.map { index, _ in
      Self.pathKind(index)
    }
    if isWrong { differing.append(Self.total) }
    let decision = evidence.record(
      Comparison(
        outcome: differing.isEmpty ? .matched : .mismatched,
        differences: differing.map { Difference(pathKind: $0, legacy: nil, extracted: nil) },
        ignored: [], unlisted: 0),
      endpoint: Self.endpoint, draw: random.unit())
    switch decision {
    case .done: return CompareCounts(compared: 1)
    case .known: return CompareCounts(compared: 1, odd: .init(extracted: 1))
    case .undecided, .unfiled: return CompareCounts(undecided: 1)
    case .askLegacyAgain: break
    }
    let again = answer()
    var triples: [PathKind: OddOneOut] = [:]
    for index in Self.places.indices where legacy[index] != extracted[index] {
      triples[Self.pathKind(index)] =
        again[index] == legacy[index]
        ? .extracted : again[index] == extracted[index] ? .legacy : .volatile
    }
    if isWrong { triples[Self.total] = .extracted }
    let filed = evidence.recordTriples(triples, endpoint: Self.endpoint)
    if filed.isOpen { return CompareCounts(undecided: 1) }
    return CompareCounts(
      compared: 1, odd: CompareCounts.Sides(filed.odd), telling: CompareCounts.Sides(filed.telling))
  }

  private static func pathKind(_ place: Int) -> PathKind {
    PathKind(path: ResponsePath("place\(place)"), kind: .value)
  }
}

extension CompareCounts.Sides {
  fileprivate init(_ sides: OddSides) {
    self.init(
      extracted: sides.contains(.extracted) ? 1 : 0, legacy: sides.contains(.legacy) ? 1 : 0)
  }
}
