// SPDX-License-Identifier: Apache-2.0

/// Which of three answers to one request is unlike the two others: two of legacy, one extracted.
public enum OddOneOut: Sendable, Equatable {
  /// Both legacy answers agree, and the extracted one differs from each.
  case extracted
  /// The extracted answer agrees with legacy's second one, and the first differs from each.
  case legacy
  /// All three differ, or in other ways.
  case volatile

  var sides: OddSides {
    switch self {
    case .extracted: .extracted
    case .legacy: .legacy
    case .volatile: []
    }
  }
}

/// How sure we are about a path-kind.
public enum NoiseLabel: String, Sendable, CaseIterable, Comparable {
  /// Evidence of 1,000 or more: the sides behave differently. At most one in 1,000 noisy
  /// path-kinds is ever called real, however long it is watched.
  case real
  /// Evidence of 20 or more.
  case likely
  /// Not enough evidence; always shown.
  case undecided
  /// Looks like noise. A proposal for somebody to approve, never hidden by itself.
  case noiseProposed = "noise-proposed"

  /// Orders from the most to the least alarming.
  public static func < (left: NoiseLabel, right: NoiseLabel) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .real: 0
    case .likely: 1
    case .undecided: 2
    case .noiseProposed: 3
    }
  }
}

/// What the triples of one path-kind add up to.
///
/// While a difference is noise, the extracted answer and legacy's first one are exchangeable, so
/// "extracted is odd" and "legacy is odd" are a fair coin. The evidence is a bet against that coin,
/// mixed over four strengths; it may be looked at after every triple.
public struct NoiseEvidence: Sendable, Equatable {
  /// Triples in which the extracted answer was odd.
  public private(set) var extractedOdd = 0
  /// Triples in which legacy's first answer was odd.
  public private(set) var legacyOdd = 0
  /// Triples that all differed.
  public private(set) var volatile = 0
  /// True once the evidence has reached 1,000; the proof covers every moment, so it stays.
  public private(set) var hasBeenReal = false

  private static let strengths = [0.6, 0.75, 0.9, 0.99]
  private static let real = Real.ln(1_000)
  private static let likely = Real.ln(20)

  /// Creates evidence without triples.
  public init() {}

  /// Takes up evidence that was stored.
  package init(extractedOdd: Int, legacyOdd: Int, volatile: Int, hasBeenReal: Bool) {
    self.extractedOdd = extractedOdd
    self.legacyOdd = legacyOdd
    self.volatile = volatile
    self.hasBeenReal = hasBeenReal
  }

  /// Adds what was found elsewhere about the same path-kind. The bets are on the counts alone, so
  /// the sum is evidence as if all triples had come here.
  mutating func merge(_ other: NoiseEvidence) {
    extractedOdd += other.extractedOdd
    legacyOdd += other.legacyOdd
    volatile += other.volatile
    hasBeenReal = hasBeenReal || other.hasBeenReal || lnEvidence >= Self.real
  }

  /// Files one triple.
  public mutating func add(_ triple: OddOneOut) {
    switch triple {
    case .extracted: extractedOdd += 1
    case .legacy: legacyOdd += 1
    case .volatile: volatile += 1
    }
    if lnEvidence >= Self.real { hasBeenReal = true }
  }

  /// Number of triples.
  public var triples: Int { extractedOdd + legacyOdd + volatile }

  /// Natural logarithm of the evidence; 0 means none either way.
  public var lnEvidence: Double {
    let bets = Self.strengths.map { strength in
      Double(extractedOdd) * Real.ln(2 * strength)
        + Double(legacyOdd) * Real.ln(2 * (1 - strength))
    }
    return Real.lnSum(bets) - Real.ln(Double(bets.count))
  }

  /// What to call the path-kind now.
  public var label: NoiseLabel {
    if hasBeenReal { return .real }
    if lnEvidence >= Self.likely { return .likely }
    if volatile >= 20, 10 * volatile >= 9 * triples { return .noiseProposed }
    let decided = extractedOdd + legacyOdd
    if decided >= 30, 10 * extractedOdd < 6 * decided, lnEvidence < 0 { return .noiseProposed }
    return .undecided
  }

  /// Evidence from which on a difference counts without being asked about, divided by the number of
  /// path-kinds that are watched: among all of them one that is noise gets there once in thousands
  /// of runs, so that a gate's bound stays what it says.
  private static let certain = 10_000.0

  /// The difference is real beyond a doubt, also as one of so many that are watched.
  func isCertain(among pathKinds: Int) -> Bool {
    label == .real && lnEvidence >= Real.ln(Self.certain * Double(max(1, pathKinds)))
  }
}
