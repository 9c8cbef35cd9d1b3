// SPDX-License-Identifier: Apache-2.0

/// Emphasis for a terminal; without colour the text stays as it is.
///
/// While lines are put together, emphasis is a mark of one character. It becomes an escape sequence
/// when the document is whole, after everything else that looks like one was made harmless.
public struct TextStyle: Sendable, Equatable {
  private let usesColour: Bool

  /// Text without escape sequences.
  public static let plain = TextStyle(usesColour: false)
  /// Text with ANSI escape sequences.
  public static let coloured = TextStyle(usesColour: true)

  private init(usesColour: Bool) { self.usesColour = usesColour }

  package func strong(_ text: String) -> String { marked(text, .strong) }
  package func dim(_ text: String) -> String { marked(text, .dim) }
  package func good(_ text: String) -> String { marked(text, .good) }
  package func warning(_ text: String) -> String { marked(text, .warning) }
  package func bad(_ text: String) -> String { marked(text, .bad) }

  /// Characters that Unicode keeps for the inside of programs.
  private enum Mark: UInt32, CaseIterable {
    case end = 0xFDD0
    case strong, dim, good, warning, bad

    var sequence: String {
      switch self {
      case .end: "\u{1B}[0m"
      case .strong: "\u{1B}[1m"
      case .dim: "\u{1B}[2m"
      case .good: "\u{1B}[32m"
      case .warning: "\u{1B}[33m"
      case .bad: "\u{1B}[31m"
      }
    }

    var text: String { Unicode.Scalar(rawValue).map { String(Character($0)) } ?? "" }
  }

  private func marked(_ text: String, _ mark: Mark) -> String {
    usesColour ? mark.text + text + Mark.end.text : text
  }

  /// A line with the sequences that its marks stand for.
  func rendered(_ line: String) -> String {
    guard line.unicodeScalars.contains(where: { Mark(rawValue: $0.value) != nil }) else {
      return line
    }
    var text = ""
    var isOpen = false
    for scalar in line.unicodeScalars {
      if let mark = Mark(rawValue: scalar.value) {
        // Where there is no colour, somebody else wrote the mark: it means nothing.
        if usesColour { text += mark.sequence }
        isOpen = mark != .end
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return usesColour && isOpen ? text + Mark.end.sequence : text
  }
}
