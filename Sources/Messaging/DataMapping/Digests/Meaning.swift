// SPDX-License-Identifier: Apache-2.0

/// What a value says without regard to how it is encoded: two values whose meanings agree and that
/// are not equal differ by their encoding only.
///
/// Texts that were read as Windows-1252 and written as UTF-8 are read back, as often as they were;
/// bytes that are no UTF-8 are read as Windows-1252; letters and their accents are one; numbers,
/// truth values and bytes that were stored as texts are those texts.
enum Meaning {
  /// Most times that a text is read back.
  private static let mostRounds = 4

  static func of(_ value: FieldValue) -> String {
    switch value {
    case .null: "NULL"
    case .integer(let number): "=\(number)"
    case .decimal(let number): "=\(number)"
    case .realBits(let bits):
      "=\(ExactDecimal(shortest: Double(bitPattern: bits))?.description ?? "\(bits)")"
    case .boolean(let truth): truth ? "=1" : "=0"
    case .text(let text): "=" + read(text.bytes)
    case .bytes(let bytes): "=" + read(bytes)
    case .timestamp: "=\(value)"
    }
  }

  private static func read(_ bytes: [UInt8]) -> String {
    guard var text = String(validating: bytes, as: UTF8.self) else {
      return bytes.reduce(into: "") { $0.unicodeScalars.append(scalar(ofWindows1252: $1)) }
    }
    for _ in 0..<mostRounds {
      guard text.utf8.contains(where: { $0 >= 0x80 }), let bytes = windows1252(text),
        let before = String(validating: bytes, as: UTF8.self)
      else { break }
      text = before
    }
    return text
  }

  /// Characters of the bytes 80 to 9F; the five that have none stand for themselves.
  private static let specials: [UInt32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
    0x0152, 0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
  ]

  private static func scalar(ofWindows1252 byte: UInt8) -> Unicode.Scalar {
    (0x80...0x9F).contains(byte)
      ? Unicode.Scalar(specials[Int(byte) - 0x80]) ?? Unicode.Scalar(byte) : Unicode.Scalar(byte)
  }

  /// The bytes of a text in Windows-1252; nil where it has none.
  private static func windows1252(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      if let index = specials.firstIndex(of: scalar.value) {
        bytes.append(UInt8(0x80 + index))
      } else if scalar.value <= 0xFF {
        bytes.append(UInt8(scalar.value))
      } else {
        return nil
      }
    }
    return bytes
  }
}
