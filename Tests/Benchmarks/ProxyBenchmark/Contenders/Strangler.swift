// SPDX-License-Identifier: Apache-2.0

struct Strangler: Contender {
  /// The one that it takes on Linux by itself.
  static let usualTransport = "epoll"

  let name: String
  let program: String
  /// As the configuration names it.
  let transport: String
  let versionArguments: [String] = []

  func prepare(_ task: ProxyTask, prefix: String) throws -> [String] {
    let configuration = """
      proxy:
        listen: 127.0.0.1:\(task.listen)
        workers: \(task.workers)
        transport: \(transport)
        \(task.certificate.map(tls) ?? "")
        timeouts:
          { connect: 2s, response-head: 30s, idle: 60s, drain: 1s,
            keep-alive: \(task.idleSeconds)s }
        limits: { client-connections: 20000 }
      upstreams:
        legacy: { endpoints: [127.0.0.1:\(task.legacy)] }
        extracted: { endpoints: [127.0.0.1:\(task.extracted)] }
      routes:
        - name: items
          match: { path: /items/** }
          legacy: legacy
          extracted: extracted
          percent: 50
          sticky: [ { header: x-user-id } ]

      """
    let file = try ScratchFolder.shared.write(configuration, to: "\(prefix).yaml")
    return ["proxy", "--config", file, "--log-level", "error"]
  }

  private func tls(_ certificate: ServerCertificate) -> String {
    "tls: { certificates: [ { certificate: \(certificate.certificate), key: \(certificate.key) } ], "
      + "minimum-version: 1.3, cipher-suites: \(ServerCertificate.cipher) }"
  }
}
