// SPDX-License-Identifier: Apache-2.0

/// A tree to be written as YAML, with comments before items.
indirect enum YAMLNode {
  case text(String)
  case number(Int)
  case truth(Bool)
  /// On one line.
  case flow(KeyValuePairs<String, YAMLNode>)
  case list([YAMLNode])
  case mapping([(key: String, value: YAMLNode)])
  /// Lines of comment that stand before it.
  case commented([String], YAMLNode)

  /// A mapping without the keys that have no value.
  static func fields(_ pairs: KeyValuePairs<String, YAMLNode?>) -> YAMLNode {
    .mapping(pairs.compactMap { key, value in value.map { (key, $0) } })
  }
}

/// Writes YAML in which no text can be taken for anything but a text.
enum YAMLText {
  static func lines(_ node: YAMLNode) -> [String] {
    switch node {
    case .mapping(let pairs):
      return pairs.flatMap { key, value in entry(scalar(key) + ":", value, indent: "  ") }
    case .list(let items): return items.flatMap { item($0) }
    case .commented(let comment, let node): return comment + lines(node)
    case .text, .number, .truth, .flow: return [inline(node)]
    }
  }

  private static func entry(_ key: String, _ value: YAMLNode, indent: String) -> [String] {
    switch value {
    case .mapping(let pairs) where pairs.isEmpty: return [key + " {}"]
    case .list(let items) where items.isEmpty: return [key + " []"]
    case .mapping, .list, .commented: return [key] + lines(value).map { indent + $0 }
    case .text, .number, .truth, .flow: return [key + " " + inline(value)]
    }
  }

  private static func item(_ node: YAMLNode) -> [String] {
    if case .commented(let comment, let node) = node { return comment + item(node) }
    let lines = lines(node)
    return lines.enumerated().map { ($0.offset == 0 ? "- " : "  ") + $0.element }
  }

  private static func inline(_ node: YAMLNode) -> String {
    switch node {
    case .text(let text): return scalar(text)
    case .number(let number): return "\(number)"
    case .truth(let truth): return truth ? "true" : "false"
    case .flow(let pairs):
      return "{ " + pairs.map { "\(scalar($0)): \(inline($1))" }.joined(separator: ", ") + " }"
    case .list(let items): return "[" + items.map(inline).joined(separator: ", ") + "]"
    case .mapping(let pairs):
      return "{ " + pairs.map { "\(scalar($0.key)): \(inline($0.value))" }.joined(separator: ", ")
        + " }"
    case .commented(_, let node): return inline(node)
    }
  }

  /// Plain only where no reader could see a number, a truth or a sign in it.
  static func scalar(_ text: String) -> String {
    if isWord(text) { return text }
    let isPrintable = text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x27 }
    if isPrintable { return "'" + text + "'" }
    return "\"" + text.unicodeScalars.map(escaped).joined() + "\""
  }

  private static func isWord(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count > 5,
      (0x41...0x5A).contains(first) || (0x61...0x7A).contains(first)
    else { return shortWords.contains(text) }
    return text.utf8.allSatisfy {
      ExpressionText.isAlphanumeric($0) || "_-./".utf8.contains($0)
    }
  }

  /// Keys that are as short as the words for truths.
  private static let shortWords: Set<String> = [
    "name", "kind", "type", "path", "port", "spec", "value", "regex", "exact", "match", "route",
    "rules", "key", "body", "prefix", "filter",
  ]

  private static func escaped(_ scalar: UnicodeScalar) -> String {
    switch scalar.value {
    case 0x22: return "\\\""
    case 0x5C: return "\\\\"
    case 0x20...0x7E: return String(scalar)
    default:
      let digits = String(scalar.value, radix: 16, uppercase: true)
      return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
  }
}
