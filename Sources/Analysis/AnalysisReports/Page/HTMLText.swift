// SPDX-License-Identifier: Apache-2.0

/// Markup that is written piece by piece. Whatever comes from sources is escaped on the way in, so
/// a name that looks like a tag stays a name.
struct HTMLText {
  private(set) var text = ""

  /// Adds markup as it is.
  mutating func markup(_ markup: String) { text += markup + "\n" }

  /// Adds an element that holds text.
  mutating func element(_ name: String, _ content: String, _ attributes: String = "") {
    text +=
      "<\(name)\(attributes.isEmpty ? "" : " " + attributes)>\(Self.escaped(content))</\(name)>\n"
  }

  /// Text without characters that mean something in markup or in attribute values, or that turn
  /// the direction of text.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in TerminalText.escaped(text).unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
