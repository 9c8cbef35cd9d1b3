// SPDX-License-Identifier: Apache-2.0

/// Walks `name=value&name=value` without copying.
struct QueryParameters {
  struct Parameter {
    var name: Range<Int>
    /// Empty when there is no `=`.
    var value: Range<Int>
  }

  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  mutating func next() -> Parameter? {
    while position < bytes.count {
      let start = position
      var end = start
      var equals = -1
      while end < bytes.count, bytes[end] != UInt8(ascii: "&") {
        if equals < 0, bytes[end] == UInt8(ascii: "=") { equals = end }
        end += 1
      }
      position = end + 1
      if end == start { continue }
      if equals < 0 { return Parameter(name: start..<end, value: end..<end) }
      return Parameter(name: start..<equals, value: equals + 1..<end)
    }
    return nil
  }

  /// Whether a name or value equals a text once `+` and percent-encoding are decoded, as forms are
  /// (WHATWG URL, `application/x-www-form-urlencoded`).
  static func decoded(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, equals text: BytePool.Text,
    of pool: BytePool
  ) -> Bool {
    var position = range.lowerBound
    for index in 0..<Int(text.count) {
      guard position < range.upperBound else { return false }
      var byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "+") {
        byte = UInt8(ascii: " ")
      } else if byte == UInt8(ascii: "%"), position + 1 < range.upperBound,
        let high = PathSegmentBytes.hexValue(bytes[position]),
        let low = PathSegmentBytes.hexValue(bytes[position + 1])
      {
        byte = high << 4 | low
        position += 2
      }
      if byte != pool.byte(index, of: text) { return false }
    }
    return position == range.upperBound
  }
}
