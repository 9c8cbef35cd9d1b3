// SPDX-License-Identifier: Apache-2.0

/// A share of users from 0 to 100 percent in steps of 0.01, held as an exact integer.
public struct Percentage: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Hundredths of a percent, 0 to 10,000; also the number of buckets the extracted side gets.
  public let hundredths: Int

  /// Nobody.
  public static let zero = Percentage(unchecked: 0)
  /// Everybody.
  public static let full = Percentage(unchecked: 10_000)

  private init(unchecked hundredths: Int) {
    self.hundredths = hundredths
  }

  /// Creates a share; nil outside 0 to 10,000.
  public init?(hundredths: Int) {
    guard (0...10_000).contains(hundredths) else { return nil }
    self.init(unchecked: hundredths)
  }

  /// Parses `25`, `0.5` or `12.34`; nil for anything else, also for more than two decimals,
  /// because rounding a share in silence would move users nobody asked to move.
  public init?(parsing text: some StringProtocol) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard
      let whole = parts.first, (1...3).contains(whole.utf8.count), let units = Self.digits(whole)
    else { return nil }
    var hundredths = units * 100
    if parts.count == 2 {
      let trimmed = parts[1].utf8.count
      guard (1...2).contains(trimmed), let decimals = Self.digits(parts[1]) else { return nil }
      hundredths += trimmed == 1 ? decimals * 10 : decimals
    }
    self.init(hundredths: hundredths)
  }

  private static func digits(_ text: some StringProtocol) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }

  /// Smaller share first.
  public static func < (left: Percentage, right: Percentage) -> Bool {
    left.hundredths < right.hundredths
  }

  /// The shortest exact form: `5`, `0.5`, `12.34`.
  public var description: String {
    let (whole, rest) = hundredths.quotientAndRemainder(dividingBy: 100)
    if rest == 0 { return "\(whole)" }
    if rest % 10 == 0 { return "\(whole).\(rest / 10)" }
    return rest < 10 ? "\(whole).0\(rest)" : "\(whole).\(rest)"
  }
}

extension Percentage: Codable {
  /// Reads hundredths of a percent; any other number is an error.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let share = Percentage(hundredths: try container.decode(Int.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected 0 to 10,000 hundredths of a percent")
    }
    self = share
  }

  /// Writes hundredths of a percent, a whole number.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hundredths)
  }
}
