// SPDX-License-Identifier: Apache-2.0

/// Where a user's key is found in a request.
///
/// Only the key's bytes are hashed, not where they came from: a user known by header in the
/// mobile client and by cookie in the browser stays on one side if both carry the same id.
public enum StickyKey: Sendable, Hashable, CustomStringConvertible {
  /// The first non-empty value of this header field.
  case header(String)
  /// The first non-empty value of this cookie.
  case cookie(String)
  /// The client's address as the proxy sees it, without port.
  case clientAddress

  /// The form of the configuration file: `header x-user-id`, `cookie session`, `client-address`.
  public var description: String {
    switch self {
    case .header(let name): "header \(name)"
    case .cookie(let name): "cookie \(name)"
    case .clientAddress: "client-address"
    }
  }
}
