// SPDX-License-Identifier: Apache-2.0

/// A path segment read byte by byte with its percent-encoding normalised, without a copy.
///
/// Encoded unreserved characters come out plain and other triplets in upper case (RFC 3986,
/// sections 6.2.2.1 and 6.2.2.2). A `%` that starts no triplet comes out as it is.
struct PathSegmentBytes {
  private let bytes: UnsafeRawBufferPointer
  private var position: Int
  private let end: Int
  /// What is left of a triplet that stays encoded: up to two digits, low byte first.
  private var pending: UInt16 = 0

  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) {
    self.bytes = bytes
    self.position = start
    self.end = end
  }

  @inline(__always)
  mutating func next() -> UInt8? {
    if pending != 0 {
      let byte = UInt8(truncatingIfNeeded: pending)
      pending >>= 8
      return byte
    }
    guard position < end else { return nil }
    let byte = bytes[position]
    position &+= 1
    return byte == UInt8(ascii: "%") ? decodeTriplet() : byte
  }

  @inline(never)
  private mutating func decodeTriplet() -> UInt8 {
    guard
      position &+ 1 < end, let high = Self.hexValue(bytes[position]),
      let low = Self.hexValue(bytes[position &+ 1])
    else { return UInt8(ascii: "%") }
    position &+= 2
    let decoded = high << 4 | low
    if Self.isUnreserved(decoded) { return decoded }
    pending = UInt16(Self.hexDigit(low)) << 8 | UInt16(Self.hexDigit(high))
    return UInt8(ascii: "%")
  }

  static func normalized(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var reader = PathSegmentBytes(bytes, from: 0, to: bytes.count)
    var result: [UInt8] = []
    while let byte = reader.next() { result.append(byte) }
    return result
  }

  static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? 0x30 + value : 0x41 + value - 10
  }

  static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  static func isUnreserved(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "~")
  }
}
