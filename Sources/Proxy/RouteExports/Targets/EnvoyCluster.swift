// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import RoutingDecisions

/// An upstream as a cluster of Envoy. One that cannot be reached has no endpoints, for which Envoy
/// answers 503.
struct EnvoyCluster {
  private let plan: ExportPlan
  private let upstream: UpstreamConfiguration
  private let endpoints: [NetworkAddress]

  init(_ plan: ExportPlan, _ upstream: UpstreamConfiguration) {
    self.plan = plan
    self.upstream = upstream
    endpoints = plan.endpoints(of: upstream) ?? []
  }

  var node: YAMLNode {
    let hasNames = endpoints.contains { !ExportPlan.isAddress($0.host) }
    let isLeast = upstream.policies.balance == .leastRequests
    let tls = endpoints.isEmpty ? nil : upstream.tls
    return .fields([
      "name": .text(upstream.name), "type": .text(hasNames ? "STRICT_DNS" : "STATIC"),
      "connect_timeout": .text(ExportTime.seconds(plan.configuration.timeouts.connect)),
      "lb_policy": .text(isLeast ? "LEAST_REQUEST" : "ROUND_ROBIN"),
      "dns_refresh_rate":
        hasNames ? .text(ExportTime.seconds(upstream.policies.resolveEvery)) : nil,
      "load_assignment": .fields([
        "cluster_name": .text(upstream.name),
        "endpoints": .list([
          .mapping([
            (
              "lb_endpoints",
              .list(
                endpoints.map {
                  .flow(["endpoint": .flow(["address": EnvoyExport.address($0)])])
                })
            )
          ])
        ]),
      ]),
      "typed_extension_protocol_options": upstream.wireProtocol == .http2 ? http2 : nil,
      "transport_socket": tls.map { EnvoyTLS.upstream($0, host: endpoints.first?.host ?? "") },
    ])
  }

  private var http2: YAMLNode {
    .mapping([
      (
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        EnvoyExport.typed(
          "upstreams.http.v3.HttpProtocolOptions",
          [("explicit_http_config", .mapping([("http2_protocol_options", .mapping([]))]))])
      )
    ])
  }
}

/// TLS as Envoy's transport sockets.
enum EnvoyTLS {
  /// Where systems of Debian's kind keep the authorities they trust.
  private static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

  static func listener(_ tls: ListenerTLS) -> YAMLNode? {
    guard let certificate = tls.certificates.first else { return nil }
    var common: [(key: String, value: YAMLNode)] = [
      ("alpn_protocols", .list([.text("h2"), .text("http/1.1")])),
      ("tls_params", minimum(tls.minimumVersion)),
      ("tls_certificates", .list([pair(certificate.certificate, certificate.key)])),
    ]
    if let authorities = tls.clientCA {
      common.append(("validation_context", .mapping([("trusted_ca", file(authorities))])))
    }
    return socket(
      "DownstreamTlsContext",
      [
        ("common_tls_context", .mapping(common)),
        ("require_client_certificate", .truth(tls.clientCA != nil)),
      ])
  }

  static func upstream(_ tls: UpstreamTLS, host: String) -> YAMLNode {
    let name = tls.serverName ?? host
    let isAddress = ExportPlan.isAddress(name)
    var common: [(key: String, value: YAMLNode)] = [("tls_params", minimum(tls.minimumVersion))]
    if let certificate = tls.certificate, let key = tls.key {
      common.append(("tls_certificates", .list([pair(certificate, key)])))
    }
    if tls.verify {
      let names = YAMLNode.mapping([
        ("san_type", .text(isAddress ? "IP_ADDRESS" : "DNS")),
        ("matcher", .mapping([("exact", .text(name))])),
      ])
      common.append(
        (
          "validation_context",
          .mapping([
            ("trusted_ca", file(tls.ca ?? systemAuthorities)),
            ("match_typed_subject_alt_names", .list([names])),
          ])
        ))
    }
    let asked: [(key: String, value: YAMLNode)] = isAddress ? [] : [("sni", .text(name))]
    return socket("UpstreamTlsContext", asked + [("common_tls_context", .mapping(common))])
  }

  private static func socket(
    _ context: String, _ fields: [(key: String, value: YAMLNode)]
  ) -> YAMLNode {
    .mapping([
      ("name", .text("envoy.transport_sockets.tls")),
      ("typed_config", EnvoyExport.typed("transport_sockets.tls.v3.\(context)", fields)),
    ])
  }

  private static func pair(_ certificate: String, _ key: String) -> YAMLNode {
    .mapping([("certificate_chain", file(certificate)), ("private_key", file(key))])
  }

  private static func file(_ path: String) -> YAMLNode { .flow(["filename": .text(path)]) }

  private static func minimum(_ version: TLSVersion) -> YAMLNode {
    .flow(["tls_minimum_protocol_version": .text(version == .v1_3 ? "TLSv1_3" : "TLSv1_2")])
  }
}
