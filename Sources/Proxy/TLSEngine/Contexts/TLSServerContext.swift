// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
package import RoutingDecisions

/// What the engines of a listener share: certificates, rules, and the keys of session tickets.
///
/// Reloading certificates makes a new one; engines keep the one they began with.
package final class TLSServerContext: TLSContext, @unchecked Sendable {  // OpenSSL has locks
  /// One for each certificate.
  private var handles: [OpaquePointer] = []
  private let names: ServerNames
  private let protocols: [TLSEngine.ApplicationProtocol]
  private let tickets: TicketKeyRing
  private let ticketTime: (@Sendable () -> Int)?
  private let credentials: [Credential]

  var primary: OpaquePointer { handles[0] }

  /// Reads the files that the settings name.
  ///
  /// - Parameters:
  ///   - protocols: what a client may choose from, the best first.
  ///   - key: the setting in front of the keys of findings.
  ///   - ticketTime: seconds since 1970 when a ticket is shown; nil asks the system.
  /// - Throws: `InvalidConfiguration` with all that is wrong.
  package init(
    _ settings: ListenerTLS, protocols: [TLSEngine.ApplicationProtocol], tickets: TicketKeyRing,
    key: String = "proxy.tls", ticketTime: (@Sendable () -> Int)? = nil
  ) throws(InvalidConfiguration) {
    self.protocols = protocols
    self.tickets = tickets
    self.ticketTime = ticketTime
    var errors: [Diagnostic] = []
    var credentials: [Credential] = []
    for (index, files) in settings.certificates.enumerated() {
      let key = "\(key).certificates[\(index)]"
      do throws(CredentialError) {
        credentials.append(
          try Credential(
            certificate: files.certificate, key: files.key,
            keys: (certificate: "\(key).certificate", key: "\(key).key")))
      } catch {
        errors.append(error.diagnostic)
      }
    }
    self.credentials = credentials
    names = ServerNames(
      zip(settings.certificates, credentials).map { $0.names.isEmpty ? $1.names : $0.names })
    var clients: Certificates?
    do throws(CredentialError) {
      clients = try settings.clientCA.map { path throws(CredentialError) in
        try Certificates(path, key: "\(key).client-ca")
      }
      if credentials.isEmpty, errors.isEmpty {
        throw CredentialError("\(key).certificates", "expected at least one certificate")
      }
    } catch {
      errors.append(error.diagnostic)
    }
    if !errors.isEmpty { throw InvalidConfiguration(errors) }
    for (index, credential) in credentials.enumerated() {
      do throws(CredentialError) {
        try add(credential, settings, clients, key, "\(key).certificates[\(index)]")
      } catch {
        throw InvalidConfiguration([error.diagnostic])
      }
    }
  }

  deinit { for handle in handles { SSL_CTX_free(handle) } }

  /// What is doubtful about the certificates at a time, in seconds since 1970.
  package func doubts(at now: Int) -> [CertificateDoubt] {
    credentials.compactMap { $0.doubt(at: now) }
  }

  /// Fingerprints of the certificates, by the setting that names each.
  package var shown: [String: [UInt8]] {
    Dictionary(credentials.map { ($0.key, $0.certificates.fingerprint) }) { $1 }
  }

  private func add(
    _ credential: Credential, _ settings: ListenerTLS, _ clients: Certificates?, _ key: String,
    _ certificateKey: String
  ) throws(CredentialError) {
    let context = try ContextHandle(
      TLS_server_method(), minimum: settings.minimumVersion, maximum: .v1_3, key: key)
    handles.append(context.raw)
    try context.useCiphers(settings.ciphers, settings.cipherSuites, key: key)
    try context.install(credential, key: certificateKey)
    tls_prefer_own_ciphers(context.raw)
    // A session says whose certificate was looked at: it counts under the same authorities only.
    let sessionContext = clients?.fingerprint ?? Array("strangler".utf8)
    SSL_CTX_set_session_id_context(
      context.raw, sessionContext, UInt32(truncatingIfNeeded: sessionContext.count))
    if let clients {
      context.trust(clients)
      for handle in clients.handles { SSL_CTX_add_client_CA(context.raw, handle) }
      SSL_CTX_set_verify(context.raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }
    setCallbacks(context.raw)
  }
}

// MARK: - OpenSSL's questions

extension TLSServerContext {
  private func setCallbacks(_ context: OpaquePointer) {
    let this = Unmanaged.passUnretained(self).toOpaque()
    tls_on_server_name(
      context,
      { ssl, _, this in
        guard let ssl, let this else { return SSL_TLSEXT_ERR_NOACK }
        return TLSServerContext.at(this).chooseCertificate(ssl)
      }, this)
    SSL_CTX_set_alpn_select_cb(
      context,
      { _, chosen, length, offered, count, this in
        guard let chosen, let length, let offered, let this else { return SSL_TLSEXT_ERR_NOACK }
        let list = UnsafeBufferPointer(start: offered, count: Int(count))
        guard let name = TLSServerContext.at(this).chooseProtocol(list) else {
          return SSL_TLSEXT_ERR_ALERT_FATAL
        }
        chosen.pointee = name.baseAddress
        length.pointee = UInt8(truncatingIfNeeded: name.count)
        return SSL_TLSEXT_ERR_OK
      }, this)
    SSL_CTX_set_ex_data(context, 0, this)
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context) { ssl, name, vector, cipher, mac, seals in
      guard let ssl, let name, let vector,
        let this = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0)
      else { return -1 }
      return TLSServerContext.at(this).tickets.prepare(
        name, vector, cipher, mac, seals: seals == 1)
    }
    SSL_CTX_set_session_ticket_cb(
      context, nil,
      { _, session, _, _, status, this in
        guard status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW, let this,
          TLSServerContext.at(this).isCurrent(session)
        else { return SSL_TICKET_RETURN_IGNORE_RENEW }
        return status == SSL_TICKET_SUCCESS
          ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
      }, this)
  }

  /// A client's certificate is looked at in whole handshakes only, and tickets bring new tickets:
  /// without this a client could go on for ever with one that has expired.
  private func isCurrent(_ session: OpaquePointer?) -> Bool {
    guard let certificate = SSL_SESSION_get0_peer(session) else { return true }
    let end = X509_get0_notAfter(certificate)
    guard let ticketTime else { return X509_cmp_current_time(end) > 0 }
    var time = ticketTime()
    return X509_cmp_time(end, &time) > 0
  }

  /// The engine that asks keeps the object alive.
  private static func at(_ pointer: UnsafeMutableRawPointer) -> TLSServerContext {
    Unmanaged<TLSServerContext>.fromOpaque(pointer).takeUnretainedValue()
  }

  private func chooseCertificate(_ ssl: OpaquePointer) -> Int32 {
    guard let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else {
      return SSL_TLSEXT_ERR_NOACK
    }
    let index = names.certificate(for: String(cString: name))
    if index > 0, SSL_set_SSL_CTX(ssl, handles[index]) == nil { return SSL_TLSEXT_ERR_ALERT_FATAL }
    return SSL_TLSEXT_ERR_OK
  }

  /// The first of ours that the client offers; a slice of its list.
  private func chooseProtocol(
    _ offered: UnsafeBufferPointer<UInt8>
  ) -> UnsafeBufferPointer<UInt8>? {
    for wanted in protocols {
      var rest = offered[...]
      while let length = rest.popFirst(), rest.count >= Int(length) {
        let name = rest.prefix(Int(length))
        if name.elementsEqual(wanted.rawValue.utf8) { return UnsafeBufferPointer(rebasing: name) }
        rest = rest.dropFirst(Int(length))
      }
    }
    return nil
  }
}
