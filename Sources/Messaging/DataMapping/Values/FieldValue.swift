// SPDX-License-Identifier: Apache-2.0

/// A text by its bytes, so that two texts are equal only if every byte is. `String` would take a
/// letter with its accent and the two characters that make it up for the same.
package struct ExactText: Sendable, Hashable {
  /// UTF-8 where `string` is not nil.
  package let bytes: [UInt8]

  /// Creates a text of bytes, whatever they are.
  package init(bytes: [UInt8]) { self.bytes = bytes }

  /// Creates the text of a string.
  package init(_ string: String) { bytes = Array(string.utf8) }

  /// Nil for bytes that are not UTF-8.
  package var string: String? { String(validating: bytes, as: UTF8.self) }
}

/// What a field of a row holds. NULL is no text and no number, the empty text is not NULL.
package enum FieldValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case decimal(ExactDecimal)
  /// A number in binary, by its bits: `real(_:)` makes one.
  case realBits(UInt64)
  /// A text; dates, UUIDs and what else nothing is known of are texts too.
  case text(ExactText)
  case bytes([UInt8])
  case boolean(Bool)
  /// Microseconds since 1970 in UTC; or of a clock on the wall, for a column without time zone.
  case timestamp(microseconds: Int64)

  package static func real(_ number: Double) -> FieldValue {
    .realBits((number.isNaN ? .nan : number).bitPattern)
  }

  package static func text(_ string: String) -> FieldValue { .text(ExactText(string)) }

  /// What kind of value it is, with its article.
  package var kind: String {
    switch self {
    case .null: "NULL"
    case .integer: "an integer"
    case .decimal: "a decimal"
    case .realBits: "a real"
    case .text(let text): text.string == nil ? "a text that is not UTF-8" : "a text"
    case .bytes: "bytes"
    case .boolean: "a truth value"
    case .timestamp: "a time"
    }
  }
}

extension FieldValue: CustomStringConvertible {
  /// Most characters of a text that a message quotes.
  private static let longestQuote = 60

  /// For a message: `NULL`, `42`, `"abc"`, `x'00ff'`.
  package var description: String {
    switch self {
    case .null: "NULL"
    case .integer(let number): "\(number)"
    case .decimal(let number): "\(number)"
    case .realBits(let bits): "\(Double(bitPattern: bits))"
    case .text(let text):
      text.string.map { Self.shortened($0).debugDescription } ?? Self.hexadecimal(text.bytes)
    case .bytes(let bytes): Self.hexadecimal(bytes)
    case .boolean(let truth): "\(truth)"
    case .timestamp(let microseconds):
      TimeText(form: .iso, unit: .microseconds).text(of: microseconds) ?? "\(microseconds) us"
    }
  }

  private static func shortened(_ text: String) -> String {
    text.count > longestQuote ? text.prefix(longestQuote) + "..." : text
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    let shown = bytes.prefix(longestQuote / 2)
    return "x'" + shown.hexadecimal + (shown.count < bytes.count ? "..." : "") + "'"
  }
}

extension Collection where Element == UInt8 {
  /// Two digits a byte.
  var hexadecimal: String {
    map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
