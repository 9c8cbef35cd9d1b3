// SPDX-License-Identifier: Apache-2.0

/// Groups failures that are the same apart from numbers in their text.
package enum FailureFingerprint {
  /// Longest error text that is stored, in UTF-8 bytes.
  package static let textLimit = 1_024

  /// Sixteen hexadecimal digits: FNV-1a over the text with each run of digits as one `#`.
  package static func of(_ text: String) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    var inDigits = false
    for byte in text.utf8 {
      let digit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      defer { inDigits = digit }
      if digit && inDigits { continue }
      hash = (hash ^ UInt64(digit ? UInt8(ascii: "#") : byte)) &* 0x0000_0100_0000_01B3
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The text, cut to `textLimit`, and without NUL, which PostgreSQL's text cannot hold.
  package static func bounded(_ text: String) -> String {
    let bytes = text.utf8.prefix(textLimit)
    guard bytes.count < text.utf8.count || bytes.contains(0) else { return text }
    return String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
  }
}
