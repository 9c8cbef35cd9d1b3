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
    case module(ModuleLink)
  }

  private let carrier: Carrier
  /// Where it waits between two requests; nil for a module.
  private let pool: EndpointPool<NIOLink>?
  @exclusivity(unchecked) var idleSince: UInt64 = 0
  @exclusivity(unchecked) var isIdle = false
  @exclusivity(unchecked) private(set) var wasUsed = false

  /// The connection keeps the link until it closes.
  init(_ channel: UpstreamChannel, _ pool: EndpointPool<NIOLink>) {
    carrier = .channel(channel)
    self.pool = pool
    channel.link = self
  }

  /// A module has no connection to keep: each request gets a link of its own.
  init(_ module: ModuleLink) {
    carrier = .module(module)
    pool = nil
  }

  /// Whom to tell about bytes, the end, and room for more from now on.
  func serve(_ client: any LinkClient) {
    switch carrier {
    case .channel(let channel): channel.client = client
    case .module(let module): module.client = client
    }
  }

  var hasReceived: Bool {
    switch carrier {
    case .channel(let channel): channel.input.readableBytes > 0
    case .module(let module): module.input.readableBytes > 0
    }
  }

  func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    switch carrier {
    case .channel(let channel): channel.input.withUnsafeReadableBytes(body)
    case .module(let module): module.input.withUnsafeReadableBytes(body)
    }
  }

  /// A range of what was received, without a copy.
  func slice(_ range: ByteRange) -> ByteBuffer? {
    switch carrier {
    case .channel(let channel): Self.slice(range, of: channel.input)
    case .module(let module): Self.slice(range, of: module.input)
    }
  }

  private static func slice(_ range: ByteRange, of input: ByteBuffer) -> ByteBuffer? {
    input.getSlice(at: input.readerIndex + Int(range.start), length: Int(range.length))
  }

  func consume(_ count: Int) {
    switch carrier {
    case .channel(let channel): channel.input.moveReaderIndex(forwardBy: count)
    case .module(let module): module.input.moveReaderIndex(forwardBy: count)
    }
  }

  /// Part of what was received was consumed: reading may go on.
  func consumed() {
    switch carrier {
    case .channel(let channel): channel.consumed()
    case .module(let module): module.consumed()
    }
  }

  var hasEnded: Bool {
    switch carrier {
    case .channel(let channel): channel.hasEnded
    case .module(let module): module.hasEnded
    }
  }

  var failure: UpstreamFailure? {
    switch carrier {
    case .channel(let channel): channel.failure
    case .module(let module): module.failure
    }
  }

  /// Writes without flushing.
  func write(_ bytes: ByteBuffer) {
    switch carrier {
    case .channel(let channel): channel.write(bytes)
    case .module(let module): module.write(bytes)
    }
  }

  func flush() {
    switch carrier {
    case .channel(let channel): channel.flush()
    case .module(let module): module.flush()
    }
  }

  func writeAndFlush(_ bytes: ByteBuffer) {
    switch carrier {
    case .channel(let channel): channel.writeAndFlush(bytes)
    case .module(let module): module.writeAndFlush(bytes)
    }
  }

  func finish() {
    switch carrier {
    case .channel(let channel): channel.finish()
    // A request to a module ends with its body; none is ever switched to another protocol.
    case .module: break
    }
  }

  func close() {
    switch carrier {
    case .channel(let channel): channel.close()
    case .module(let module): module.close()
    }
  }

  func release() {
    wasUsed = true
    switch carrier {
    case .channel(let channel):
      guard channel.finishExchange() else { return close() }
      pool?.release(self)
    case .module(let module): module.close()
    }
  }

  /// The connection is gone.
  func ended() { pool?.closed(self) }
}
