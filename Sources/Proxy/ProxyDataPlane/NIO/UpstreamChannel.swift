// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore

/// One connection to an upstream endpoint that speaks HTTP/1.1: a pipe for bytes, without any idea
/// of HTTP.
final class UpstreamChannel: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  @exclusivity(unchecked) var input = ByteBuffer()
  @exclusivity(unchecked) private(set) var hasEnded = false
  /// nil in clear.
  private let tls: TLSHandler?
  /// Whom to tell; nil when nobody is served.
  @exclusivity(unchecked) var client: (any LinkClient)?
  /// What the pool knows it by; nil once it closed.
  @exclusivity(unchecked) var link: NIOLink?

  private let workspace: ExchangeWorkspace
  @exclusivity(unchecked) private var context: ChannelHandlerContext?
  @exclusivity(unchecked) private var isHeldBack = false
  @exclusivity(unchecked) private var isUnflushed = false

  init(_ workspace: ExchangeWorkspace, _ tls: TLSHandler?) {
    self.workspace = workspace
    self.tls = tls
  }

  var failure: UpstreamFailure? { tls?.isTruncated == true ? .truncated : nil }

  func write(_ bytes: ByteBuffer) {
    isUnflushed = true
    context?.write(wrapOutboundOut(bytes), promise: nil)
  }

  func flush() {
    if !isUnflushed { return }
    isUnflushed = false
    context?.flush()
  }

  func writeAndFlush(_ bytes: ByteBuffer) {
    isUnflushed = false
    context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
  }

  func finish() {
    flush()
    context?.close(mode: .output, promise: nil)
  }

  func consumed() {
    if input.readableBytes == 0 { input = ByteBuffer() }
    if isHeldBack, input.readableBytes < workspace.limits.readAhead {
      isHeldBack = false
      context?.read()
    }
  }

  func close() {
    client = nil
    tls?.sayEnd()
    context?.close(promise: nil)
  }
}

// MARK: - Channel events

extension UpstreamChannel {
  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let client else {
      // Bytes that nobody asked for: the next request must not take them for its answer.
      context.close(promise: nil)
      return
    }
    var bytes = unwrapInboundIn(data)
    if input.readableBytes == 0 {
      input = bytes
    } else {
      input.writeBuffer(&bytes)
    }
    client.upstreamIsReadable()
  }

  /// Nobody behind this handler wants to know.
  func channelReadComplete(context: ChannelHandlerContext) {}

  func read(context: ChannelHandlerContext) {
    isHeldBack = input.readableBytes >= workspace.limits.readAhead
    if !isHeldBack { context.read() }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    client?.upstreamWritability(context.channel.isWritable)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    hasEnded = true
    if let client {
      client.upstreamIsReadable()
    } else {
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    hasEnded = true
    link?.ended()
    link = nil
    client?.upstreamIsReadable()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
