// SPDX-License-Identifier: Apache-2.0

/// Where one instance of a service listens.
public struct ServiceEndpoint: Sendable, Hashable, CustomStringConvertible {
  /// `http` or `https`.
  public let scheme: String
  /// A name or an address, an IPv6 one without brackets.
  public let host: String
  /// The port.
  public let port: Int

  /// Creates an endpoint.
  public init(scheme: String = "http", host: String, port: Int) {
    self.scheme = scheme
    self.host = host
    self.port = port
  }

  /// Reads `http://orders.internal:8080` or `https://[::1]`; the port is the scheme's when it is
  /// left out.
  ///
  /// - Returns: nil for anything else, a path included.
  public init?(_ url: String) {
    let defaults = ["http": 80, "https": 443]
    guard let colon = url.firstRange(of: "://"),
      let usual = defaults[url[..<colon.lowerBound].lowercased()]
    else { return nil }
    var authority = url[colon.upperBound...]
    if authority.hasSuffix("/") { authority.removeLast() }
    let host: Substring
    let rest: Substring
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      host = authority[authority.index(after: authority.startIndex)..<end]
      rest = authority[authority.index(after: end)...]
    } else {
      host = authority.prefix { $0 != ":" }
      rest = authority[host.endIndex...]
    }
    guard !host.isEmpty, !host.contains(where: { "/?#@ ".contains($0) }) else { return nil }
    if rest.isEmpty {
      port = usual
    } else {
      guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
      self.port = Int(port)
    }
    scheme = usual == 443 ? "https" : "http"
    self.host = String(host)
  }

  /// As a URL without a path.
  public var description: String {
    host.contains(":") ? "\(scheme)://[\(host)]:\(port)" : "\(scheme)://\(host):\(port)"
  }
}
