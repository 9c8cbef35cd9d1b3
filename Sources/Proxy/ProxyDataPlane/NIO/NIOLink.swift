// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore

/// The far side of one exchange, on a SwiftNIO loop.
///
/// One final class, and a branch where the kinds differ: each request asks a link some twenty
/// times. A pool knows links only, so that a link can be a whole connection or a share of one.
final class NIOLink: UpstreamLink, PooledLink {
  private enum Carrier {
    case channel(UpstreamChannel)
    /// A connection of HTTP/2, which serves exchanges through shares only.
    case session(UpstreamSessionChannel)
    /// A share of the connection of another link.
    case share(UpstreamShare, NIOLink)
    case local(LocalLink)
  }

  private let carrier: Carrier
  /// The carrier's channel, which lives as long as the link: asked without being counted.
  private let channel: Unmanaged<UpstreamChannel>?
  /// Where it waits between two requests; nil for a local one and for a share.
  private let pool: EndpointPool<NIOLink>?
  @exclusivity(unchecked) var idleSince: UInt64 = 0
  @exclusivity(unchecked) var isIdle = false
  @exclusivity(unchecked) private var connectionWasUsed = false
  var number: UInt64 = 0

  /// The connection keeps the link until it closes.
  init(_ channel: UpstreamChannel, _ pool: EndpointPool<NIOLink>) {
    carrier = .channel(channel)
    self.channel = .passUnretained(channel)
    self.pool = pool
    channel.link = self
  }

  /// The connection keeps the link until it closes.
  init(_ channel: UpstreamSessionChannel, _ pool: EndpointPool<NIOLink>) {
    carrier = .session(channel)
    self.channel = nil
    self.pool = pool
    channel.link = self
  }

  private init(_ share: UpstreamShare, of connection: NIOLink) {
    carrier = .share(share, connection)
    channel = nil
    pool = nil
    connectionWasUsed = connection.connectionWasUsed
  }

  /// There is no connection to keep: each request gets a link of its own.
  init(_ local: LocalLink) {
    carrier = .local(local)
    channel = nil
    pool = nil
  }

  /// Whom to tell about bytes, the end, and room for more from now on.
  func serve(_ client: any LinkClient) {
    switch carrier {
    case .channel(let channel): channel.client = client
    case .share(let share, _): share.client = client
    case .session: break
    case .local(let local): local.client = client
    }
  }

  var hasReceived: Bool { receivedCount > 0 }

  @inline(__always)
  var receivedCount: Int {
    if let channel { return channel._withUnsafeGuaranteedRef(\.input.readableBytes) }
    return otherInput.readableBytes
  }

