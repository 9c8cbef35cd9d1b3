// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
package import RoutingDecisions
import Synchronization

/// What the engines towards one upstream share.
package final class TLSClientContext: TLSContext, @unchecked Sendable {  // OpenSSL has locks
  let handle: OpaquePointer
  private let serverName: String?
  /// The last session with each name, as DER: a value that threads may share.
  private let sessions = Mutex<[String: [UInt8]]>([:])
  private let verifies: Bool
  /// What is shown; nil for nothing.
  private let credential: Credential?

  /// Reads the files that the settings name.
  ///
  /// - Parameters:
  ///   - protocols: what the server may choose from.
  ///   - key: the setting in front of the keys of findings.
  ///   - maximum: newest version spoken.
  /// - Throws: `InvalidConfiguration` with what is wrong.
  package init(
    _ settings: UpstreamTLS, protocols: [TLSEngine.ApplicationProtocol], key: String,
    maximum: TLSVersion = .v1_3
  ) throws(InvalidConfiguration) {
    do throws(CredentialError) {
      let context = try ContextHandle(
        TLS_client_method(), minimum: settings.minimumVersion, maximum: maximum, key: key)
      handle = context.raw
      serverName = settings.serverName
      verifies = settings.verify
      var credential: Credential?
      do throws(CredentialError) {
        try Self.installAuthorities(settings, context, key)
        if let certificate = settings.certificate, let privateKey = settings.key {
          let read = try Credential(
            certificate: certificate, key: privateKey,
            keys: (certificate: "\(key).certificate", key: "\(key).key"))
          try context.install(read, key: "\(key).certificate")
          credential = read
        }
      } catch {
        SSL_CTX_free(context.raw)
        throw error
      }
      self.credential = credential
    } catch {
      throw InvalidConfiguration([error.diagnostic])
    }
    SSL_CTX_set_verify(handle, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
    let names = protocols.flatMap { [UInt8($0.rawValue.utf8.count)] + Array($0.rawValue.utf8) }
    SSL_CTX_set_alpn_protos(handle, names, UInt32(truncatingIfNeeded: names.count))
    keepSessions()
  }

  deinit { SSL_CTX_free(handle) }

  /// What is doubtful about the certificate that is shown, at a time in seconds since 1970.
  package func doubts(at now: Int) -> [CertificateDoubt] {
    [credential?.doubt(at: now)].compactMap(\.self)
  }

  /// Its fingerprint, by the setting that names it.
  package var shown: [String: [UInt8]] {
    credential.map { [$0.key: $0.certificates.fingerprint] } ?? [:]
  }

  private static func installAuthorities(
    _ settings: UpstreamTLS, _ context: ContextHandle, _ key: String
  ) throws(CredentialError) {
    guard settings.verify else { return }
    if let path = settings.ca {
      context.trust(try Certificates(path, key: "\(key).ca"))
    } else if SSL_CTX_set_default_verify_paths(context.raw) != 1 {
      throw CredentialError(
        key, "the system's authorities cannot be read; name a file of them with ca")
    }
  }

  /// The name that an endpoint must answer to.
  func name(for host: String) -> String { serverName ?? host }

  /// Tells a connection which name to ask for and to insist on, and which session to go on with;
  /// false when it cannot be a name.
  func prepare(_ ssl: OpaquePointer, _ name: String) -> Bool {
    let parameters = SSL_get0_param(ssl)
    // Also tells an address from a name.
    if X509_VERIFY_PARAM_set1_ip_asc(parameters, name) != 1 {
      ERR_clear_error()
      X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
      guard
        tls_send_server_name(ssl, name) == 1,
        X509_VERIFY_PARAM_set1_host(parameters, name, name.utf8.count) == 1
      else {
        ERR_clear_error()
        return false
      }
    }
    resume(ssl, name)
    return true
  }
}

// MARK: - Sessions

extension TLSClientContext {
  /// Names whose sessions are kept; those of further ones are not.
  private static let mostSessions = 256

  private func keepSessions() {
    tls_keep_client_sessions(handle)
    SSL_CTX_sess_set_new_cb(handle) { ssl, session in
      if let ssl, let session, let owner = SSL_get_ex_data(ssl, 0) {
        Unmanaged<TLSEngine>.fromOpaque(owner).takeUnretainedValue().keep(session)
      }
      // It was copied.
      return 0
    }
  }

  func keep(_ session: OpaquePointer, for name: String) {
    guard SSL_SESSION_is_resumable(session) == 1 else { return }
    let size = i2d_SSL_SESSION(session, nil)
    guard size > 0 else { return }
    var bytes = [UInt8](repeating: 0, count: Int(size))
    bytes.withUnsafeMutableBufferPointer { buffer in
      var target = buffer.baseAddress
      i2d_SSL_SESSION(session, &target)
    }
    sessions.withLock { sessions in
      if sessions.count < Self.mostSessions || sessions[name] != nil { sessions[name] = bytes }
    }
  }

  private func resume(_ ssl: OpaquePointer, _ name: String) {
    guard let bytes = sessions.withLock({ $0[name] }) else { return }
    bytes.withUnsafeBufferPointer { buffer in
      var source = buffer.baseAddress
      guard let session = d2i_SSL_SESSION(nil, &source, buffer.count) else { return }
      SSL_set_session(ssl, session)
      SSL_SESSION_free(session)
    }
    ERR_clear_error()
  }
}
