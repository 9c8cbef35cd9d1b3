// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
import RoutingDecisions

/// What engines of one kind share. It never changes once engines use it.
protocol TLSContext: AnyObject {}

/// An `SSL_CTX` with the settings that every context has.
struct ContextHandle {
  /// Suites of TLS 1.2 with forward secrecy and authenticated encryption, as Mozilla's
  /// "intermediate" list has them.
  static let standardCiphers = """
    ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
    ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
    """
  /// Bytes of certificates that a peer may show.
  private static let mostCertificateBytes = 32 * 1024

  let raw: OpaquePointer

  init(
    _ method: OpaquePointer?, minimum: TLSVersion, maximum: TLSVersion, key: String
  ) throws(CredentialError) {
    guard let raw = SSL_CTX_new(method) else {
      throw CredentialError(key, "cannot be set up: \(Self.lastError())")
    }
    self.raw = raw
    tls_set_modes(raw)
    tls_disable_session_cache(raw)
    tls_limit_certificates(raw, Self.mostCertificateBytes)
    tls_set_versions(raw, minimum.number, maximum.number)
    _ = SSL_CTX_set_cipher_list(raw, Self.standardCiphers)
  }

  func useCiphers(_ list: String?, _ suites: String?, key: String) throws(CredentialError) {
    if let list, SSL_CTX_set_cipher_list(raw, list) != 1 {
      ERR_clear_error()
      throw CredentialError(
        "\(key).ciphers", "\"\(list)\" names no cipher suite; `openssl ciphers` lists them")
    }
    if let suites, SSL_CTX_set_ciphersuites(raw, suites) != 1 {
      ERR_clear_error()
      throw CredentialError(
        "\(key).cipher-suites",
        "\"\(suites)\" is no list of TLS 1.3 suites such as TLS_AES_128_GCM_SHA256")
    }
  }

  func install(_ credential: Credential, key: String) throws(CredentialError) {
    if !credential.install(in: raw) {
      throw CredentialError(
        key, "\(credential.certificates.path) cannot be used: \(Self.lastError())")
    }
  }

  /// Peers must show a certificate that one of these vouches for.
  func trust(_ authorities: Certificates) {
    let store = SSL_CTX_get_cert_store(raw)
    for handle in authorities.handles { X509_STORE_add_cert(store, handle) }
    // One that stands there twice is no trouble.
    ERR_clear_error()
  }

  static func lastError() -> String {
    let code = ERR_peek_error()
    ERR_clear_error()
    return ERR_reason_error_string(code).map { String(cString: $0) } ?? "unknown trouble"
  }
}

extension TLSVersion {
  fileprivate var number: Int32 {
    switch self {
    case .v1_2: TLS1_2_VERSION
    case .v1_3: TLS1_3_VERSION
    }
  }
}
