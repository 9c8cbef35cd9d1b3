// SPDX-License-Identifier: Apache-2.0

/// A setting that has another value in another configuration.
///
/// Found by reflection, so that no setting that is added later can change without being reported.
struct SettingDifference: Equatable {
  /// As the file names it, such as `proxy.timeouts.connect`.
  let key: String
  let old: String
  let new: String

  var text: String { "\(old) -> \(new)" }

  /// All differences between two values of one type, by the names of their members.
  static func between(
    _ old: some Any, _ new: some Any, key: String, skipping names: Set<String> = []
  ) -> [SettingDifference] {
    let former = Mirror(reflecting: old)
    let latter = Mirror(reflecting: new)
    guard isGroup(old, former), isGroup(new, latter) else {
      let (oldText, newText) = (text(old), text(new))
      return oldText == newText ? [] : [SettingDifference(key: key, old: oldText, new: newText)]
    }
    return zip(former.children, latter.children).flatMap { left, right -> [SettingDifference] in
      guard let label = left.label, !names.contains(label) else { return [] }
      return between(left.value, right.value, key: "\(key).\(kebab(label))")
    }
  }

  /// A structure of settings, as opposed to one that stands for a single value.
  private static func isGroup(_ value: Any, _ mirror: Mirror) -> Bool {
    mirror.displayStyle == .struct && !(value is any CustomStringConvertible)
  }

  /// A value with all its members; equal values have equal texts, in every process.
  static func text(_ value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: return mirror.children.first.map { text($0.value) } ?? "off"
    case .collection: return "[" + mirror.children.map { text($0.value) }.joined(", ") + "]"
    case .set, .dictionary:
      // Their order is another one in each process.
      return "[" + mirror.children.map { text($0.value) }.sorted().joined(", ") + "]"
    case .enum:
      return mirror.children.first.map { "\($0.label ?? ""): \(text($0.value))" }
        ?? kebab("\(value)")
    case .struct where isGroup(value, mirror):
      let members = mirror.children.map { "\(kebab($0.label ?? "")): \(text($0.value))" }
      return "{ " + members.joined(", ") + " }"
    default: break
    }
    if let duration = value as? Duration { return duration.settingText }
    return "\(value)"
  }

  /// `requestHead` is `request-head` in the file.
  static func kebab(_ name: String) -> String {
    name.reduce(into: "") { text, character in
      if character.isUppercase { text += "-" }
      text += character.lowercased()
    }
  }
}

extension ProxyConfiguration {
  /// All settings as one text, for a hash that tells whether two configurations are the same.
  package var settingText: String { SettingDifference.text(self) }

  /// What answers a route's requests, which those are, and how its users are dealt to the sides, as
  /// one text: the same where two proxies serve it alike, whatever their shares. nil when there is
  /// no such route.
  package func serviceText(ofRoute name: String) -> String? {
    guard let route = routes.first(where: { $0.name == name }) else { return nil }
    let sides = [route.legacy, route.extracted].map { side in
      upstreams.first { $0.name == side }.map { SettingDifference.text($0) } ?? "none"
    }
    let dealing = [SettingDifference.text(route.sticky), route.group ?? route.name]
    return ([SettingDifference.text(route.match)] + dealing + sides).joined(" ")
  }

  /// `serviceText`, and the rules by which its answers are compared: what was found by others is
  /// the answer to another question.
  package func comparisonText(ofRoute name: String) -> String? {
    guard let route = routes.first(where: { $0.name == name }),
      let service = serviceText(ofRoute: name)
    else { return nil }
    let rules = route.shadow.map { SettingDifference.text($0.rules) } ?? "none"
    return [service, rules].joined(" ")
  }
}

extension [String] {
  fileprivate func joined(_ separator: String) -> String { joined(separator: separator) }
}

extension Duration {
  /// As the file writes it: `250ms`, `2s`.
  var settingText: String {
    let (seconds, attoseconds) = components
    return attoseconds == 0
      ? "\(seconds)s" : "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms"
  }
}
