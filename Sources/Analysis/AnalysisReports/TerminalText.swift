// SPDX-License-Identifier: Apache-2.0

/// Text that people read, made of text that somebody else wrote: names of files and types,
/// literals, messages about them.
///
/// A file name may hold escape sequences that move the cursor, clear the screen or set the title of
/// a terminal; line breaks that forge lines; marks that turn the direction of what follows around,
/// so that code reads as other code. None of these leave this library but as text.
package enum TerminalText {
  /// What is no plain text, written as Swift writes it in a literal: `\n`, `\u{1B}`.
  ///
  /// - Parameter keepingLines: leaves line breaks as they are, for texts of several lines.
  package static func escaped(_ text: String, keepingLines: Bool = false) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n" where keepingLines: escaped += "\n"
      case "\n": escaped += "\\n"
      case "\r": escaped += "\\r"
      case "\t": escaped += "\\t"
      case _ where isUnsafe(scalar):
        escaped += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// Text of several lines as a terminal may get it: colours, tabs and line breaks go through,
  /// every other control is made visible.
  package static func shown(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { isUnsafe($0) && $0 != "\n" }) else { return text }
    var shown = ""
    var rest = text.unicodeScalars[...]
    while let next = rest.first {
      if let sequence = colourSequence(rest) {
        shown.unicodeScalars.append(contentsOf: sequence)
        rest = rest[sequence.endIndex...]
        continue
      }
      shown += next == "\n" || next == "\t" ? String(next) : escaped(String(next))
      rest = rest.dropFirst()
    }
    return shown
  }

  /// What colours and weights are written as. Another one hides text, or blinks.
  private static let harmless: Set<String> = Set(
    ["", "0", "1", "2", "22", "39"] + (30...37).map { "\($0)" })

  /// `ESC [ 1 ; 31 m` at the beginning of a text.
  private static func colourSequence(
    _ text: Substring.UnicodeScalarView
  ) -> Substring.UnicodeScalarView? {
    guard text.starts(with: "\u{1B}[".unicodeScalars) else { return nil }
    let parameters = text.dropFirst(2).prefix { ("0"..."9").contains($0) || $0 == ";" }
    guard text[parameters.endIndex...].first == "m",
      String(parameters).split(separator: ";", omittingEmptySubsequences: false)
        .allSatisfy({ harmless.contains(String($0)) })
    else { return nil }
    return text[..<text.index(after: parameters.endIndex)]
  }

  /// Controls of terminals and of text direction, separators of lines, and marks that show nothing.
  /// The two joiners belong to words of many languages and to emoji.
  package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x7F { return scalar.value < 0x20 }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    case .format: return scalar != "\u{200C}" && scalar != "\u{200D}"
    default: return false
    }
  }

  /// Lines as one text that ends with a line break. Whatever stands in a line stays in it.
  static func document(_ lines: [String], _ style: TextStyle) -> String {
    lines.map { style.rendered(escaped($0)) + "\n" }.joined()
  }

  /// The same for sections with an empty line between them; empty sections are left out.
  package static func document(sections: [[String]], _ style: TextStyle) -> String {
    document(Array(sections.filter { !$0.isEmpty }.joined(separator: [""])), style)
  }
}
