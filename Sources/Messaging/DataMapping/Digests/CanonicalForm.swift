// SPDX-License-Identifier: Apache-2.0

/// Takes the canonical form of values: a sequence of words of 64 bits and of bytes.
///
/// Two values have the same form exactly if they are equal as `FieldValue`s: a tag stands before
/// each, and lengths before what varies in length. So does a row's, field after field.
protocol CanonicalSink {
  mutating func take(_ word: UInt64)
  mutating func take(_ bytes: UnsafeRawBufferPointer)
}

/// What stands before a value, in the low 8 bits of its first word.
enum CanonicalTag: UInt64 {
  case null = 1
  case integer, decimal, longDecimal, real, text, bytes, boolean, timestamp
  /// A legacy value that has nothing to become, followed by that value: no row of the new side has
  /// it.
  case refused
}

extension CanonicalSink {
  /// A tag with what else fits into its word.
  @inline(__always)
  mutating func begin(_ tag: CanonicalTag, _ detail: Int = 0) {
    take(tag.rawValue | UInt64(truncatingIfNeeded: detail) << 8)
  }

  @inline(__always)
  mutating func take(integer: Int64) {
    begin(.integer)
    take(UInt64(bitPattern: integer))
  }

  /// `mantissa` times 10 to the power of minus `scale`, below 10^18.
  @inline(__always)
  mutating func take(mantissa: Int64, scale: Int) {
    var (mantissa, scale) = (mantissa, scale)
    while scale > 0, mantissa % 10 == 0 {
      mantissa /= 10
      scale -= 1
    }
    begin(.decimal, scale)
    take(UInt64(bitPattern: mantissa))
  }

  @inline(__always)
  mutating func take(whole tag: CanonicalTag, _ bytes: UnsafeRawBufferPointer) {
    begin(tag, bytes.count)
    take(bytes)
  }

  mutating func take(whole tag: CanonicalTag, _ bytes: [UInt8]) {
    bytes.withUnsafeBytes { take(whole: tag, $0) }
  }

  mutating func take(_ value: FieldValue) {
    switch value {
    case .null: begin(.null)
    case .integer(let number): take(integer: number)
    case .decimal(let number): take(number)
    case .realBits(let bits):
      begin(.real)
      take(bits)
    case .text(let text): take(whole: .text, text.bytes)
    case .bytes(let bytes): take(whole: .bytes, bytes)
    case .boolean(let truth): begin(.boolean, truth ? 1 : 0)
    case .timestamp(let time):
      begin(.timestamp)
      take(UInt64(bitPattern: time))
    }
  }

  private mutating func take(_ number: ExactDecimal) {
    let text = number.description
    var mantissa: Int64 = 0
    var digits = 0
    for byte in text.utf8 where (48...57).contains(byte) {
      if digits == 0, byte == 48 { continue }
      digits += 1
      if digits > ShortDecimal.mostDigits { return take(whole: .longDecimal, Array(text.utf8)) }
      mantissa = mantissa * 10 + Int64(byte - 48)
    }
    take(mantissa: number.isNegative ? -mantissa : mantissa, scale: number.scale)
  }
}

/// A decimal of few digits, read without a copy.
struct ShortDecimal {
  /// Most digits without leading zeros; more have the longer form.
  static let mostDigits = 18
  /// Beyond that a whole number has more digits.
  static let limit: Int64 = 1_000_000_000_000_000_000

  let mantissa: Int64
  let scale: Int

  /// Reads `-12.50`; nil for anything else, and for more digits.
  init?(_ text: UnsafeRawBufferPointer) {
    var (mantissa, scale, digits, index): (Int64, Int, Int, Int) = (0, 0, 0, 0)
    var (hasPoint, hasDigit) = (false, false)
    let isNegative = text.first == UInt8(ascii: "-")
    if isNegative { index = 1 }
    while index < text.count {
      let byte = text[index]
      index += 1
      if byte == UInt8(ascii: ".") {
        if hasPoint { return nil }
        hasPoint = true
        continue
      }
      guard byte >= 48, byte <= 57 else { return nil }
      hasDigit = true
      if hasPoint { scale += 1 }
      if digits == 0, byte == 48 { continue }
      digits += 1
      if digits > Self.mostDigits { return nil }
      mantissa = mantissa * 10 + Int64(byte &- 48)
    }
    guard hasDigit else { return nil }
    self.mantissa = isNegative ? -mantissa : mantissa
    self.scale = scale
  }
}
