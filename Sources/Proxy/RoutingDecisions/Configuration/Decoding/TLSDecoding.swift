// SPDX-License-Identifier: Apache-2.0

extension ConfigurationDecoder {
  /// `proxy.tls`; nil when it is no mapping.
  func decodeListenerTLS(_ child: MappingReader.Child) -> ListenerTLS? {
    let expected = "{ certificates: [ { certificate: file, key: file } ] }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    var tls = ListenerTLS(certificates: [])
    if let list = reader.child("certificates") {
      tls.certificates = items(list, expected: "a list of { certificate: file, key: file }")
        .map(decodeCertificate)
    } else {
      reader.missing("certificates", "a list of { certificate: file, key: file }")
    }
    tls.minimumVersion = reader.value("minimum-version", as: .version) ?? tls.minimumVersion
    tls.ciphers = reader.value("ciphers", as: .text)
    tls.cipherSuites = reader.value("cipher-suites", as: .text)
    tls.clientCA = reader.value("client-ca", as: .text)
    tls.ticketKeyRotation =
      reader.value("ticket-key-rotation", as: .duration) ?? tls.ticketKeyRotation
    reader.finish()
    return tls
  }

  private func decodeCertificate(_ child: MappingReader.Child) -> ListenerTLS.Certificate {
    var certificate = ListenerTLS.Certificate(certificate: "", key: "")
    let expected = "{ certificate: file, key: file, names: [host] }"
    guard var reader = MappingReader(child, expected: expected, findings) else {
      return certificate
    }
    certificate.certificate = reader.required("certificate", as: .text) ?? ""
    certificate.key = reader.required("key", as: .text) ?? ""
    if let names = reader.child("names") {
      certificate.names = items(names, expected: "a list of host names").compactMap {
        ScalarType.serverName.read($0, findings)
      }
    }
    reader.finish()
    return certificate
  }

  /// `tls` of an upstream; nil when it is neither a mapping nor `true`.
  func decodeUpstreamTLS(_ child: MappingReader.Child) -> UpstreamTLS? {
    if case .scalar("true") = child.node.value { return UpstreamTLS() }
    let expected = "true, or { server-name, ca, certificate, key, verify, minimum-version }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    var tls = UpstreamTLS()
    tls.serverName = reader.value("server-name", as: .text)
    tls.ca = reader.value("ca", as: .text)
    tls.certificate = reader.value("certificate", as: .text)
    tls.key = reader.value("key", as: .text)
    tls.verify = reader.value("verify", as: .truth) ?? tls.verify
    tls.minimumVersion = reader.value("minimum-version", as: .version) ?? tls.minimumVersion
    reader.finish()
    return tls
  }
}

extension ScalarType where Value == TLSVersion {
  static let version = ScalarType(
    expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
    parse: { Value(rawValue: $0) })
}

extension ScalarType where Value == String {
  static let serverName = ScalarType(
    expected: "a host name, such as shop.example or \"*.shop.example\""
  ) { HostPattern(parsing: $0) == nil ? nil : $0 }
}
