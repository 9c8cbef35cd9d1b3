// SPDX-License-Identifier: Apache-2.0

/// What a byte may be used for inside a head.
struct ByteClass: OptionSet {
  let rawValue: UInt8
  static let token = ByteClass(rawValue: 1)
  static let underscore = ByteClass(rawValue: 2)
  static let host = ByteClass(rawValue: 4)
  static let hexDigit = ByteClass(rawValue: 8)
  /// The same to every server that reads it in a path.
  static let plainInPath = ByteClass(rawValue: 16)
}

enum ByteScanning {
  /// Classes of all 256 bytes. Parsers copy the pointer once, since each use of a global checks
  /// that it was initialised.
  nonisolated(unsafe) static let classes = makeClasses()  // written once, then only read

  private static func makeClasses() -> UnsafePointer<UInt8> {
    let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
    table.initialize(repeating: 0, count: 256)
    func mark(_ characters: String, _ byteClass: ByteClass) {
      for byte in characters.utf8 { table[Int(byte)] |= byteClass.rawValue }
    }
    let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    let digits = "0123456789"
    mark(letters + digits + "!#$%&'*+-.^_`|~", .token)
    mark("_", .underscore)
    mark(letters + digits + "-._~%!$&'()*+,;=", .host)
    mark(digits + "abcdefABCDEF", .hexDigit)
    mark(letters + digits + "-_~!$&'()*+,;=:@\"<>[]^`{|}", .plainInPath)
    return UnsafePointer(table)
  }

  /// The first offset from `start` whose byte is a control character other than TAB, or `end`.
  @inline(__always)
  static func firstControl(_ bytes: UnsafeRawPointer, from start: Int, to end: Int) -> Int {
    var index = start
    while true {
      index = first(
        bytes, from: index, to: end,
        where: { ($0 .< Block(repeating: 0x20)) .| ($0 .== Block(repeating: 0x7f)) },
        scalar: { $0 < 0x20 || $0 == 0x7f })
      if index >= end || bytes.load(fromByteOffset: index, as: UInt8.self) != 9 { return index }
      index &+= 1
    }
  }

  /// Bytes looked at in one step.
  typealias Block = SIMD16<UInt8>

  /// Where the first bytes of a block from `start` on fit; `start` when there is no whole block.
  @inline(__always)
  static func firstBlockEnd(
    _ bytes: UnsafeRawPointer, from start: Int, to end: Int,
    where fits: (Block) -> SIMDMask<SIMD16<Int8>>
  ) -> Int {
    if start &+ Block.scalarCount > end { return start }
    let block = bytes.loadUnaligned(fromByteOffset: start, as: Block.self)
    return start &+ place(fits(block))
  }

  /// Index of the first byte of a block that fits; the block's size when none does.
  @inline(__always)
  private static func place(_ fitting: SIMDMask<SIMD16<Int8>>) -> Int {
    let words = unsafeBitCast(fitting, to: SIMD2<UInt64>.self)
    // Zero has 64 trailing zeros, which makes it eight bytes.
    let low = words[0].littleEndian.trailingZeroBitCount &>> 3
    return low < 8 ? low : 8 &+ words[1].littleEndian.trailingZeroBitCount &>> 3
  }

  /// The first offset from `start` whose byte fits, or `end`; sixteen bytes a step.
  ///
  /// - Parameters:
  ///   - fits: the predicate for a block.
  ///   - scalar: the same predicate for one byte, for runs shorter than a block.
  @inline(__always)
  static func first(
    _ bytes: UnsafeRawPointer, from start: Int, to end: Int,
    where fits: (Block) -> SIMDMask<SIMD16<Int8>>, scalar: (UInt8) -> Bool
  ) -> Int {
    var index = start
    while index &+ Block.scalarCount <= end {
      let block = bytes.loadUnaligned(fromByteOffset: index, as: Block.self)
      let found = place(fits(block))
      index &+= found
      if found < Block.scalarCount { return index }
    }
    if index < end, end >= Block.scalarCount {
      // The last block overlaps what lies before; only what stands there may fit, too.
      let last = end &- Block.scalarCount
      let block = bytes.loadUnaligned(fromByteOffset: last, as: Block.self)
      let found = last &+ place(fits(block))
      if found >= index { return found }
    }
    while index < end, !scalar(bytes.load(fromByteOffset: index, as: UInt8.self)) { index &+= 1 }
    return index
  }

