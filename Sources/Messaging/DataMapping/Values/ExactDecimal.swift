// SPDX-License-Identifier: Apache-2.0

/// A decimal number of any size, by its value: 1.5 and 1.50 are one number.
package struct ExactDecimal: Sendable, Hashable, CustomStringConvertible {
  /// Largest power of ten that is read; PostgreSQL's numbers stay below it.
  private static let largestExponent = 200_000

  /// Whether it is below zero.
  package let isNegative: Bool
  /// The number without its point, as digits from 0 to 9 without leading zeros; empty for zero.
  private let digits: [UInt8]
  /// Digits behind the point, the last of which is no zero.
  package let scale: Int

  private init(isNegative: Bool, digits: [UInt8], scale: Int) {
    var (digits, scale) = (digits, scale)
    if scale < 0 {
      digits += [UInt8](repeating: 0, count: -scale)
      scale = 0
    }
    while scale > 0, digits.last == 0 {
      digits.removeLast()
      scale -= 1
    }
    self.digits = Array(digits.drop { $0 == 0 })
    self.scale = self.digits.isEmpty ? 0 : scale
    self.isNegative = isNegative && !self.digits.isEmpty
  }

  /// Creates a whole number.
  package init(_ integer: Int64) {
    self.init(
      isNegative: integer < 0, digits: "\(integer.magnitude)".utf8.map { $0 - 48 }, scale: 0)
  }

  /// Reads `-12.50` or `1e-7`; nil for what is no finite number.
  package init?(_ text: String) {
    var rest = text.utf8[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    func takeDigits() -> [UInt8] {
      let taken = rest.prefix { (48...57).contains($0) }
      rest = rest.dropFirst(taken.count)
      return taken.map { $0 - 48 }
    }
    let whole = takeDigits()
    var fraction: [UInt8] = []
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = takeDigits()
    }
    var exponent = 0
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      guard let read = Int(Substring(rest.dropFirst())),
        (-Self.largestExponent...Self.largestExponent).contains(read)
      else { return nil }
      (exponent, rest) = (read, rest.suffix(0))
    }
    guard rest.isEmpty, !(whole + fraction).isEmpty else { return nil }
    self.init(
      isNegative: isNegative, digits: whole + fraction, scale: fraction.count - exponent)
  }

  /// The shortest decimal that is read as this very number; nil for what is not finite.
  package init?(shortest real: Double) {
    guard real.isFinite else { return nil }
    self.init("\(real)")
  }

  /// This times 10 to the power of `places`.
  package func shifted(by places: Int) -> ExactDecimal {
    ExactDecimal(isNegative: isNegative, digits: digits, scale: scale - places)
  }

  /// Digits before the point; 0 below one.
  package var wholeDigits: Int { max(0, digits.count - scale) }

  /// Nil for what has a fraction or is beyond 64 bits.
  package var integer: Int64? { scale == 0 ? Int64(description) : nil }

  /// The nearest number of 64 bits.
  package var real: Double { Double(description) ?? .nan }

  /// `-12.5`; without an exponent and without zeros at the end of a fraction.
  package var description: String {
    let padded = [UInt8](repeating: 0, count: max(0, scale + 1 - digits.count)) + digits
    let text = String(decoding: padded.map { $0 + 48 }, as: UTF8.self)
    let whole = text.prefix(text.count - scale)
    return (isNegative ? "-" : "") + whole + (scale == 0 ? "" : "." + text.suffix(scale))
  }
}
