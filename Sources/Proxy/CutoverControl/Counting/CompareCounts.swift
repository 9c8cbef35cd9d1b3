// SPDX-License-Identifier: Apache-2.0

/// Shadow comparisons of a route since the last ones were told.
package struct CompareCounts: Sendable, Equatable, Codable {
  /// Comparisons by the side that they are held against.
  package struct Sides: Sendable, Equatable {
    package var extracted: Int
    package var legacy: Int

    package init(extracted: Int = 0, legacy: Int = 0) {
      self.extracted = extracted
      self.legacy = legacy
    }

    fileprivate func since(_ former: Sides) -> Sides {
      Sides(
        extracted: max(0, extracted - former.extracted), legacy: max(0, legacy - former.legacy))
    }

    fileprivate static func += (left: inout Sides, right: Sides) {
      left.extracted += right.extracted
      left.legacy += right.legacy
    }
  }

  /// Comparisons.
  package var compared: Int
  /// Those in which one answer was the odd one out of three.
  package var odd: Sides
  /// Those of them in which it was so where former answers do not speak for noise.
  package var telling: Sides
  /// Those that differed and of which nobody knows whose doing that is, since legacy could not be
  /// asked again, as for a write, or told nothing by it. None of them is in `compared`.
  package var undecided: Int

  /// - Parameter telling: nil where all of what is odd is telling.
  package init(
    compared: Int = 0, odd: Sides = Sides(), telling: Sides? = nil, undecided: Int = 0
  ) {
    self.compared = compared
    self.odd = odd
    self.telling = telling ?? odd
    self.undecided = undecided
  }

  /// What came since an earlier total; all of it without one, and none where that is larger, as
  /// that of a former process is.
  package func since(_ former: CompareCounts?) -> CompareCounts {
    guard let former else { return self }
    return CompareCounts(
      compared: max(0, compared - former.compared), odd: odd.since(former.odd),
      telling: telling.since(former.telling), undecided: max(0, undecided - former.undecided))
  }

  /// What speaks for a rollback.
  ///
  /// Next to legacy it is what tells, of all comparisons: what noise makes odd is as much of either
  /// side and would only hide the rest, and where most of what differs is not asked about, those
  /// that are would look like more than they are. Beside a fixed share every odd answer counts.
  package func block(against baseline: Baseline) -> BlockCounts {
    switch baseline {
    case .concurrentLegacy: Self.block(of: compared + undecided, telling)
    case .ceiling: Self.block(of: compared, odd)
    }
  }

  /// What speaks for and against a promotion: whatever is odd, noise or not.
  var proof: BlockCounts { Self.block(of: compared, odd) }

  /// What speaks against a promotion besides: a difference that nobody could ask about may be the
  /// extracted side's fault, and has to count as that. Left out, only answers that agree would be
  /// counted.
  var doubt: BlockCounts {
    BlockCounts(
      legacy: undecided, legacyBad: 0, extracted: undecided, extractedBad: undecided)
  }

  /// Both sides answered every compared request.
  private static func block(of count: Int, _ bad: Sides) -> BlockCounts {
    BlockCounts(
      legacy: count, legacyBad: min(bad.legacy, count), extracted: count,
      extractedBad: min(bad.extracted, count))
  }

  package static func += (left: inout CompareCounts, right: CompareCounts) {
    left.compared += right.compared
    left.odd += right.odd
    left.telling += right.telling
    left.undecided += right.undecided
  }
}

// MARK: - As proxies report them

extension CompareCounts {
  private enum CodingKeys: String, CodingKey {
    case compared, extractedOdd, legacyOdd, extractedTelling, legacyTelling, undecided
  }

  /// Reports and states of former versions do not tell what is undecided or telling.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func number(_ key: CodingKeys, _ otherwise: Int) throws -> Int {
      try values.decodeIfPresent(Int.self, forKey: key) ?? otherwise
    }
    let odd = Sides(
      extracted: try values.decode(Int.self, forKey: .extractedOdd),
      legacy: try values.decode(Int.self, forKey: .legacyOdd))
    self.init(
      compared: try values.decode(Int.self, forKey: .compared), odd: odd,
      telling: Sides(
        extracted: try number(.extractedTelling, odd.extracted),
        legacy: try number(.legacyTelling, odd.legacy)),
      undecided: try number(.undecided, 0))
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(compared, forKey: .compared)
    try values.encode(odd.extracted, forKey: .extractedOdd)
    try values.encode(odd.legacy, forKey: .legacyOdd)
    try values.encode(telling.extracted, forKey: .extractedTelling)
    try values.encode(telling.legacy, forKey: .legacyTelling)
    try values.encode(undecided, forKey: .undecided)
  }
}
