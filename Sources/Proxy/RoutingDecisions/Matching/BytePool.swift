// SPDX-License-Identifier: Apache-2.0

/// Constant texts of a routing table in one array, so that comparing with one follows no pointer
/// to an array of its own and counts no reference.
struct BytePool: Sendable, Equatable {
  /// A text of the pool.
  struct Text: Sendable, Equatable {
    var start: Int32
    var count: Int32
  }

  private var bytes: ContiguousArray<UInt8> = []

  mutating func add(_ text: some Sequence<UInt8>) -> Text {
    let start = bytes.count
    bytes.append(contentsOf: text)
    return Text(start: Int32(start), count: Int32(bytes.count - start))
  }

  @inline(__always)
  func byte(_ index: Int, of text: Text) -> UInt8 {
    bytes[Int(text.start) &+ index]
  }

  /// Whether the bytes are exactly the text.
  func equals(_ text: Text, _ other: UnsafeRawBufferPointer) -> Bool {
    guard other.count == Int(text.count) else { return false }
    for index in 0..<other.count where byte(index, of: text) != other[index] { return false }
    return true
  }

  /// Whether the bytes are the text when their ASCII letters are lower-cased.
  func equalsLowercased(_ text: Text, _ other: UnsafeRawBufferPointer) -> Bool {
    guard other.count == Int(text.count) else { return false }
    for index in 0..<other.count where byte(index, of: text) != other[index].asciiLowercased {
      return false
    }
    return true
  }
}

extension UInt8 {
  /// The lower-case letter of an ASCII capital, anything else unchanged.
  @inline(__always)
  var asciiLowercased: UInt8 {
    self &- 0x41 < 26 ? self | 0x20 : self
  }
}
