// SPDX-License-Identifier: Apache-2.0

/// The hosts a route takes: one name, or every name below one (`*.shop.example`), in any case and
/// with any port.
public struct HostPattern: Sendable, Hashable, CustomStringConvertible {
  /// The name in lower case, without `*.` and without a final dot.
  public let name: String
  /// Whether it takes the names below `name` instead of `name` itself.
  public let takesSubdomains: Bool

  /// Parses a pattern; nil when the text is neither a host nor `*.` and a host.
  public init?(parsing text: String) {
    takesSubdomains = text.hasPrefix("*.")
    var rest = takesSubdomains ? text.dropFirst(2) : text[...]
    if rest.hasSuffix("."), !takesSubdomains { rest = rest.dropLast() }
    guard let address = NetworkAddress(parsing: String(rest) + ":0") else { return nil }
    name = address.host.lowercased()
  }

  /// The pattern's text.
  public var description: String { takesSubdomains ? "*." + name : name }
}
