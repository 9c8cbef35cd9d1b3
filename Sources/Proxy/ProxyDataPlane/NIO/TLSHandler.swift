// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TLSEngine

/// TLS between a channel and the handlers behind this one, which see plaintext.
final class TLSHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// What is received in one piece opens into new memory from this size on, and below it through
  /// memory that all connections share.
  private static let large = 16 * 1024

  /// The peer closed without saying that nothing follows: something may be missing.
  private(set) var isTruncated = false
  let engine: TLSEngine
  /// Called once, with nil when the connection is secured; only then bytes follow.
  var onHandshakeEnd: ((TLSFailure?) -> Void)?

  private let isServer: Bool
  private let workspace: TLSWorkspace
  private var isShakingHands = true
  private var hasInputEnded = false
  private var context: ChannelHandlerContext?

  init(_ engine: TLSEngine, isServer: Bool) {
    self.engine = engine
    self.isServer = isServer
    workspace = engine.workspace
  }

  /// Tells the peer that nothing follows what was written.
  func sayEnd() {
    guard let context else { return }
    engine.finish()
    writeOutgoing(context)
  }
}

// MARK: - From the wire

extension TLSHandler {
  /// The first bytes of a client's handshake stand ready before there is a channel for them.
  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    writeOutgoing(context)
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    let plaintext = open(bytes, context)
    writeOutgoing(context)
    if isShakingHands {
      guard shookHands(context, isEarly: plaintext.readableBytes > 0) else { return }
    }
    if plaintext.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plaintext)) }
    switch engine.phase {
    case .handshaking, .open: break
    case .ended: endInput(context)
    case .failed(let failure): context.fireErrorCaught(failure)
    }
  }

  private func open(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) -> ByteBuffer {
    bytes.withUnsafeReadableBytes { wire in
      let room = wire.count + TLSEngine.mostHeldBack
      if wire.count < Self.large {
        let target = UnsafeMutableRawBufferPointer(rebasing: workspace.incoming[..<room])
        let count = engine.receive(wire, into: target)
        return ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: target[..<count]))
      }
      var plaintext = context.channel.allocator.buffer(capacity: room)
      plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
        engine.receive(wire, into: target)
      }
      return plaintext
    }
  }

  /// False while the handshake goes on, and when it failed.
  private func shookHands(_ context: ChannelHandlerContext, isEarly: Bool) -> Bool {
    switch engine.phase {
    case .handshaking: return false
    case .failed(let failure): endHandshake(failure)
    // Nobody asked a server for anything yet, unless it speaks a protocol where it begins.
    case .open where isEarly && !isServer && engine.applicationProtocol == .http1:
      endHandshake(.unaskedBytes)
    case .open, .ended:
      endHandshake(nil)
      return true
    }
    return false
  }

  /// From here on nobody waits for the handshake any more.
  func endHandshake(_ failure: TLSFailure?) {
    isShakingHands = false
    let action = onHandshakeEnd
    onHandshakeEnd = nil
    action?(failure)
  }

  private func endInput(_ context: ChannelHandlerContext) {
    if hasInputEnded { return }
    hasInputEnded = true
    context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    if isShakingHands { return endHandshake(.peerGone) }
    isTruncated = engine.phase == .open
    endInput(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isShakingHands { endHandshake(engine.failure(at: false)) }
    isTruncated = isTruncated || engine.phase == .open && !hasInputEnded
    context.fireChannelInactive()
  }
}

// MARK: - To the wire

extension TLSHandler {
  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let isSealed = unwrapOutboundIn(data).withUnsafeReadableBytes { engine.send($0) }
    guard isSealed else {
      workspace.clearOutgoing()
      promise?.fail(ChannelError.outputClosed)
      return
    }
    context.write(wrapOutboundOut(takeOutgoing()), promise: promise)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .output { sayEnd() }
    context.close(mode: mode, promise: promise)
  }

  private func writeOutgoing(_ context: ChannelHandlerContext) {
    if workspace.outgoing.isEmpty { return }
    context.writeAndFlush(wrapOutboundOut(takeOutgoing()), promise: nil)
  }

  private func takeOutgoing() -> ByteBuffer {
    defer { workspace.clearOutgoing() }
    return ByteBuffer(bytes: workspace.outgoing)
  }
}
