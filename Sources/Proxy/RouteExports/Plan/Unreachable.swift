// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

/// Texts that stand in exported files as they are.
enum ExportText {
  static let signs = "/._-+@:~="

  /// Nothing in it means anything to a target.
  static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { ExpressionText.isAlphanumeric($0) || signs.utf8.contains($0) }
  }
}

extension UpstreamTLS {
  var isPlain: Bool {
    [serverName, ca, certificate, key].compactMap(\.self).allSatisfy(ExportText.isPlain)
  }
}

/// Upstreams that a target cannot reach as strangler does.
enum Unreachable {
  /// Why; nil when it can.
  static func reason(_ upstream: UpstreamConfiguration, _ format: ExportFormat) -> String? {
    if case .module(let name) = upstream.target {
      return "the module \(name) lives in strangler's process"
    }
    if let service = upstream.service {
      return "instances of \(service) register with strangler"
    }
    if upstream.composition != nil { return "its answers are composed of several by strangler" }
    if let tls = upstream.tls, !tls.isPlain {
      return "names and files of its TLS hold more than letters, digits and \(ExportText.signs)"
    }
    switch format {
    case .nginx:
      if upstream.wireProtocol == .http2 { return "nginx speaks no HTTP/2 with upstreams" }
      return upstream.tls == nil ? nil : "TLS towards upstreams is not exported for nginx"
    case .haproxy: return upstream.tls.flatMap { haproxy($0, upstream) }
    case .envoy: return upstream.tls.flatMap { envoy($0, upstream) }
    case .gatewayAPI:
      return upstream.tls == nil ? nil : "TLS towards upstreams is no part of an HTTPRoute"
    }
  }

  private static func haproxy(_ tls: UpstreamTLS, _ upstream: UpstreamConfiguration) -> String? {
    if tls.certificate != nil {
      return "HAProxy wants a certificate and its key for the upstream in one file"
    }
    guard tls.verify, case .network(let endpoints) = upstream.target,
      endpoints.contains(where: { ExportPlan.isAddress(tls.serverName ?? $0.host) })
    else { return nil }
    return "HAProxy asks for names that servers prove, not for addresses"
  }

  /// A cluster has one name that its servers prove.
  private static func envoy(_ tls: UpstreamTLS, _ upstream: UpstreamConfiguration) -> String? {
    guard tls.verify, tls.serverName == nil, case .network(let endpoints) = upstream.target,
      Set(endpoints.map(\.host)).count > 1
    else { return nil }
    return "its endpoints prove different names, and an Envoy cluster asks for one"
  }
}
