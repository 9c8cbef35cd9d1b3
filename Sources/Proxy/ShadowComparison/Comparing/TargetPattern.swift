// SPDX-License-Identifier: Apache-2.0

/// `path:/reset/{token}`: segments of a request's path that nobody may keep.
///
/// Segments in braces are hidden, and what is kept is their name. `*` is any segment, `**` any
/// number of them, and what lies below the last one may be anything. Case and escapes mean nothing.
struct TargetPattern: Sendable {
  private static let prefix = "path:"

  private let segments: [String]

  /// nil for a pattern about something else.
  init?(_ pattern: PathPattern) {
    guard pattern.text.hasPrefix(Self.prefix) else { return nil }
    segments = pattern.text.dropFirst(Self.prefix.count).split(separator: "/").map {
      Self.isName($0) ? String($0) : $0.lowercased()
    }
  }

  /// Whether it hides anything, by a way that is looked for quickly.
  var isSound: Bool {
    segments.contains { Self.isName($0[...]) } && segments.count { $0 == "**" } <= 1
  }

  private static func isName(_ segment: Substring) -> Bool {
    segment.hasPrefix("{") && segment.hasSuffix("}") && segment.count > 2
  }

  /// The path with names in place of what any of the patterns hides.
  static func redact(_ path: Substring, by patterns: [TargetPattern]) -> String {
    if patterns.isEmpty { return String(path) }
    var segments = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    // Empty ones stand before the first slash, behind the last, and between two.
    let places = segments.indices.filter { !segments[$0].isEmpty }
    let texts = places.map { PercentCoding.decoded(segments[$0]).lowercased() }
    for pattern in patterns {
      for (place, name) in match(pattern.segments[...], texts[...]) ?? [:] {
        segments[places[place]] = name
      }
    }
    return segments.joined(separator: "/")
  }

  /// The names of hidden segments by their number; nil when the path is another one.
  private static func match(
    _ pattern: ArraySlice<String>, _ path: ArraySlice<String>
  ) -> [Int: String]? {
    guard let first = pattern.first else { return [:] }
    let rest = pattern.dropFirst()
    if first == "**" {
      return (path.startIndex...path.endIndex).lazy.compactMap { match(rest, path[$0...]) }.first
    }
    guard let segment = path.first, var found = match(rest, path.dropFirst()) else { return nil }
    if isName(first[...]) {
      found[path.startIndex] = first
      return found
    }
    return first == "*" || first == segment ? found : nil
  }
}

extension ComparisonRules {
  /// What a rule of `redact` looks like, for messages.
  public static let expectedRedaction =
    "a path such as \"**email\", \"query:token\" or \"path:/reset/{token}\""

  /// A rule of `redact`; nil when it is empty, or begins with `path:` and hides no segment.
  public static func redaction(_ text: String) -> PathPattern? {
    let pattern = PathPattern(text)
    guard let target = TargetPattern(pattern) else { return text.isEmpty ? nil : pattern }
    return target.isSound ? pattern : nil
  }

  /// The name under which a request is reported, `EndpointName`, without what is hidden.
  public func endpoint(method: String, target: String) -> String {
    EndpointName.of(method: method, target: Redaction(self).target(target))
  }
}
