// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Where a side answers: `http://127.0.0.1:9001`, with a path in front of all targets if need be.
public struct BaseAddress: Sendable, Equatable, CustomStringConvertible {
  /// What an address looks like, for messages.
  public static let expected =
    "an address such as http://127.0.0.1:9001 or https://shop.example/base"

  /// The address without a slash at its end.
  public let description: String

  /// Parses an address; nil when it has no scheme and host, or has a query or a user in it.
  public init?(parsing text: String) {
    guard let parts = URLComponents(string: text),
      let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
      let host = parts.host, !host.isEmpty, parts.query == nil, parts.fragment == nil,
      parts.user == nil, parts.password == nil
    else { return nil }
    var address = text
    while address.hasSuffix("/") { address.removeLast() }
    description = address
  }

  /// The URL of a request's target.
  func url(of target: String) -> String { description + target }

  /// The part of a URL behind the address; nil when it lies elsewhere.
  package func target(of url: String) -> String? {
    let text = description
    guard url.lowercased().hasPrefix(text.lowercased()) else { return nil }
    let rest = url.dropFirst(text.count).prefix { $0 != "#" }
    if rest.isEmpty { return "/" }
    if rest.hasPrefix("?") { return "/" + rest }
    return rest.hasPrefix("/") ? String(rest) : nil
  }
}
