// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// A SHA-256 hash.
package struct JournalHash: Sendable, Hashable, CustomStringConvertible {
  private static let length = 32

  private let bytes: [UInt8]

  package init(of data: [UInt8]) { bytes = Array(SHA256.hash(data: data)) }

  /// Parses 64 lower-case hexadecimal digits.
  package init?(_ text: some StringProtocol) {
    let digits = Array(text.utf8)
    guard digits.count == 2 * Self.length else { return nil }
    let values = digits.map { digit -> UInt8? in
      switch digit {
      case 0x30...0x39: digit - 0x30
      case 0x61...0x66: digit - 0x61 + 10
      default: nil
      }
    }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: values.count, by: 2) {
      guard let high = values[index], let low = values[index + 1] else { return nil }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  /// 64 lower-case hexadecimal digits.
  package var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
