// SPDX-License-Identifier: Apache-2.0

/// The headers of one message, in one piece.
///
/// libnats keeps each header in a table of its own until it writes it, which takes four allocations
/// for each. It writes a name as it is given, so the last header's name carries the lines before
/// it, and what goes over the wire is the same.
struct HeaderLines {
  private var bytes: [UInt8] = []
  /// Where the last header's value begins.
  private var value = 0

  /// Nil without headers, and where one has no name: a line without a name ends the message.
  init?(_ headers: [String: String]) {
    bytes.reserveCapacity(headers.reduce(2) { $0 + $1.key.utf8.count + $1.value.utf8.count + 4 })
    for (name, text) in headers {
      guard !name.isEmpty else { return nil }
      if value > 0 {
        // What stood as the last one's value is one more line.
        bytes[value - 2] = UInt8(ascii: ":")
        bytes[value - 1] = UInt8(ascii: " ")
        bytes[bytes.count - 1] = UInt8(ascii: "\r")
        bytes.append(UInt8(ascii: "\n"))
      }
      append(name)
      bytes.append(0)
      bytes.append(0)
      value = bytes.count
      append(text)
      bytes.append(0)
    }
    if bytes.isEmpty { return nil }
  }

  /// Lends name and value of the header that stands for all.
  func withHeader<Value>(
    _ body: (_ name: UnsafePointer<CChar>, _ value: UnsafePointer<CChar>) -> Value
  ) -> Value? {
    bytes.withUnsafeBytes { bytes in
      bytes.baseAddress.map { start in
        let name = start.assumingMemoryBound(to: CChar.self)
        return body(name, name + value)
      }
    }
  }

  /// A line break or the end of a text within one would make another header of the rest.
  private mutating func append(_ text: String) {
    let start = bytes.count
    bytes.append(contentsOf: text.utf8)
    for place in start..<bytes.count where Self.breaks(bytes[place]) {
      bytes[place] = UInt8(ascii: " ")
    }
  }

  private static func breaks(_ byte: UInt8) -> Bool {
    byte == 0 || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
  }
}
