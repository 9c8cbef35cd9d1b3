// SPDX-License-Identifier: Apache-2.0

package import JSONDocuments

/// Hides what the rules want hidden, before anything is kept.
///
/// A rule that hides a little too much costs a look at the answer itself; one that hides too little
/// cannot be mended afterwards. So case means nothing here, a pattern is also held against the bare
/// name of a member or parameter, and whatever lies within a hidden place is hidden.
package struct Redaction: Sendable {
  package static let mark = "(redacted)"

  /// Headers whose value is the address of a request.
  private static let addresses: Set<String> = ["location", "content-location"]

  private let patterns: [PathPattern]
  private let targets: [TargetPattern]

  package init(_ rules: ComparisonRules) {
    targets = rules.redact.compactMap { TargetPattern($0) }
    patterns = rules.redact.filter { TargetPattern($0) == nil }
      .map { PathPattern($0.text.lowercased()) }
  }

  var isEmpty: Bool { patterns.isEmpty && targets.isEmpty }

  // MARK: - Places in answers

  func hides(_ path: ResponsePath) -> Bool {
    if patterns.isEmpty { return false }
    // Nobody can tell what stood where the path was cut.
    if path.isCut { return true }
    var text = ""
    return path.steps.contains { step in
      text += step.text
      return hides(text, name: step.name)
    }
  }

  /// The path as far as it may be seen: names within a hidden place are hidden with it.
  func visible(_ path: ResponsePath) -> ResponsePath {
    if patterns.isEmpty || path.isOfMessage { return path }
    var text = ""
    for step in path.steps {
      text += step.text
      if hides(text, name: step.name) { return ResponsePath(text) }
    }
    return path
  }

  private func hides(_ path: String, name: String?) -> Bool {
    let texts = [path] + (name.map(Self.names) ?? [])
    return patterns.contains { pattern in texts.contains { pattern.matches($0.lowercased()) } }
  }

  /// A name, and the part behind its last dot, each also as if it stood within something.
  private static func names(_ name: String) -> [String] {
    let last = name.split(separator: ".").last.map(String.init) ?? name
    return (last == name ? [name] : [name, last]).flatMap { [$0, "." + $0] }
  }

  /// The value without anything that a rule hides, however deep.
  package func value(_ value: JSONValue, at path: ResponsePath) -> JSONValue {
    guard !isEmpty else { return value }
    return hides(path.shown) ? .string(Self.mark) : below(value, at: path)
  }

  /// `path` itself is not hidden.
  private func below(_ value: JSONValue, at path: ResponsePath) -> JSONValue {
    switch value {
    case .object(let members):
      return .object(
        Dictionary(
          uniqueKeysWithValues: members.map { name, value in
            let member = path.member(name)
            let isHidden = member.isCut || hides(member.description, name: name)
            return (name, isHidden ? .string(Self.mark) : below(value, at: member))
          }))
    case .array(let elements):
      let place = path.elements
      let isHidden = place.isCut || hides(place.description, name: nil)
      return .array(elements.map { isHidden ? .string(Self.mark) : below($0, at: place) })
    case .null, .bool, .number, .string:
      return value
    }
  }

  /// The value of a header.
  package func header(_ name: String, _ value: String) -> String {
    if hides(.header(name)) { return Self.mark }
    guard !isEmpty, Self.addresses.contains(name.lowercased()) else { return value }
    // The part behind `#` is the client's own, and may hold anything.
    let value = value.prefix { $0 != "#" }
    // An authority is named at the beginning, or behind the scheme; any other `//` is data.
    let end = value.firstIndex { $0 == "/" || $0 == "?" } ?? value.endIndex
    let isAuthority =
      value[end...].hasPrefix("//") && (end == value.startIndex || value[..<end].hasSuffix(":"))
    guard isAuthority else { return reference(value) }
    let host = value.index(end, offsetBy: 2)
    let path = value[host...].firstIndex { $0 == "/" || $0 == "?" }
    return path.map { value[..<$0] + reference(value[$0...]) } ?? String(value)
  }

  private func reference(_ reference: Substring) -> String {
    let isKnown = targets.isEmpty || reference.hasPrefix("/") || reference.hasPrefix("?")
    return isKnown ? target(String(reference)) : Self.mark
  }

  // MARK: - Requests

  /// A request's path and query without what is hidden: segments that have a name in a rule become
  /// that name, values of parameters a mark.
  package func target(_ target: String) -> String {
    guard !isEmpty else { return target }
    // The part behind `#` is the client's own, and no server gets it.
    let target = target.prefix { $0 != "#" }
    let end = target.firstIndex(of: "?") ?? target.endIndex
    let path = TargetPattern.redact(target[..<end], by: targets)
    return end == target.endIndex ? path : path + "?" + query(target[target.index(after: end)...])
  }

  private func query(_ query: Substring) -> String {
    if patterns.isEmpty { return String(query) }
    var shown = ""
    var rest = query
    while true {
      let parameter = rest.prefix { $0 != "&" && $0 != ";" }
      let name = parameter.prefix { $0 != "=" }
      shown += hidesParameter(String(name)) ? name + "=" + Self.mark : parameter
      rest = rest[parameter.endIndex...]
      guard let separator = rest.first else { return shown }
      shown.append(separator)
      rest = rest.dropFirst()
    }
  }

  private func hidesParameter(_ name: String) -> Bool {
    // An escaped name could be any name.
    if name.contains("%") || name.contains("+") { return true }
    // `user[email]` is the email of a user.
    let parts = name.split { $0 == "[" || $0 == "]" }.map(String.init)
    return hides("query:" + name, name: name)
      || parts.contains { hides("query:" + $0, name: $0) }
  }
}
