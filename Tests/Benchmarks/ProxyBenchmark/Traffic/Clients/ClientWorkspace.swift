// SPDX-License-Identifier: Apache-2.0
import RoutingDecisions
import TLSEngine

/// What the client connections of one thread share: buffers, and TLS if they speak it.
final class ClientWorkspace {
  /// Where bytes of the wire are received.
  var wire: UnsafeMutableRawBufferPointer { tls.incoming }
  let plaintext = UnsafeMutableRawBufferPointer.allocate(
    byteCount: TLSWorkspace.incomingSize + TLSEngine.mostHeldBack, alignment: 64)
  let client: ClientProtocol
  private let tls = TLSWorkspace()
  private let context: TLSClientContext?
  private var strangers = 0

  init(_ client: ClientProtocol) throws {
    self.client = client
    var context: TLSClientContext?
    if client.isTLS {
      let settings = UpstreamTLS(verify: false, minimumVersion: .v1_3)
      context = try TLSClientContext(
        settings, protocols: [client.isHTTP2 ? .http2 : .http1], key: "load")
    }
    self.context = context
  }

  deinit { plaintext.deallocate() }

  /// One side of a connection that has the bytes of its greeting to send; nil in clear.
  ///
  /// - Parameter isKnown: it goes on with the last session if there is one. Otherwise it takes a
  ///   name that no session is known for, and the handshake is a whole one.
  func engine(isKnown: Bool = false) throws -> TLSEngine? {
    guard let context else { return nil }
    if !isKnown { strangers += 1 }
    let name = isKnown ? "shop.example" : "shop-\(strangers).example"
    guard let engine = TLSEngine(context, host: name, tls) else {
      throw BenchmarkError("no memory for a client of TLS")
    }
    return engine
  }

  /// Hands over what the engine that ran last wants sent, if anything is.
  func withOutgoing(_ send: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    defer { tls.clearOutgoing() }
    if !tls.outgoing.isEmpty { try send(tls.outgoing) }
  }

  /// Holds a finished handshake to what is compared: the version, the cipher suite, the protocol.
  func check(_ engine: TLSEngine) throws {
    if case .failed(let failure) = engine.phase {
      throw BenchmarkError("a handshake failed: \(failure.detail)")
    }
    let agreed = (engine.cipher, engine.applicationProtocol.rawValue)
    guard engine.version == .v1_3, agreed == (ServerCertificate.cipher, client.applicationProtocol)
    else { throw BenchmarkError("a contender chose \(engine.version), \(agreed)") }
  }
}
