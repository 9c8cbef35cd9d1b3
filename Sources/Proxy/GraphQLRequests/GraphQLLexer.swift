// SPDX-License-Identifier: Apache-2.0

/// The tokens of a GraphQL document (GraphQL specification, September 2025, 2.1), one after the
/// other; nothing is kept of what was passed.
struct GraphQLLexer {
  enum Token: Equatable {
    /// `{`, `(`, `:`, and what else is one character.
    case punctuator(UInt8)
    /// `...`
    case spread
    case name(Range<Int>)
    /// A number or a string: what it says is of no matter.
    case value
    case end
  }

  private let bytes: UnsafeRawBufferPointer
  private var offset = 0
  /// Tokens that may still be read.
  private var left: Int

  init(_ bytes: UnsafeRawBufferPointer, mostTokens: Int) {
    self.bytes = bytes
    left = mostTokens
  }

  mutating func next() throws(GraphQLUndecided) -> Token {
    skipIgnored()
    guard offset < bytes.count else { return .end }
    left -= 1
    guard left >= 0 else { throw .tooDeep }
    let byte = bytes[offset]
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "("), UInt8(ascii: ")"),
      UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"), UInt8(ascii: "="),
      UInt8(ascii: "@"), UInt8(ascii: "$"), UInt8(ascii: "!"), UInt8(ascii: "|"),
      UInt8(ascii: "&"):
      offset += 1
      return .punctuator(byte)
    case UInt8(ascii: "."):
      guard isAt("...") else { throw .malformed }
      offset += 3
      return .spread
    case UInt8(ascii: "\""):
      if isAt("\"\"\"") { try readBlockString() } else { try readString() }
      return .value
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      try readNumber()
      return .value
    case _ where Self.startsName(byte): return .name(readName())
    default: throw .malformed
    }
  }

  private func isAt(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard bytes.count - offset >= count else { return false }
    return (0..<count).allSatisfy { bytes[offset + $0] == text.utf8Start[$0] }
  }

  /// White space, line ends, commas, the byte order mark, and comments up to their line's end.
  private mutating func skipIgnored() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","): offset += 1
      case 0xEF where isAt("\u{FEFF}"): offset += 3
      case UInt8(ascii: "#"):
        while offset < bytes.count, bytes[offset] != 0x0A, bytes[offset] != 0x0D { offset += 1 }
      default: return
      }
    }
  }

  static func startsName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private mutating func readName() -> Range<Int> {
    let start = offset
    while offset < bytes.count, Self.startsName(bytes[offset]) || Self.isDigit(bytes[offset]) {
      offset += 1
    }
    return start..<offset
  }

  private mutating func readString() throws(GraphQLUndecided) {
    offset += 1
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        offset += 1
        return
      case UInt8(ascii: "\\"): try readEscape()
      case 0x0A, 0x0D: throw .malformed
      default: offset += 1
      }
    }
    throw .malformed
  }

  private mutating func readEscape() throws(GraphQLUndecided) {
    guard offset + 1 < bytes.count else { throw .malformed }
    let byte = bytes[offset + 1]
    offset += 2
    if byte == UInt8(ascii: "u") { return try readUnicode() }
    guard "\"\\/bfnrt".utf8.contains(byte) else { throw .malformed }
  }

  /// Four digits, or as many as stand between braces.
  private mutating func readUnicode() throws(GraphQLUndecided) {
    let isBraced = offset < bytes.count && bytes[offset] == UInt8(ascii: "{")
    if isBraced { offset += 1 }
    let start = offset
    while offset < bytes.count, offset - start < (isBraced ? 8 : 4),
      Character(Unicode.Scalar(bytes[offset])).isHexDigit
    {
      offset += 1
    }
    if isBraced {
      guard offset > start, offset < bytes.count, bytes[offset] == UInt8(ascii: "}") else {
        throw .malformed
      }
      offset += 1
    } else if offset - start != 4 {
      throw .malformed
    }
  }

  private mutating func readBlockString() throws(GraphQLUndecided) {
    offset += 3
    while offset < bytes.count {
      if isAt("\\\"\"\"") {
        offset += 4
      } else if isAt("\"\"\"") {
        offset += 3
        return
      } else {
        offset += 1
      }
    }
    throw .malformed
  }

  /// No name and no other number may follow at once.
  private mutating func readNumber() throws(GraphQLUndecided) {
    if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
    let isZero = offset < bytes.count && bytes[offset] == UInt8(ascii: "0")
    let whole = readDigits()
    if whole == 0 || isZero && whole > 1 { throw .malformed }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
      offset += 1
      if readDigits() == 0 { throw .malformed }
    }
    if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
      offset += 1
      if offset < bytes.count, "+-".utf8.contains(bytes[offset]) { offset += 1 }
      if readDigits() == 0 { throw .malformed }
    }
    guard offset < bytes.count else { return }
    if Self.startsName(bytes[offset]) || bytes[offset] == UInt8(ascii: ".") { throw .malformed }
  }

  private mutating func readDigits() -> Int {
    let start = offset
    while offset < bytes.count, Self.isDigit(bytes[offset]) { offset += 1 }
    return offset - start
  }
}
