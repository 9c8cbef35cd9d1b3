// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import RoutingDecisions

/// What holds for all targets: settings that none of them is told, a sentence each.
extension ExportPlan {
  mutating func noteSettings() {
    noteRouteSettings()
    noteUpstreamSettings()
    noteProxySettings()
    let exported =
      switch format {
      case .nginx: "those of heads and bodies are kept, and all other limits"
      case .envoy: "those of a whole head and of its fields are kept, and all other limits"
      case .haproxy, .gatewayAPI: "limits of sizes, rates and connections"
      }
    note(.handling, "limits", "\(exported) are \(format.product)'s own")
  }

  private mutating func noteRouteSettings() {
    let split = routes.map(\.route).filter { $0.extracted != nil && $0.percent > .zero }
    if split.contains(where: { $0.fallback == .safeMethods }) {
      note(.handling, "fallback", "legacy does not answer for an extracted side that fails")
    }
    let shadowed = configuration.routes.filter { $0.shadow.map { $0.mode != .off } ?? false }
    if !shadowed.isEmpty { note(.handling, "shadow", "no copies of requests are sent") }
    if configuration.routes.contains(where: \.retriesWrites) {
      note(.handling, "retry-writes", "writes with an Idempotency-Key are not sent again")
    }
    if !configuration.cutovers.isEmpty {
      note(.handling, "cutovers", "no plan moves routes; their shares are those of the file")
    }
  }

  private mutating func noteUpstreamSettings() {
    let policies = upstreams.map(\.policies)
    if upstreams.contains(where: { configuration.breakerRules(of: $0) != nil }) {
      note(.handling, "breaker", "there is no circuit breaker")
    }
    if upstreams.contains(where: { $0.ejectionRules != nil }) {
      note(.handling, "ejection", "endpoints that fail are treated as is usual with the target")
    }
    if policies.contains(where: { $0.retries != .off }) {
      note(
        .handling, "retries", "requests are sent again as is usual with the target, without budget")
    }
    if policies.contains(where: { $0.bulkhead != nil }) {
      note(.handling, "in-flight", "requests under way are not limited for an upstream")
    }
    if policies.contains(where: { $0.healthCheck != nil }) {
      note(.handling, "health-check", "endpoints are not checked apart from the traffic")
    }
    if policies.contains(where: { $0.balance == .consistentHash }) {
      note(.handling, "balance", "consistent-hash is not kept: endpoints take turns")
    }
    let names = upstreams.contains { upstream in
      endpoints(of: upstream)?.contains { !Self.isAddress($0.host) } ?? false
    }
    if names, format == .nginx || format == .haproxy {
      note(.handling, "resolve-every", "host names of endpoints are looked up at the start alone")
    }
  }

  private mutating func noteProxySettings() {
    if !configuration.trusted.isEmpty {
      note(
        .routing, "trusted",
        format == .gatewayAPI
          ? "who is believed is for the implementation to say"
          : "nobody is believed: what proxies in front say of the client is replaced, and the "
            + "address that users are dealt by is the peer's")
    }
    if !configuration.internalHeaders.isEmpty {
      note(
        configuration.trusted.isEmpty ? .handling : .routing, "internal-headers",
        "the fields are removed from all requests, trusted peers' included")
    }
    if configuration.admin != nil {
      note(.handling, "admin", "there is no admin API and no console")
    }
    if configuration.journal != nil { note(.handling, "journal", "nothing is written down") }
    if configuration.accessLog != nil {
      note(.handling, "access-log", "requests are logged as is usual with the target")
    }
    if configuration.tracing != nil {
      note(.handling, "tracing", "trace fields pass as they come, and no spans are sent")
    }
  }

  static func isAddress(_ host: String) -> Bool { IPAddress(parsing: host) != nil }
}

/// Where the target listens.
extension ExportPlan {
  /// TLS of the listener where the target can be told; else it listens on loopback alone.
  var listenerTLS: ListenerTLS? {
    guard let tls = configuration.tls, tls.certificates.count == 1, format != .haproxy,
      (tls.certificates.flatMap { [$0.certificate, $0.key] } + [tls.clientCA ?? ""])
        .allSatisfy(ExportText.isPlain)
    else { return nil }
    return tls
  }

  /// What should be encrypted and cannot be is not offered to other machines.
  var listenAddress: NetworkAddress {
    let address = configuration.listen
    return configuration.tls == nil || listenerTLS != nil
      ? address : NetworkAddress(host: "127.0.0.1", port: address.port)
  }

  mutating func noteTransport() {
    guard let tls = configuration.tls else { return }
    if format == .gatewayAPI {
      return note(.handling, "tls", "the listener belongs to the Gateway, not to its routes")
    }
    guard listenerTLS != nil else {
      return note(
        .handling, "tls",
        (format == .haproxy
          ? "HAProxy wants a certificate and its key in one file"
          : "several certificates, and files with names that need quotes, are not exported")
          + ": it listens in clear, and on 127.0.0.1 alone")
    }
    if tls.ciphers != nil || tls.cipherSuites != nil {
      note(.handling, "tls.ciphers", "suites are chosen by \(format.product)")
    }
  }
}