  /// Inlined, or each look would count references to all that it uses.
  @inline(__always)
  func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    if let channel {
      return channel._withUnsafeGuaranteedRef { $0.input.withUnsafeReadableBytes(body) }
    }
    return otherInput.withUnsafeReadableBytes(body)
  }

  /// What was received by a link that has no channel of its own.
  private var otherInput: ByteBuffer {
    switch carrier {
    case .share(let share, _): share.input
    case .local(let local): local.input
    case .channel, .session: ByteBuffer()
    }
  }

  /// A range of what was received, without a copy.
  func slice(_ range: ByteRange) -> ByteBuffer? {
    if let channel { return channel._withUnsafeGuaranteedRef { Self.slice(range, of: $0.input) } }
    return Self.slice(range, of: otherInput)
  }

  private static func slice(_ range: ByteRange, of input: ByteBuffer) -> ByteBuffer? {
    input.getSlice(at: input.readerIndex + Int(range.start), length: Int(range.length))
  }

  func consume(_ count: Int) {
    switch carrier {
    case .channel(let channel): channel.input.moveReaderIndex(forwardBy: count)
    case .share(let share, _): share.input.moveReaderIndex(forwardBy: count)
    case .session: break
    case .local(let local): local.input.moveReaderIndex(forwardBy: count)
    }
  }

  /// Part of what was received was consumed: reading may go on.
  func consumed() {
    if let channel { return channel._withUnsafeGuaranteedRef { $0.consumed() } }
    switch carrier {
    case .share(let share, _): share.consumed()
    case .channel, .session: break
    case .local(let local): local.consumed()
    }
  }

  /// The connection served another exchange before, so it may have been closing already when this
  /// one was sent. A stream that ends alone was told to.
  var wasUsed: Bool {
    if case .share(let share, _) = carrier, !share.stream.endedWithConnection { return false }
    return connectionWasUsed
  }

  var hasEnded: Bool {
    switch carrier {
    case .channel(let channel): channel.hasEnded
    case .share(let share, _): share.stream.hasEnded
    case .session(let channel): channel.link == nil
    case .local(let local): local.hasEnded
    }
  }

  var failure: UpstreamFailure? {
    switch carrier {
    case .channel(let channel): channel.failure
    case .share(let share, _): share.stream.failure
    case .session: nil
    case .local(let local): local.failure
    }
  }

  /// Writes without flushing.
  func write(_ bytes: ByteBuffer) {
    switch carrier {
    case .channel(let channel): channel.write(bytes)
    case .share(let share, _): share.write(bytes)
    case .session: break
    case .local(let local): local.write(bytes)
    }
  }

  func flush() {
    switch carrier {
    case .channel(let channel): channel.flush()
    case .share(let share, _): share.flush()
    case .session: break
    case .local(let local): local.flush()
    }
  }

  func writeAndFlush(_ bytes: ByteBuffer) {
    if let channel { return channel._withUnsafeGuaranteedRef { $0.writeAndFlush(bytes) } }
    switch carrier {
    case .share(let share, _):
      share.write(bytes)
      share.flush()
    case .channel, .session: break
    case .local(let local): local.writeAndFlush(bytes)
    }
  }

  func finish() {
    switch carrier {
    case .channel(let channel): channel.finish()
    // Their requests end with their bodies; none is ever switched to another protocol.
    case .share, .local, .session: break
    }
  }

  func close() {
    switch carrier {
    case .channel(let channel): channel.close()
    case .share(let share, let connection): connection.left(share, isServed: false)
    case .session(let channel): channel.close()
    case .local(let local): local.close()
    }
  }

  func release() {
    connectionWasUsed = true
    switch carrier {
    case .channel(let channel):
      channel.client = nil
      pool?.release(self)
    case .share(let share, let connection): connection.left(share, isServed: true)
    case .session: break
    case .local(let local): local.close()
    }
  }

  /// The connection is gone.
  func ended() { pool?.closed(self) }
}

// MARK: - Shares of a connection

extension NIOLink {
  private var session: UpstreamSession? {
    if case .session(let channel) = carrier { channel.session } else { nil }
  }

  var load: Int { session?.load ?? 0 }
  var room: Int { session?.room ?? 0 }
  var knowsRoom: Bool { session?.knowsUpstream ?? true }
  var isGoingAway: Bool { session.map { $0.isGoingAway || $0.hasFailed } ?? false }
  var isMute: Bool { session?.isMute ?? false }

  func breakOffOverdue() {
    guard case .session(let channel) = carrier, channel.session.breakOffOverdue() else { return }
    channel.flush()
  }

  func makeShare() -> NIOLink {
    guard case .session(let channel) = carrier else {
      preconditionFailure("not a connection that is shared")
    }
    return NIOLink(UpstreamShare(channel), of: self)
  }

  private func left(_ share: UpstreamShare, isServed: Bool) {
    connectionWasUsed = true
    if !isServed, !share.stream.isAnswered { pool?.failedShare(of: self) }
    share.leave(isServed: isServed)
  }

  /// The connection may take more exchanges than before, or none any more.
  func roomChanged() { pool?.roomChanged(self) }
}
