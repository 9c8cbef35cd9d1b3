// SPDX-License-Identifier: Apache-2.0

/// What clients speak to the proxy; the origins always speak HTTP/1.1 in clear text.
enum ClientProtocol: String, Codable, CaseIterable {
  case http1 = "HTTP/1.1 in clear"
  case http1TLS = "HTTP/1.1 over TLS"
  case http2 = "HTTP/2 in clear"
  case http2TLS = "HTTP/2 over TLS"

  var isTLS: Bool { self == .http1TLS || self == .http2TLS }
  var isHTTP2: Bool { self == .http2 || self == .http2TLS }

  /// Connections of a load.
  var connections: Int { isHTTP2 ? 10 : 64 }
  /// Requests that each of them has under way.
  var streams: Int { isHTTP2 ? 10 : 1 }

  /// In the words of ALPN.
  var applicationProtocol: String { isHTTP2 ? "h2" : "http/1.1" }
}
