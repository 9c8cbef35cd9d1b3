// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies

/// What can be said about TLS settings without reading a file.
extension ConfigurationChecks {
  mutating func checkTLS() {
    if let tls = configuration.tls { checkListenerTLS(tls) }
    for upstream in configuration.upstreams {
      if let tls = upstream.tls { checkUpstreamTLS(tls, upstream) }
    }
  }

  private mutating func checkListenerTLS(_ tls: ListenerTLS) {
    if tls.certificates.isEmpty {
      error("proxy.tls.certificates", "expected at least one certificate")
    }
    if !(.seconds(60) ... .seconds(7 * 86_400)).contains(tls.ticketKeyRotation) {
      error("proxy.tls.ticket-key-rotation", "expected 1m to 168h")
    }
    if tls.minimumVersion == .v1_3, tls.ciphers != nil {
      warning(
        "proxy.tls.ciphers",
        "without effect: TLS 1.2 is not spoken; the suites of 1.3 are in cipher-suites")
    }
    var names: Set<String> = []
    for (index, certificate) in tls.certificates.enumerated() {
      for name in certificate.names where !names.insert(name.lowercased()).inserted {
        warning(
          "proxy.tls.certificates[\(index)].names",
          "\"\(name)\" stands with a certificate before this one, which is the one shown")
      }
    }
  }

  private mutating func checkUpstreamTLS(_ tls: UpstreamTLS, _ upstream: UpstreamConfiguration) {
    let key = "upstreams.\(upstream.name).tls"
    if case .module = upstream.target {
      error(key, "a module runs in this process: nothing is sent that could be sealed")
    }
    if (tls.certificate == nil) != (tls.key == nil) {
      let (given, missing) =
        tls.key == nil ? ("certificate", "key") : ("key", "certificate")
      error("\(key).\(given)", "there is no \"\(missing)\" that belongs to it")
    }
    if !tls.verify {
      warning(
        "\(key).verify",
        "the server's certificate is not looked at: anybody in between can read and change "
          + "everything; name the authority of the certificate with ca instead")
      if tls.ca != nil { warning("\(key).ca", "without effect while verify is false") }
    }
  }
}
