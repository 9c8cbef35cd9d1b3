// SPDX-License-Identifier: Apache-2.0

/// The names of timeouts in the file; `total`, which can be off, is apart.
extension ProxyTimeouts {
  static var keys: [(String, WritableKeyPath<ProxyTimeouts, Duration>)] {
    [
      ("connect", \.connect), ("request-head", \.requestHead), ("response-head", \.responseHead),
      ("idle", \.idle), ("tunnel", \.tunnel),
      ("keep-alive", \.keepAlive), ("upstream-keep-alive", \.upstreamKeepAlive),
      ("drain", \.drain),
    ]
  }
}

/// The names of limits in the file.
extension ProxyLimits {
  static var sizeKeys: [(String, WritableKeyPath<ProxyLimits, Int>)] {
    [
      ("request-line", \.requestLine), ("field", \.field), ("head", \.head),
      ("request-body", \.requestBody), ("body-rate", \.bodyRate),
    ]
  }

  static var countKeys: [(String, WritableKeyPath<ProxyLimits, Int>)] {
    [
      ("fields", \.fields), ("client-connections", \.clientConnections),
      ("upstream-connections", \.upstreamConnections), ("upstream-queue", \.upstreamQueue),
    ]
  }
}
