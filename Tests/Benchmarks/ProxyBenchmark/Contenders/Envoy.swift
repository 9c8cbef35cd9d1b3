// SPDX-License-Identifier: Apache-2.0

struct Envoy: Contender {
  enum Work {
    /// Half of the users on each side.
    case split
    /// Everything to legacy, and copies of a share of it to the extracted side; nil copies nothing.
    case mirror(percent: Int?)
  }

  var name = "Envoy"
  let program: String
  var work = Work.split
  /// Of the extracted side; nil takes the origin's other port.
  var port: UInt16?
  let versionArguments = ["--version"]
  var runsUnderValgrind: Bool { false }

  func prepare(_ task: ProxyTask, prefix: String) throws -> [String] {
    let configuration = """
      static_resources:
        listeners:
        - address: \(address(task.listen))
          filter_chains:
          - \(task.certificate.map { tls($0, task.client) } ?? "name: clear")
            filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": \(Self.type("filters.network.http_connection_manager.v3.HttpConnectionManager"))
                stat_prefix: clients
                use_remote_address: true
                generate_request_id: false
                stream_idle_timeout: \(task.idleSeconds)s
                request_headers_timeout: 10s
                http_filters:
                - name: envoy.filters.http.router
                  typed_config: { "@type": \(Self.type("filters.http.router.v3.Router")) }
                route_config:
                  virtual_hosts:
                  - name: all
                    domains: ["*"]
                    routes:
                    - match: { prefix: /items/ }
                      route: \(route)
        clusters:
        - \(cluster("legacy", task.legacy))
        - \(cluster("extracted", port ?? task.extracted))

      """
    let file = try ScratchFolder.shared.write(configuration, to: "\(prefix)-envoy.yaml")
    return [
      "--concurrency", "\(task.workers)", "--disable-hot-restart", "--log-level", "error",
      "--config-path", file,
    ]
  }

  private var route: String {
    switch work {
    case .split:
      "{ timeout: 30s, hash_policy: [ { header: { header_name: x-user-id } } ], weighted_clusters: "
        + "{ use_hash_policy: true, clusters: [ { name: legacy, weight: 50 }, "
        + "{ name: extracted, weight: 50 } ] } }"
    case .mirror(nil):
      "{ timeout: 30s, cluster: legacy }"
    case .mirror(let percent?):
      "{ timeout: 30s, cluster: legacy, request_mirror_policies: [ { cluster: extracted, "
        + "runtime_fraction: { default_value: { numerator: \(percent), denominator: HUNDRED } } } ] }"
    }
  }

  private static func type(_ name: String) -> String {
    "type.googleapis.com/envoy.extensions.\(name)"
  }

  private func address(_ port: UInt16) -> String {
    "{ socket_address: { address: 127.0.0.1, port_value: \(port) } }"
  }

  private func cluster(_ name: String, _ port: UInt16) -> String {
    "{ name: \(name), type: STATIC, connect_timeout: 2s, load_assignment: { cluster_name: "
      + "\(name), endpoints: [ { lb_endpoints: [ { endpoint: { address: \(address(port)) } } ] } ] } }"
  }

  /// Its library lets nobody choose a suite of TLS 1.3: it takes the one that the load offers.
  private func tls(_ certificate: ServerCertificate, _ client: ClientProtocol) -> String {
    "transport_socket: { name: envoy.transport_sockets.tls, typed_config: { \"@type\": "
      + Self.type("transport_sockets.tls.v3.DownstreamTlsContext") + ", common_tls_context: { "
      + "alpn_protocols: [ \(client.applicationProtocol) ], "
      + "tls_params: { tls_minimum_protocol_version: TLSv1_3 }, tls_certificates: [ { "
      + "certificate_chain: { filename: \(certificate.certificate) }, "
      + "private_key: { filename: \(certificate.key) } } ] } } }"
  }
}
