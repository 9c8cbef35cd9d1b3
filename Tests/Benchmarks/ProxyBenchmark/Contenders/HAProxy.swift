// SPDX-License-Identifier: Apache-2.0

struct HAProxy: Contender {
  let name = "HAProxy"
  let program: String
  let versionArguments = ["-v"]

  func prepare(_ task: ProxyTask, prefix: String) throws -> [String] {
    let configuration = """
      global
        nbthread \(task.workers)
        maxconn 8192

      defaults
        mode http
        option http-keep-alive
        http-reuse always
        option forwardfor
        timeout connect 2s
        timeout client \(task.idleSeconds)s
        timeout server 30s
        timeout http-request 10s
        timeout http-keep-alive \(task.idleSeconds)s

      frontend clients
        bind 127.0.0.1:\(task.listen) \(speech(task))
        acl items path_beg /items/
        acl moved req.hdr(x-user-id),xxh32,mod(100) lt 50
        http-request deny deny_status 404 unless items
        use_backend extracted if moved
        default_backend legacy

      backend legacy
        server legacy 127.0.0.1:\(task.legacy)

      backend extracted
        server extracted 127.0.0.1:\(task.extracted)

      """
    let file = try ScratchFolder.shared.write(configuration, to: "\(prefix).cfg")
    return ["-db", "-q", "-f", file]
  }
  private func speech(_ task: ProxyTask) -> String {
    guard let certificate = task.certificate else { return task.client.isHTTP2 ? "proto h2" : "" }
    return "ssl crt \(certificate.both) alpn \(task.client.applicationProtocol) "
      + "ssl-min-ver TLSv1.3 ciphersuites \(ServerCertificate.cipher)"
  }
}
