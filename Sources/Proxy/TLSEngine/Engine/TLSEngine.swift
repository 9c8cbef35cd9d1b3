// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
package import RoutingDecisions

/// TLS for one connection, without a socket: bytes of the wire go in, plaintext comes out, and the
/// other way round.
///
/// Confined to the thread of its workspace. What each call wants sent stands in the workspace's
/// `outgoing` when it returns, also when it failed: an alert tells the peer why.
package final class TLSEngine {
  /// What the application layer speaks.
  package enum ApplicationProtocol: String, Sendable, CaseIterable {
    case http2 = "h2"
    case http1 = "http/1.1"
  }

  package enum Phase: Equatable {
    /// Nothing may be sealed yet.
    case handshaking
    case open
    /// The peer said that nothing follows; it still takes bytes.
    case ended
    /// Of no more use.
    case failed(TLSFailure)
  }

  /// Bytes of the wire that a peer may spend on its handshake.
  package static let mostHandshakeBytes = 64 * 1024
  /// Part of a record that an engine may hold, and so the room that `receive` needs beyond what it
  /// is given.
  package static let mostHeldBack = 17 * 1024
  /// Largest request that one call to OpenSSL takes.
  private static let mostPerCall = 1 << 30

  package private(set) var phase = Phase.handshaking

  private let ssl: OpaquePointer
  package let workspace: TLSWorkspace
  /// Owns what OpenSSL's callbacks point at.
  private let context: any TLSContext
  /// Where sessions with the peer are kept, and under which name.
  private var sessions: (context: TLSClientContext, name: String)?
  private var handshakeBytes = 0

  /// The side that a client connects to; nil when memory ran out.
  package convenience init?(_ context: TLSServerContext, _ workspace: TLSWorkspace) {
    self.init(context, context.primary, workspace)
    SSL_set_accept_state(ssl)
  }

  /// The side that connects; its first bytes to send are there at once. nil when memory ran out or
  /// the name cannot be one.
  package convenience init?(
    _ context: TLSClientContext, host: String, _ workspace: TLSWorkspace
  ) {
    self.init(context, context.handle, workspace)
    let name = context.name(for: host)
    guard context.prepare(ssl, name) else { return nil }
    // For what OpenSSL says about sessions; the connection does not outlive this object.
    SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
    sessions = (context, name)
    SSL_set_connect_state(ssl)
    shakeHands()
  }

  private init?(_ context: any TLSContext, _ handle: OpaquePointer, _ workspace: TLSWorkspace) {
    guard let ssl = SSL_new(handle) else { return nil }
    self.ssl = ssl
    self.workspace = workspace
    self.context = context
    guard let bio = PipeBIO.make(workspace) else { return nil }
    SSL_set_bio(ssl, bio, bio)
  }

  deinit { SSL_free(ssl) }
}

// MARK: - Bytes

extension TLSEngine {
  /// Takes all of `wire` and writes what it opens to.
  ///
  /// - Parameter plaintext: has room for `wire.count + mostHeldBack` bytes.
  /// - Returns: the number of bytes written; `phase` tells what else happened.
  package func receive(
    _ wire: UnsafeRawBufferPointer, into plaintext: UnsafeMutableRawBufferPointer
  ) -> Int {
    precondition(plaintext.count >= wire.count &+ Self.mostHeldBack, "too little room for records")
    // What somebody else on the thread left would be taken for an error of this connection.
    ERR_clear_error()
    workspace.pipe.pointee.input = wire
    defer { workspace.pipe.pointee.input = UnsafeRawBufferPointer(start: nil, count: 0) }
    if phase == .handshaking {
      handshakeBytes &+= wire.count
      shakeHands()
    }
    var count = 0
    while phase == .open {
      let most = min(plaintext.count &- count, Self.mostPerCall)
      let opened = SSL_read(
        ssl, plaintext.baseAddress.map { $0 + count }, Int32(truncatingIfNeeded: most))
      if opened > 0 {
        count &+= Int(opened)
        if workspace.pipe.pointee.input.isEmpty, SSL_has_pending(ssl) == 0 { break }
      } else if !canContinue(opened) {
        break
      }
    }
    return count
  }

  /// Seals bytes into `outgoing`; false when that is not possible in this phase, or any more.
  package func send(_ plaintext: UnsafeRawBufferPointer) -> Bool {
    guard phase == .open || phase == .ended else { return false }
    ERR_clear_error()
    var rest = plaintext
    while let start = rest.baseAddress, !rest.isEmpty {
      let sealed = SSL_write(
        ssl, start, Int32(truncatingIfNeeded: min(rest.count, Self.mostPerCall)))
      guard sealed > 0 else {
        fail(sealed)
        return false
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[Int(sealed)...])
    }
    return true
  }

  /// Tells the peer that nothing follows.
  package func finish() {
    guard phase == .open || phase == .ended else { return }
    if SSL_shutdown(ssl) < 0 { ERR_clear_error() }
  }

  func keep(_ session: OpaquePointer) { sessions?.context.keep(session, for: sessions?.name ?? "") }

  /// Goes on with the handshake as far as the bytes at hand allow.
  private func shakeHands() {
    let outcome = SSL_do_handshake(ssl)
    if outcome == 1 {
      phase = .open
      return
    }
    // What comes behind the last byte of a handshake may be as long as it likes.
    if canContinue(outcome), handshakeBytes > Self.mostHandshakeBytes {
      phase = .failed(.handshakeTooLong)
    }
  }

  /// Whether OpenSSL only waits for bytes; otherwise the phase says what happened.
  private func canContinue(_ outcome: Int32) -> Bool {
    switch SSL_get_error(ssl, outcome) {
    case SSL_ERROR_WANT_READ:
      // All that was given has been looked at.
      return phase == .handshaking
    case SSL_ERROR_ZERO_RETURN:
      phase = .ended
      return false
    default:
      fail(outcome)
      return false
    }
  }

  private func fail(_ outcome: Int32) {
    phase = .failed(TLSFailure.lastError(ssl))
  }
}

// MARK: - What was agreed on

extension TLSEngine {
  /// What the peers agreed to speak; HTTP/1.1 when they did not say.
  package var applicationProtocol: ApplicationProtocol {
    var name: UnsafePointer<UInt8>?
    var length: UInt32 = 0
    SSL_get0_alpn_selected(ssl, &name, &length)
    let bytes = UnsafeBufferPointer(start: name, count: Int(length))
    return bytes.elementsEqual(ApplicationProtocol.http2.rawValue.utf8) ? .http2 : .http1
  }

  package var version: TLSVersion { SSL_version(ssl) == TLS1_3_VERSION ? .v1_3 : .v1_2 }

  /// The handshake was the short one of peers that know each other.
  package var isResumed: Bool { SSL_session_reused(ssl) == 1 }

  /// The name that the client asked for.
  package var serverName: String? {
    SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
  }

  /// Name of the cipher suite in use, as OpenSSL spells it.
  package var cipher: String {
    SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) } ?? ""
  }
}
