// SPDX-License-Identifier: Apache-2.0

/// Hides what the rules want hidden, before anything is kept.
struct Redaction {
  static let mark = "(redacted)"

  private let patterns: [PathPattern]

  init(_ rules: ComparisonRules) { patterns = rules.redact }

  var isEmpty: Bool { patterns.isEmpty }

  private var hidesParameters: Bool { patterns.contains { $0.text.hasPrefix("query:") } }

  func hides(_ path: ResponsePath) -> Bool { patterns.contains { $0.matches(path) } }

  /// The value without anything that a rule hides, however deep.
  func value(_ value: JSONValue, at path: ResponsePath) -> JSONValue {
    guard !isEmpty else { return value }
    if hides(path.shown) { return .string(Self.mark) }
    switch value {
    case .object(let members):
      return .object(
        Dictionary(
          uniqueKeysWithValues: members.map { ($0, self.value($1, at: path.member($0))) }))
    case .array(let elements):
      return .array(elements.map { self.value($0, at: path.elements) })
    case .null, .bool, .number, .string:
      return value
    }
  }

  /// A request target without the values of hidden parameters.
  func target(_ target: String) -> String {
    guard !isEmpty, let mark = target.firstIndex(of: "?") else { return target }
    let parameters = target[target.index(after: mark)...]
      .split(separator: "&", omittingEmptySubsequences: false)
      .map { parameter in
        let name = parameter.prefix { $0 != "=" }
        // An escaped name could be any name.
        let isHidden =
          hides(ResponsePath("query:" + name)) || (name.contains("%") && hidesParameters)
        return isHidden ? name + "=" + Self.mark : parameter
      }
    return target[...mark] + parameters.joined(separator: "&")
  }
}
