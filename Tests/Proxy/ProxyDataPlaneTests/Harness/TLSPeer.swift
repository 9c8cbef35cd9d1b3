// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

/// The far end of a TLS connection of the proxy: a client, or an origin.
final class TLSPeer: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// What became of a connection, for the test to look at once its messages have come.
  struct Outcome: Sendable {
    var version: TLSVersion?
    var isResumed = false
    /// The proxy said that nothing follows.
    var sawEnd = false
    var failure: TLSFailure.Reason?
  }

  private(set) var outcome = Outcome()
  /// Most bytes of the wire in one write.
  private let piece: Int
  /// Says that nothing follows before it closes.
  private let closesProperly: Bool
  private let makeEngine: (TLSWorkspace) -> TLSEngine?
  private let workspace = TLSWorkspace()
  private var engine: TLSEngine?
  private var waiting: [(ByteBuffer, EventLoopPromise<Void>?)] = []

  init(
    piece: Int = .max, closesProperly: Bool = true,
    _ makeEngine: @escaping (TLSWorkspace) -> TLSEngine?
  ) {
    self.piece = piece
    self.closesProperly = closesProperly
    self.makeEngine = makeEngine
  }

  func channelActive(context: ChannelHandlerContext) {
    engine = makeEngine(workspace)
    writeOutgoing(context, nil)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let engine else { return }
    let wire = unwrapInboundIn(data)
    var plaintext = ByteBuffer()
    plaintext.writeWithUnsafeMutableBytes(
      minimumWritableBytes: wire.readableBytes + TLSEngine.mostHeldBack
    ) { room in wire.withUnsafeReadableBytes { engine.receive($0, into: room) } }
    writeOutgoing(context, nil)
    look(at: engine, context)
    if plaintext.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plaintext)) }
    if outcome.sawEnd { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
    if outcome.failure != nil { context.close(promise: nil) }
  }

  private func look(at engine: TLSEngine, _ context: ChannelHandlerContext) {
    switch engine.phase {
    case .handshaking: return
    case .open, .ended: outcome.sawEnd = engine.phase == .ended
    case .failed(let failure): outcome.failure = failure.reason
    }
    if outcome.version == nil, outcome.failure == nil {
      outcome.version = engine.version
      outcome.isResumed = engine.isResumed
      let waiting = waiting
      self.waiting = []
      for (bytes, promise) in waiting { seal(bytes, context, promise) }
      context.flush()
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let bytes = unwrapOutboundIn(data)
    if outcome.version == nil {
      waiting.append((bytes, promise))
    } else {
      seal(bytes, context, promise)
    }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if closesProperly {
      engine?.finish()
      writeOutgoing(context, nil)
    }
    context.close(mode: mode, promise: promise)
  }

  private func seal(
    _ bytes: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
  ) {
    let isSealed = bytes.withUnsafeReadableBytes { engine?.send($0) ?? false }
    if !isSealed {
      promise?.fail(ChannelError.outputClosed)
      return
    }
    writeOutgoing(context, promise)
  }

  private func writeOutgoing(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
    var bytes = ByteBuffer(bytes: workspace.outgoing)
    workspace.clearOutgoing()
    while bytes.readableBytes > piece, let next = bytes.readSlice(length: piece) {
      context.writeAndFlush(wrapOutboundOut(next), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
  }
}

extension WireConnection {
  /// What became of TLS on this connection.
  var tls: TLSPeer.Outcome {
    get async throws {
      try await channel.eventLoop.submit { [channel] in
        try channel.pipeline.syncOperations.handler(type: TLSPeer.self).outcome
      }.get()
    }
  }
}

/// Certificates and contexts for one test.
struct TLSWorld {
  let authority: TestAuthority
  /// For the origins of the test.
  let tickets: TicketKeyRing

  init() throws {
    authority = try TestAuthority()
    tickets = try #require(TicketKeyRing(period: 3600) { 0 })
  }

  /// A certificate of the authority for these names.
  func listener(
    _ names: [String] = ["shop.example"], seconds: (from: Int, to: Int) = (-3600, 3600)
  ) throws -> ListenerTLS {
    let files = try authority.issue(
      "listener-\(names.count)-\(seconds.to)", for: names, seconds: seconds)
    return ListenerTLS(certificates: [.init(certificate: files.certificate, key: files.key)])
  }

  func origin(_ settings: ListenerTLS) throws -> TLSServerContext {
    try TLSServerContext(settings, protocols: [.http1], tickets: tickets)
  }

  /// Trusts the authority unless told otherwise.
  func client(
    _ settings: UpstreamTLS? = nil, maximum: TLSVersion = .v1_3
  ) throws -> TLSClientContext {
    try TLSClientContext(
      settings ?? UpstreamTLS(ca: authority.file), protocols: [.http1], key: "client",
      maximum: maximum)
  }
}

extension Loopback {
  /// Connects with TLS, asks for `shop.example`, runs `body`, closes.
  static func connect<Value>(
    _ port: Int, tls: TLSClientContext, piece: Int = .max,
    _ body: (WireConnection) async throws -> Value
  ) async throws -> Value {
    try await connect(
      port,
      prepare: { channel in
        try channel.pipeline.syncOperations.addHandler(
          TLSPeer(piece: piece) { TLSEngine(tls, host: "shop.example", $0) })
      }, body)
  }
}

extension Origin {
  /// Runs an origin that speaks TLS.
  @discardableResult
  static func run<Value>(
    tls: TLSServerContext, closesProperly: Bool = true, _ behaviour: @escaping Behaviour,
    _ body: (Origin) async throws -> Value
  ) async throws -> Value {
    try await run(
      behaviour,
      prepare: { channel in
        try channel.pipeline.syncOperations.addHandler(
          TLSPeer(closesProperly: closesProperly) { TLSEngine(tls, $0) })
      }, body)
  }
}

extension ProxyConfiguration {
  func listening(_ tls: ListenerTLS) -> ProxyConfiguration {
    var configuration = self
    configuration.tls = tls
    return configuration
  }

  /// The first upstream speaks TLS and calls itself `shop.example`.
  func securing(_ tls: UpstreamTLS) -> ProxyConfiguration {
    var configuration = self
    configuration.upstreams[0].tls = tls
    if tls.serverName == nil { configuration.upstreams[0].tls?.serverName = "shop.example" }
    return configuration
  }
}

extension ProxyServer {
  func handshakes(_ peer: HandshakePeer, isResumed: Bool) -> UInt64 {
    counters.snapshot().handshakes.filter {
      $0.kind.peer == peer && $0.kind.isResumed == isResumed
    }.reduce(0) { $0 + $1.count }
  }

  /// Failures of handshakes, by reason, those that happened.
  func handshakeFailures(_ peer: HandshakePeer) -> [String: UInt64] {
    let failures = counters.snapshot().handshakeFailures.filter {
      $0.subject == peer.name && $0.count > 0
    }
    return Dictionary(uniqueKeysWithValues: failures.map { ($0.reason ?? "", $0.count) })
  }
}

extension RunningProxy {
  /// Waits until clients' handshakes failed for these reasons so often: a client may hear of it
  /// before it is counted.
  func expect(
    handshakeFailures expected: [String: UInt64],
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) async throws {
    for _ in 0..<500 where server.handshakeFailures(.client) != expected {
      try await Loopback.pause(milliseconds: 20)
    }
    #expect(server.handshakeFailures(.client) == expected, sourceLocation: sourceLocation)
  }
}
