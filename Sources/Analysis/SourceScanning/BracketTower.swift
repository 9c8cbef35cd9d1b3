// SPDX-License-Identifier: Apache-2.0

/// Nested opening brackets that the parser would need hours for: it decides for each whether an
/// array or a type begins, and each decision doubles the work.
enum BracketTower {
  /// Nested `[` without anything between them that ends a type.
  static let limit = 16

  /// Offset of the first bracket above the limit.
  ///
  /// Comments may stand between the brackets, and hold anything. What looks like the beginning of
  /// one may stand in a literal, though, so it is looked at both with comments and without.
  static func place(in bytes: [UInt8]) -> UInt32? {
    place(in: bytes, skippingComments: false) ?? place(in: bytes, skippingComments: true)
  }

  static func stands(in bytes: [UInt8]) -> Bool { place(in: bytes) != nil }

  private static func place(in bytes: [UInt8], skippingComments: Bool) -> UInt32? {
    var (height, index) = (0, 0)
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "["):
        height += 1
        if height > limit { return UInt32(index) }
      case UInt8(ascii: "]"): height = max(0, height - 1)
      case UInt8(ascii: "/") where skippingComments:
        if let end = endOfComment(in: bytes, from: index) {
          index = end
          continue
        }
        height = 0
      case UInt8(ascii: "\"") where skippingComments:
        index = endOfText(in: bytes, from: index)
        height = 0
        continue
      default: if height > 0, !mayStandInType[Int(byte)] { height = 0 }
      }
      index += 1
    }
    return nil
  }

  /// Behind the comment that begins here; nil where none does. Comments nest.
  private static func endOfComment(in bytes: [UInt8], from start: Int) -> Int? {
    guard start + 1 < bytes.count else { return nil }
    switch bytes[start + 1] {
    case UInt8(ascii: "/"):
      return bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    case UInt8(ascii: "*"):
      var (depth, index) = (0, start)
      while index + 1 < bytes.count {
        switch (bytes[index], bytes[index + 1]) {
        case (UInt8(ascii: "/"), UInt8(ascii: "*")): (depth, index) = (depth + 1, index + 2)
        case (UInt8(ascii: "*"), UInt8(ascii: "/")): (depth, index) = (depth - 1, index + 2)
        default: index += 1
        }
        if depth == 0 { return index }
      }
      return bytes.count
    default: return nil
    }
  }

  /// Behind the literal of one line that begins here, or at the end of the line. One of several
  /// lines is left line by line, which ends any tower within it.
  private static func endOfText(in bytes: [UInt8], from start: Int) -> Int {
    var index = start + 1
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\\"): index += 1
      case UInt8(ascii: "\""): return index + 1
      case UInt8(ascii: "\n"): return index
      default: break
      }
      index += 1
    }
    return bytes.count
  }

  /// Letters, digits, blanks, and what joins types: after anything else the parser knows that it is
  /// no type.
  private static let mayStandInType: [Bool] = (0...255).map { byte in
    let character = Character(Unicode.Scalar(UInt8(byte)))
    return byte >= 0x80 || character.isLetter || character.isNumber || character.isWhitespace
      || "_`:(),.<>?&@~-".contains(character)
  }
}
