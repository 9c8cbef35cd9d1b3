// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore

/// One connection to an upstream endpoint: a pipe for bytes, without any idea of HTTP.
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
  /// Speaks HTTP/2 with the upstream.
  private let codec: UpstreamCodec?
  @exclusivity(unchecked) private var context: ChannelHandlerContext?
  @exclusivity(unchecked) private var isHeldBack = false
  @exclusivity(unchecked) private var isUnflushed = false

  init(_ workspace: ExchangeWorkspace, _ codec: UpstreamCodec?, _ tls: TLSHandler?) {
    self.workspace = workspace
    self.codec = codec
    self.tls = tls
  }

  var failure: UpstreamFailure? {
    codec?.failure ?? (tls?.isTruncated == true ? .truncated : nil)
  }

  func write(_ bytes: ByteBuffer) {
    isUnflushed = true
    if let codec { return bytes.withUnsafeReadableBytes(codec.send) }
    context?.write(wrapOutboundOut(bytes), promise: nil)
  }

  func flush() {
    if !isUnflushed { return }
    isUnflushed = false
    guard let codec else {
      context?.flush()
      return
    }
    flushCodec()
    if codec.hasFailed, !hasEnded {
      hasEnded = true
      client?.upstreamIsReadable()
    }
  }

  func writeAndFlush(_ bytes: ByteBuffer) {
    if codec != nil {
      write(bytes)
      return flush()
    }
    isUnflushed = false
    context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
  }

  func finish() {
    flush()
    context?.close(mode: .output, promise: nil)
  }

  func consumed() {
    if input.readableBytes == 0 { input = ByteBuffer() }
    if let codec {
      codec.answerTaken(left: input.readableBytes)
      flushCodec()
    }
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

  /// The exchange is over; false when there cannot be another one.
  func finishExchange() -> Bool {
    client = nil
    guard let codec else { return true }
    guard codec.isReusable else { return false }
    codec.finishExchange()
    return true
  }
}

// MARK: - Channel events

extension UpstreamChannel {
  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if let codec { return received(unwrapInboundIn(data), codec) }
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

  private func received(_ bytes: ByteBuffer, _ codec: UpstreamCodec) {
    bytes.withUnsafeReadableBytes { codec.receive($0, now: workspace.now) }
    input.writeWithUnsafeMutableBytes(minimumWritableBytes: codec.answer.count) {
      $0.copyMemory(from: codec.answer.bytes)
      return codec.answer.count
    }
    codec.answer.clear()
    flushCodec()
    if codec.hasFailed { hasEnded = true }
    if let client {
      if let isWritable = codec.roomChanged() { client.upstreamWritability(isWritable) }
      client.upstreamIsReadable()
    } else if !codec.isReusable {
      context?.close(promise: nil)
    }
  }

  private func flushCodec() {
    guard let codec, let context else { return }
    codec.flush { bytes in
      context.write(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
      return context.channel.isWritable
    }
    context.flush()
    if let isWritable = codec.roomChanged() { client?.upstreamWritability(isWritable) }
  }

  /// Nobody behind this handler wants to know.
  func channelReadComplete(context: ChannelHandlerContext) {}

  func read(context: ChannelHandlerContext) {
    isHeldBack = input.readableBytes >= workspace.limits.readAhead
    if !isHeldBack { context.read() }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if codec != nil, context.channel.isWritable { flushCodec() }
    // The upstream's window may hold the request back still.
    client?.upstreamWritability(context.channel.isWritable && !(codec?.isFull ?? false))
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
    codec?.close()
    link?.ended()
    link = nil
    client?.upstreamIsReadable()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
