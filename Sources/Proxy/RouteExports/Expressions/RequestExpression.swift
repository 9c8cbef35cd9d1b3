// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

/// What strangler refuses with 400 before it looks for a route, as regular expressions: a target
/// that took such requests would route one thing and forward another.
enum RequestExpression {
  /// Found in a path, as it came, that a server behind could read as another one.
  static let ambiguousPath: String = {
    let dots = "(?:\\.|%2[Ee])(?:\\.|%2[Ee])?"
    let end = "(?:[/;?]|%3[Bb]|$)"
    let control = "%[01][0-9A-Fa-f]|%7[Ff]"
    let separator = "%2[Ff]|%5[Cc]|\\x5C"
    let broken = "%(?:[^0-9A-Fa-f]|[0-9A-Fa-f][^0-9A-Fa-f]|[0-9A-Fa-f]?$)"
    return ["//", "/\(dots)\(end)", control, separator, broken, "[^!-~]"].joined(separator: "|")
  }()

  /// All of a `Host` that can be one: a name or an address with or without a port.
  static let host =
    "(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9\\-._~%!\\x24&\\x27()*+,;=]+)(?::[0-9]{0,5})?"
}

/// The hosts of a pattern as an expression over the whole lower-case host without port.
struct HostExpression {
  private let pattern: HostPattern

  init(_ pattern: HostPattern) { self.pattern = pattern }

  var text: String {
    let name = pattern.name
    if name.contains(":") { return "\\[" + ExpressionText.literal(name) + "\\]" }
    let below = pattern.takesSubdomains ? ".+\\." : ""
    return below + ExpressionText.literal(name) + "\\.?"
  }
}
