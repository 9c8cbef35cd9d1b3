// SPDX-License-Identifier: Apache-2.0

/// Emphasis for a terminal; without colour the text stays as it is.
public struct TextStyle: Sendable, Equatable {
  private let usesColour: Bool

  /// Text without escape sequences.
  public static let plain = TextStyle(usesColour: false)
  /// Text with ANSI escape sequences.
  public static let coloured = TextStyle(usesColour: true)

  private init(usesColour: Bool) { self.usesColour = usesColour }

  func strong(_ text: String) -> String { wrap(text, "1") }
  func dim(_ text: String) -> String { wrap(text, "2") }
  func good(_ text: String) -> String { wrap(text, "32") }
  func warning(_ text: String) -> String { wrap(text, "33") }
  func bad(_ text: String) -> String { wrap(text, "31") }

  private func wrap(_ text: String, _ code: String) -> String {
    usesColour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
