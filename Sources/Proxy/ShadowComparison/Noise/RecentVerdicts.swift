// SPDX-License-Identifier: Apache-2.0

/// Whether a path-kind tells anything about whose doing its differences are, by what its last
/// triples said.
///
/// Where answers carry noise, either side is odd equally often. Counted together that says nothing
/// and buries what does: where noise makes each side odd in 400 of 1,000 comparisons, twenty wrong
/// answers are not seen. So the mismatch gate leaves out a path-kind while its last triples speak
/// for noise.
///
/// **Why its bound stays.** What is left out depends on earlier triples alone. Given those, either
/// side is as likely to be the odd one of the next triple, as long as both answer alike; so what is
/// counted is a fair coin like what is not. Data that moves on between the two questions, such as
/// a counter, makes legacy's first answer the odd one and never the extracted one: that is no fair
/// coin, and errs on the side of no rollback.
struct RecentVerdicts: Sendable, Equatable {
  /// Above zero where the extracted answer was the odd one clearly more often than legacy's.
  private var standing = 0

  /// What a triple adds: a difference that is no noise rises, also with some noise beside it; a
  /// fair coin sinks by one a triple. About the logarithms of 2 * 0.75 and 2 * 0.25, as a bet on
  /// three of four has them.
  private static let rise = 3
  private static let fall = 5
  /// From the lowest standing ten triples in a row lead back, so that noise of years does not hide
  /// what a release does today.
  private static let range = -30...30

  /// New ones do, and those that have not spoken for noise lately.
  var tells: Bool { standing >= 0 }

  mutating func add(_ triple: OddOneOut) {
    let step =
      switch triple {
      case .extracted: Self.rise
      case .legacy: -Self.fall
      case .volatile: 0
      }
    standing = min(max(standing + step, Self.range.lowerBound), Self.range.upperBound)
  }
}

/// Sides that were unlike the two other answers somewhere.
public struct OddSides: OptionSet, Sendable, Hashable {
  /// One bit for each side.
  public let rawValue: UInt8

  /// The extracted answer.
  public static let extracted = OddSides(rawValue: 1)
  /// Legacy's first answer.
  public static let legacy = OddSides(rawValue: 2)

  /// Creates sides.
  public init(rawValue: UInt8) { self.rawValue = rawValue }
}

/// What the triples of one request hold against the sides. Approved noise is no part of it.
public struct FiledTriples: Sendable, Equatable {
  /// Sides that are odd somewhere.
  public var odd: OddSides = []
  /// Sides that are odd where former triples do not speak for noise: what the mismatch gate counts.
  public var telling: OddSides = []
  /// All three answers differ wherever they do: nobody knows whose doing that is.
  public var isOpen = false

  /// Creates triples that hold nothing against anybody.
  public init() {}
}
