// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore

/// A connection to an upstream endpoint that speaks HTTP/2, which carries many exchanges.
///
/// It is read as soon as there is something, whoever it is for: windows bound what comes for each
/// stream and for all of them.
final class UpstreamSessionChannel: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let session: UpstreamSession
  /// What the pool knows it by; nil once it closed.
  @exclusivity(unchecked) var link: NIOLink?
  private let workspace: ExchangeWorkspace
  /// nil in clear.
  private let tls: TLSHandler?
  @exclusivity(unchecked) private var context: ChannelHandlerContext?

  init(_ workspace: ExchangeWorkspace, _ session: UpstreamSession, _ tls: TLSHandler?) {
    self.workspace = workspace
    self.session = session
    self.tls = tls
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    unwrapInboundIn(data).withUnsafeReadableBytes { session.receive($0, now: workspace.now) }
    flush()
  }

  /// Nobody behind this handler wants to know.
  func channelReadComplete(context: ChannelHandlerContext) {}

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { flush() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    // Answers that are not whole will not become so.
    end()
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { end() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  /// Sends what there is, and tells everybody what is new for them.
  func flush() {
    if let context, context.channel.isWritable {
      session.flush { bytes in
        context.write(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        return context.channel.isWritable
      }
      context.flush()
    }
    if session.hasFailed {
      close()
      return session.tellStreams()
    }
    session.tellStreams()
    if session.roomChanged {
      session.roomChanged = false
      link?.roomChanged()
    }
  }

  func close() {
    tls?.sayEnd()
    let context = context
    end()
    context?.close(promise: nil)
  }

  private func end() {
    guard let link else { return }
    self.link = nil
    session.end(tls?.isTruncated == true ? .truncated : nil)
    link.ended()
    session.tellStreams()
  }
}

/// One exchange's share of such a connection.
final class UpstreamShare: UpstreamStreamListener {
  let stream: UpstreamStream
  let channel: UpstreamSessionChannel
  /// Received and not consumed yet.
  @exclusivity(unchecked) var input = ByteBuffer()
  /// Whom to tell; nil when nobody is served.
  @exclusivity(unchecked) var client: (any LinkClient)?
  @exclusivity(unchecked) private var isUnflushed = false

  init(_ channel: UpstreamSessionChannel) {
    self.channel = channel
    stream = channel.session.makeStream()
    stream.listener = self
  }

  func changed(_ stream: UpstreamStream) {
    if !stream.answer.isEmpty {
      input.writeBytes(stream.answer.bytes)
      stream.answer.clear()
    }
    if let isWritable = stream.fullnessChanged() { client?.upstreamWritability(isWritable) }
    client?.upstreamIsReadable()
  }

  func write(_ bytes: ByteBuffer) {
    isUnflushed = true
    bytes.withUnsafeReadableBytes(stream.send)
  }

  func flush() {
    if !isUnflushed { return }
    isUnflushed = false
    channel.flush()
    if let isWritable = stream.fullnessChanged() { client?.upstreamWritability(isWritable) }
  }

  /// Part of what was received was consumed.
  func consumed() {
    if input.readableBytes == 0 { input = ByteBuffer() }
    if stream.answerTaken(left: input.readableBytes) { channel.flush() }
  }

  func leave(isServed: Bool) {
    client = nil
    stream.leave(isServed: isServed)
    channel.flush()
  }
}
