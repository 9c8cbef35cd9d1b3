// SPDX-License-Identifier: Apache-2.0

/// What a byte may be used for inside a head.
struct ByteClass: OptionSet {
  let rawValue: UInt8
  static let token = ByteClass(rawValue: 1)
  static let underscore = ByteClass(rawValue: 2)
  static let host = ByteClass(rawValue: 4)
  static let hexDigit = ByteClass(rawValue: 8)
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
    return UnsafePointer(table)
  }

  /// The first offset from `start` whose byte is a control character other than TAB, or `end`.
  ///
  /// Eight bytes a step: a byte below 0x20 borrows into its own high bit, DEL is found by the
  /// classic zero-byte test after an exclusive or.
  @inline(__always)
  static func firstControl(_ bytes: UnsafeRawPointer, from start: Int, to end: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var index = start
    while true {
      while index &+ 8 <= end {
        let word = UInt64(
          littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        let below = (word &- (ones &* 0x20)) & ~word & highs
        let deletes = word ^ (ones &* 0x7f)
        let found = below | ((deletes &- ones) & ~deletes & highs)
        if found != 0 {
          index &+= found.trailingZeroBitCount &>> 3
          break
        }
        index &+= 8
      }
      while index < end {
        let byte = bytes.load(fromByteOffset: index, as: UInt8.self)
        if byte < 0x20 || byte == 0x7f { break }
        index &+= 1
      }
      if index < end, bytes.load(fromByteOffset: index, as: UInt8.self) == 9 {
        index &+= 1
        continue
      }
      return index
    }
  }

  /// Whether `count` bytes equal `lowercase`, ASCII letters compared without case.
  ///
  /// `lowercase` must hold no upper-case letter.
  @inline(__always)
  static func equals(
    _ bytes: UnsafeRawPointer, _ count: Int, _ lowercase: StaticString
  ) -> Bool {
    if count != lowercase.utf8CodeUnitCount { return false }
    let expected = lowercase.utf8Start
    var index = 0
    while index < count {
      var byte = bytes.load(fromByteOffset: index, as: UInt8.self)
      if byte &- 65 < 26 { byte |= 0x20 }
      if byte != expected[index] { return false }
      index &+= 1
    }
    return true
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

  /// Whether the bytes equal a lower-case literal, ASCII letters compared without case.
  package func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
    guard let base = baseAddress else { return lowercase.utf8CodeUnitCount == 0 }
    return ByteScanning.equals(base, count, lowercase)
  }
}
