// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// Why a connection cannot go on.
package struct TLSFailure: Error, Equatable, Sendable {
  /// Kinds, as metrics count them.
  package enum Reason: UInt8, Sendable, CaseIterable {
    /// The bytes are no TLS, as when a client speaks HTTP to this port.
    case notTLS
    /// Both sides know TLS, but no version that both allow.
    case protocolVersion
    /// No cipher suite, group or signature that both allow.
    case noCommonCipher
    /// The client names what it speaks, and nothing of it is spoken here.
    case noCommonProtocol
    /// The peer showed no certificate although one is asked for.
    case certificateMissing
    /// Nobody who is trusted vouches for the peer's certificate.
    case certificateUntrusted
    /// The peer's certificate is no longer valid, or not yet.
    case certificateExpired
    /// The peer's certificate is for another name.
    case certificateName
    /// The peer gave up and said why.
    case peerAlert
    /// More bytes than a handshake may take.
    case handshakeTooLong
    /// A rule of the protocol was broken, or a record was tampered with.
    case malformed
    /// The peer was gone before the handshake was done.
    case peerGone
    /// The handshake was not done in time.
    case timeout

    /// The name that metrics and logs show.
    package var name: String {
      switch self {
      case .notTLS: "not-tls"
      case .protocolVersion: "protocol-version"
      case .noCommonCipher: "no-common-cipher"
      case .noCommonProtocol: "no-common-protocol"
      case .certificateMissing: "certificate-missing"
      case .certificateUntrusted: "certificate-untrusted"
      case .certificateExpired: "certificate-expired"
      case .certificateName: "certificate-name"
      case .peerAlert: "peer-alert"
      case .handshakeTooLong: "handshake-too-long"
      case .malformed: "malformed"
      case .peerGone: "peer-gone"
      case .timeout: "timeout"
      }
    }
  }

  package let reason: Reason
  /// OpenSSL's words.
  package let detail: String

  /// Found by the transport, which sees the connection and the clock.
  package static let peerGone = TLSFailure(
    reason: .peerGone, detail: "the connection was closed in the handshake")
  package static let timeout = TLSFailure(
    reason: .timeout, detail: "the handshake was not done in time")

  /// No engine could be made.
  package static let noMemory = TLSFailure(reason: .malformed, detail: "out of memory")
  /// The server did not agree on the protocol that it is said to speak.
  package static let noCommonProtocol = TLSFailure(
    reason: .noCommonProtocol, detail: "the server does not speak h2")
  /// A server spoke before it was asked for anything.
  package static let unaskedBytes = TLSFailure(
    reason: .malformed, detail: "the server sent bytes before any request")
  /// No engine could be made for the name.
  package static let impossibleName = TLSFailure(
    reason: .certificateName, detail: "the name to ask for is no host name")

  static let handshakeTooLong = TLSFailure(
    reason: .handshakeTooLong,
    detail: "more than \(TLSEngine.mostHandshakeBytes) bytes of handshake")
}

extension TLSFailure {
  /// Empties the thread's queue of errors and makes sense of it.
  static func lastError(_ ssl: OpaquePointer) -> TLSFailure {
    let code = ERR_peek_error()
    ERR_clear_error()
    let number = Int32(truncatingIfNeeded: code & UInt(ERR_REASON_MASK))
    if number == SSL_R_CERTIFICATE_VERIFY_FAILED { return verification(SSL_get_verify_result(ssl)) }
    let detail = ERR_reason_error_string(code).map { String(cString: $0) } ?? "connection broken"
    return TLSFailure(reason: reason(number), detail: detail)
  }

  private static func reason(_ number: Int32) -> Reason {
    switch number {
    case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_WRONG_VERSION_NUMBER:
      .notTLS
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_UNKNOWN_PROTOCOL,
      SSL_R_WRONG_SSL_VERSION, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, SSL_R_NO_PROTOCOLS_AVAILABLE:
      .protocolVersion
    case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_GROUPS,
      SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
      SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      .noCommonCipher
    case SSL_R_NO_APPLICATION_PROTOCOL, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
      .noCommonProtocol
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: .certificateMissing
    case SSL_AD_REASON_OFFSET..<(SSL_AD_REASON_OFFSET + 256): .peerAlert
    default: .malformed
    }
  }

  private static func verification(_ result: Int) -> TLSFailure {
    let reason: Reason =
      switch Int32(truncatingIfNeeded: result) {
      case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: .certificateExpired
      case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .certificateName
      default: .certificateUntrusted
      }
    return TLSFailure(
      reason: reason, detail: String(cString: X509_verify_cert_error_string(result)))
  }
}
