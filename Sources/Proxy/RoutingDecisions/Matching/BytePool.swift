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
  @inline(__always)
  func equals(_ text: Text, _ other: UnsafeRawBufferPointer) -> Bool {
    other.count == Int(text.count)
      && agrees(text, other, word: { $0 }, byte: { $0 })
  }

  /// Whether the bytes are the text when their ASCII letters are lower-cased.
  @inline(__always)
  func equalsLowercased(_ text: Text, _ other: UnsafeRawBufferPointer) -> Bool {
    other.count == Int(text.count)
      && agrees(text, other, word: { $0.asciiLowercased }, byte: { $0.asciiLowercased })
  }

  /// Compares with a text of the same length, eight bytes a step.
  @inline(__always)
  private func agrees(
    _ text: Text, _ other: UnsafeRawBufferPointer, word: (UInt64) -> UInt64,
    byte: (UInt8) -> UInt8
  ) -> Bool {
    bytes.withUnsafeBytes { pool in
      let start = Int(text.start)
      precondition(start &+ other.count <= pool.count, "a text of another pool")
      var index = 0
      while index &+ 8 <= other.count {
        let expected = pool.loadUnaligned(fromByteOffset: start &+ index, as: UInt64.self)
        let found = other.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if word(found) != expected { return false }
        index &+= 8
      }
      while index < other.count {
        if byte(other[index]) != pool[start &+ index] { return false }
        index &+= 1
      }
      return true
    }
  }
}

extension UInt64 {
  /// Eight bytes, the ASCII capitals among them as lower-case letters.
  @inline(__always)
  var asciiLowercased: UInt64 {
    let each: UInt64 = 0x0101_0101_0101_0101
    let low = self & (each &* 0x7f)
    // The high bit of a byte tells whether it reaches `A`, and whether it is beyond `Z`.
    let reachesA = low &+ each &* (0x80 - 0x41)
    let isBeyondZ = low &+ each &* (0x80 - 0x5b)
    return self | ((reachesA ^ isBeyondZ) & ~self & (each &* 0x80)) &>> 2
  }
}

extension UInt8 {
  /// The lower-case letter of an ASCII capital, anything else unchanged.
  @inline(__always)
  var asciiLowercased: UInt8 {
    self &- 0x41 < 26 ? self | 0x20 : self
  }
}
