// SPDX-License-Identifier: Apache-2.0

/// Text of strangers as it is kept: never longer than somebody said.
enum BoundedText {
  /// Stands between what is left of a name and its hash.
  private static let mark = "…#"
  /// Most digits of a hash.
  private static let digits = 16

  /// The first bytes of a text, and a sign that there were more.
  static func excerpt(_ text: String, bytes: Int) -> String {
    guard text.utf8.count > bytes else { return text }
    return String(decoding: text.utf8.prefix(bytes), as: UTF8.self) + "…"
  }

  /// A name of so many bytes at most, or the first of them with a hash of all: long names stay
  /// different, and one that was cut before stays as it is. What was cut is longer than `bytes`.
  static func name(_ text: String, bytes: Int) -> String {
    guard text.utf8.count > bytes, !isCut(text, bytes) else { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: bytes)
    // No character is cut in two.
    while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
      end = text.utf8.index(before: end)
    }
    return text[..<end] + mark + BodyDigest(text.utf8).fingerprint
  }

  private static func isCut(_ text: String, _ bytes: Int) -> Bool {
    guard text.utf8.count <= bytes + mark.utf8.count + digits else { return false }
    let hash = text.utf8.reversed().prefix(while: isDigit)
    return (1...digits).contains(hash.count) && text.dropLast(hash.count).hasSuffix(mark)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }
}