  /// Whether `count` bytes equal `lowercase`, ASCII letters compared without case.
  ///
  /// `lowercase` is made of lower-case letters, digits and characters below them. With the length
  /// known, what is left are a few comparisons of whole words with constants.
  @inline(__always)
  static func equals(
    _ bytes: UnsafeRawPointer, _ count: Int, _ lowercase: StaticString
  ) -> Bool {
    let length = lowercase.utf8CodeUnitCount
    if count != length { return false }
    let expected = UnsafeRawPointer(lowercase.utf8Start)
    var index = 0
    if length >= 8 {
      while index &+ 8 < length {
        if !equal(bytes, expected, at: index, as: UInt64.self) { return false }
        index &+= 8
      }
      return equal(bytes, expected, at: length &- 8, as: UInt64.self)
    }
    if length >= 4 {
      return equal(bytes, expected, at: 0, as: UInt32.self)
        && equal(bytes, expected, at: length &- 4, as: UInt32.self)
    }
    while index < length {
      if !equal(bytes, expected, at: index, as: UInt8.self) { return false }
      index &+= 1
    }
    return true
  }

  /// Whether a word is that of a lower-case text, letters compared without case.
  ///
  /// Letters have the bit 0x40, which no other character expected has; half of it is the bit that
  /// tells the cases apart.
  @inline(__always)
  private static func equal<Word: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawPointer, _ lowercase: UnsafeRawPointer, at offset: Int, as: Word.Type
  ) -> Bool {
    let expected = lowercase.loadUnaligned(fromByteOffset: offset, as: Word.self)
    let caseBits = (expected &>> 1) & Word(truncatingIfNeeded: 0x2020_2020_2020_2020 as UInt64)
    return bytes.loadUnaligned(fromByteOffset: offset, as: Word.self) | caseBits == expected
  }

  /// The first offset from `start` whose byte is not of a class, or `end`.
  @inline(__always)
  static func firstOther(
    than byteClass: ByteClass, _ bytes: UnsafeRawPointer, from start: Int, to end: Int,
    _ classes: UnsafePointer<UInt8>
  ) -> Int {
    var index = start
    while index < end,
      classes[Int(bytes.load(fromByteOffset: index, as: UInt8.self))] & byteClass.rawValue != 0
    {
      index &+= 1
    }
    return index
  }

  /// Calls `body` with each non-empty element of a comma list, surrounding white space removed.
  static func forEachListElement(
    _ value: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    var start = 0
    while start < value.count {
      var end = start
      while end < value.count, value[end] != 44 { end += 1 }
      let element = trimmed(UnsafeRawBufferPointer(rebasing: value[start..<end]))
      if !element.isEmpty { body(element) }
      start = end + 1
    }
  }

  /// Without leading and trailing SP and TAB.
  static func trimmed(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var start = 0
    var end = value.count
    while start < end, value[start] == 32 || value[start] == 9 { start += 1 }
    while end > start, value[end - 1] == 32 || value[end - 1] == 9 { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: value[start..<end])
  }
}

extension UnsafeRawBufferPointer {
  /// The bytes of a range.
  @inline(__always)
  package subscript(range: ByteRange) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: self[Int(range.start)..<range.end])
  }

  /// Whether a byte is CR, LF or NUL, which end a line or a text for somebody.
  package var holdsLineEnd: Bool {
    guard let base = baseAddress else { return false }
    var index = 0
    while index < count {
      let word: UInt64
      if index &+ 8 <= count {
        word = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      } else if count >= 8 {
        // The last word overlaps the one before.
        word = base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
      } else {
        return contains { $0 == 13 || $0 == 10 || $0 == 0 }
      }
      // No more than the word: values of TABs alone must not be searched once for each of theirs.
      if Self.holdsSmallByte(word), Self.holdsLineEnd(word) { return true }
      index &+= 8
    }
    return false
  }

  /// Whether a byte of a word is below 16, as control characters are that matter.
  @inline(__always)
  private static func holdsSmallByte(_ word: UInt64) -> Bool {
    let high = word & 0xf0f0_f0f0_f0f0_f0f0
    return (high &- 0x0101_0101_0101_0101) & ~high & 0x8080_8080_8080_8080 != 0
  }

  /// Whether a byte of a word is CR, LF or NUL.
  private static func holdsLineEnd(_ word: UInt64) -> Bool {
    for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
      let byte = UInt8(truncatingIfNeeded: word &>> shift)
      if byte == 13 || byte == 10 || byte == 0 { return true }
    }
    return false
  }

  /// Whether the bytes equal a lower-case literal, ASCII letters compared without case.
  package func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
    guard let base = baseAddress else { return lowercase.utf8CodeUnitCount == 0 }
    return ByteScanning.equals(base, count, lowercase)
  }
}
