// SPDX-License-Identifier: Apache-2.0

/// Header fields that a sent request or a recording takes over, and those it does not.
package enum CarriedFields {
  /// Fields of one connection (RFC 9110, section 7.6.1), and those that the client sets anew.
  private static let ofConnection: Set<String> = [
    "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    "host", "content-length", "expect",
  ]
  /// With these a side may answer without a body, or with one that cannot be read.
  private static let hidingBodies: Set<String> = [
    "accept-encoding", "if-match", "if-modified-since", "if-none-match", "if-range",
    "if-unmodified-since", "range",
  ]
  private static let credentials: Set<String> = [
    "api-key", "apikey", "authorization", "cookie", "proxy-authorization", "set-cookie",
    "x-access-token", "x-api-key", "x-auth-token", "x-amz-security-token", "x-csrf-token",
    "x-forwarded-client-cert", "x-xsrf-token",
  ]

  /// Whether a request that is sent again has the field; browsers record HTTP/2's own as `:path`.
  package static func isReplayed(_ name: String) -> Bool {
    let name = name.lowercased()
    return !name.hasPrefix(":") && !ofConnection.contains(name) && !hidingBodies.contains(name)
  }

  package static func isForwarded(_ name: String) -> Bool {
    !ofConnection.contains(name.lowercased())
  }

  /// Some servers do not tell an underscore from a hyphen.
  package static func isCredential(_ name: String) -> Bool {
    credentials.contains(String(name.lowercased().map { $0 == "_" ? "-" : $0 }))
  }
}
