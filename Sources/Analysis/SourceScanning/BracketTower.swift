// SPDX-License-Identifier: Apache-2.0

/// Nested opening brackets that the parser would need hours for: it decides for each whether an
/// array or a type begins, and each decision doubles the work.
enum BracketTower {
  /// Nested `[` without anything between them that ends a type.
  static let limit = 16

  /// Offset of the first bracket above the limit.
  static func place(in bytes: [UInt8]) -> UInt32? {
    var height = 0
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case UInt8(ascii: "["):
        height += 1
        if height > limit { return UInt32(index) }
      case UInt8(ascii: "]"): height = max(0, height - 1)
      default: if height > 0, !mayStandInType[Int(byte)] { height = 0 }
      }
    }
    return nil
  }

  static func stands(in bytes: [UInt8]) -> Bool { place(in: bytes) != nil }

  /// Letters, digits, blanks, and what joins types: after anything else the parser knows that it is
  /// no type.
  private static let mayStandInType: [Bool] = (0...255).map { byte in
    let character = Character(Unicode.Scalar(UInt8(byte)))
    return byte >= 0x80 || character.isLetter || character.isNumber || character.isWhitespace
      || "_`:(),.<>?&@~-".contains(character)
  }
}
