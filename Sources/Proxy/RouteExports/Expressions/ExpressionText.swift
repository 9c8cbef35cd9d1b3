// SPDX-License-Identifier: Apache-2.0

/// Texts as parts of regular expressions.
///
/// What is written here means the same to PCRE and RE2, and holds neither quotes nor white space
/// nor anything else that a configuration file could take for its own: only letters, digits, `/_-~`
/// and what expressions are made of stand as they are.
enum ExpressionText {
  private static let digits = Array("0123456789ABCDEF")

  /// Exactly this text, byte for byte.
  static func literal(_ text: some StringProtocol) -> String {
    text.utf8.map(literal).joined()
  }

  static func literal(_ byte: UInt8) -> String {
    if isPlain(byte) { return String(UnicodeScalar(byte)) }
    return byte == UInt8(ascii: ".") ? "\\." : "\\x" + hexadecimal(byte)
  }

  /// The percent-encoded byte, its digits in any case.
  static func escape(_ byte: UInt8) -> String {
    "%" + hexadecimal(byte).map { $0.isLetter ? "[\($0)\($0.lowercased())]" : "\($0)" }.joined()
  }

  /// The byte as it is or percent-encoded.
  static func eitherForm(_ byte: UInt8) -> String { "(?:\(literal(byte))|\(escape(byte)))" }

  static func hexadecimal(_ byte: UInt8) -> String {
    String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "/_-~".utf8.contains(byte)
  }

  static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}
