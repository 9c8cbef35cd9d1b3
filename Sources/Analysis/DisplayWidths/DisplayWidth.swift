// SPDX-License-Identifier: Apache-2.0

/// How wide a terminal shows a text.
package enum DisplayWidth {
  /// Columns that a terminal takes for a text, as UAX #11 counts them: two for a character of an
  /// East Asian script or an emoji, none for a mark on the one before it.
  package static func columns(of text: some StringProtocol) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    return text.reduce(0) { $0 + columns(of: $1) }
  }

  private static func columns(of character: Character) -> Int {
    var columns = 0
    for scalar in character.unicodeScalars {
      let isEmoji = scalar.properties.isEmojiPresentation
      if isEmoji || isWide(scalar) { return 2 }
      // Asks for the picture of what is a sign of text else.
      if scalar == "\u{FE0F}", character.unicodeScalars.first?.properties.isEmoji == true,
        character.unicodeScalars.first?.isASCII == false
      {
        return 2
      }
      if !isMark(scalar) { columns = 1 }
    }
    return columns
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: true
    default: false
    }
  }

  /// Blocks of characters that are as wide as they are high, first and last.
  private static let wideBlocks: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
    0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
    0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF,
    0x1F200...0x1F265, 0x20000...0x2FFFD, 0x30000...0x3FFFD,
  ]

  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value >= 0x1100 && wideBlocks.contains { $0.contains(scalar.value) }
  }
}
