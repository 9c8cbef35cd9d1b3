// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore

/// One connection to an upstream endpoint: a pipe for bytes, without any idea of HTTP.
final class NetworkLink: ChannelDuplexHandler, UpstreamLink, PooledLink {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  @exclusivity(unchecked) var input = ByteBuffer()
  @exclusivity(unchecked) private(set) var hasEnded = false
  @exclusivity(unchecked) private(set) var wasUsed = false
  let failure: UpstreamFailure? = nil
  @exclusivity(unchecked) var client: (any LinkClient)?
  var idleSince: UInt64 = 0
  var isIdle = false

  private unowned let pool: EndpointPool<NetworkLink>
  private let readAhead: Int
  @exclusivity(unchecked) private var context: ChannelHandlerContext?
  private var isHeldBack = false
  private var isUnflushed = false

  init(_ pool: EndpointPool<NetworkLink>, readAhead: Int) {
    self.pool = pool
    self.readAhead = readAhead
  }

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
    if isHeldBack, input.readableBytes < readAhead {
      isHeldBack = false
      context?.read()
    }
  }

  func close() {
    client = nil
    context?.close(promise: nil)
  }

  func release() {
    client = nil
    wasUsed = true
    pool.release(self)
  }
}

// MARK: - Channel events

extension NetworkLink {
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
    client.upstreamIsReadable(self)
  }

  /// Nobody behind this handler wants to know.
  func channelReadComplete(context: ChannelHandlerContext) {}

  func read(context: ChannelHandlerContext) {
    isHeldBack = input.readableBytes >= readAhead
    if !isHeldBack { context.read() }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    client?.upstreamWritability(context.channel.isWritable, self)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    hasEnded = true
    if let client {
      client.upstreamIsReadable(self)
    } else {
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    hasEnded = true
    pool.closed(self)
    client?.upstreamIsReadable(self)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
