// SPDX-License-Identifier: Apache-2.0

/// Ways to ask for another method than that of the request line, which many frameworks know: a GET
/// that says so may be a DELETE for the server behind.
enum MethodOverride {
  @inline(__always)
  static func isField(_ name: UnsafeRawPointer, _ count: Int) -> Bool {
    switch count {
    case 13: ByteScanning.equals(name, count, "x-http-method")
    case 17: ByteScanning.equals(name, count, "x-method-override")
    case 22: ByteScanning.equals(name, count, "x-http-method-override")
    default: false
    }
  }

  /// Whether a query has the parameter `_method`, however it is escaped and in any case.
  static func isParameter(of query: UnsafeRawBufferPointer) -> Bool {
    guard let base = query.baseAddress else { return false }
    var index = 0
    while true {
      // Few queries hold either byte, and it begins the name, escaped or not.
      index = ByteScanning.first(
        base, from: index, to: query.count,
        where: { ($0 .== .init(repeating: 0x5f)) .| ($0 .== .init(repeating: 0x25)) },
        scalar: { $0 == underscore || $0 == percent })
      if index >= query.count { return false }
      if index == 0 || isSeparator(query[index &- 1]), names(query, index) { return true }
      index &+= 1
    }
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "&") || byte == UInt8(ascii: ";")
  }

  private static let underscore = UInt8(ascii: "_")
  private static let percent = UInt8(ascii: "%")

  private static func names(_ query: UnsafeRawBufferPointer, _ start: Int) -> Bool {
    var cursor = start
    for letter in "_method".utf8 {
      guard cursor < query.count else { return false }
      var byte = query[cursor]
      cursor += 1
      if byte == percent, cursor + 2 <= query.count {
        let digits = UnsafeRawBufferPointer(rebasing: query[cursor..<(cursor + 2)])
        guard let escaped = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
          return false
        }
        byte = escaped
        cursor += 2
      }
      // Frameworks differ in whether case counts. Only letters have the bit of case.
      if byte != letter, letter == underscore || byte | 0x20 != letter { return false }
    }
    return cursor < query.count && query[cursor] == UInt8(ascii: "=")
  }
}
