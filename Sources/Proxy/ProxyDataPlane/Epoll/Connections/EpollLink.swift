// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import NIOCore
  import TLSEngine

  /// The far side of one exchange, for the epoll transport.
  protocol EpollLink: AnyObject {
    /// Bytes received and not consumed yet; valid until the next call.
    var received: UnsafeRawBufferPointer { get }
    func consume(_ count: Int)
    /// Takes more bytes or the end; false when neither is there now.
    func receive() -> Bool
    /// Ends a look at `received`: its bytes are kept by the link from here on.
    func settle()
    var hasEnded: Bool { get }
    /// The connection served another exchange before.
    var wasUsed: Bool { get }
    /// What the end means; nil when the exchange knows.
    var failure: UpstreamFailure? { get }
    /// Sends both runs; false when what could not be sent waits now.
    func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool
    /// Nothing more is sent; the far side sees that once it got everything before.
    func finish()
    /// Nothing more is wanted, and the link is of no further use.
    func close()
    /// The exchange is over and the link may serve another one.
    func release()
  }

  /// A connection to an upstream endpoint.
  final class SocketLink: SocketStream, EpollLink, PooledLink, EventHandler {
    @exclusivity(unchecked) var idleSince: UInt64 = 0
    @exclusivity(unchecked) var isIdle = false
    @exclusivity(unchecked) private(set) var hasEnded = false
    @exclusivity(unchecked) private(set) var wasUsed = false
    /// Speaks HTTP/2 with the upstream.
    private let codec: UpstreamCodec?
    @exclusivity(unchecked) var client: (any EpollExchange)?
    private let pool: EndpointPool<SocketLink>

    init(
      _ worker: EpollWorker, _ socket: SystemSocket, _ pool: EndpointPool<SocketLink>,
      _ codec: UpstreamCodec?, _ tls: TLSEngine?
    ) {
      self.pool = pool
      self.codec = codec
      super.init(worker, socket, tls)
    }

    func handle(_ readiness: Readiness) {
      note(readiness)
      if readiness.contains(.writable), hasUnsent {
        if !sendTail() { hasEnded = true }
        if !hasUnsent, codec != nil { flushCodec() }
        // The upstream's window may hold the request back still.
        client?.upstreamWritability(!hasUnsent && !(codec?.isFull ?? false))
      }
      guard readiness != .writable else { return }
      if let client {
        client.run()
      } else {
        watchIdle()
      }
    }

    /// Nobody asked for anything: bytes must not be taken for the next request's answer, and an end
    /// makes the connection useless.
    private func watchIdle() {
      // The upstream may speak of the connection itself, in TLS or in HTTP/2.
      while receive() {
        if hasEnded || !inbox.isEmpty || codec?.isReusable == false { return close() }
      }
    }

    var failure: UpstreamFailure? { codec?.failure ?? (isTruncated ? .truncated : nil) }

    var received: UnsafeRawBufferPointer { codec?.answer.bytes ?? inbox.bytes }

    func consume(_ count: Int) {
      guard let codec else { return inbox.consume(count) }
      codec.answer.consume(count)
    }

    func settle() {
      guard let codec else { return inbox.settle() }
      codec.answerTaken(left: codec.answer.count)
      flushCodec()
    }

    func finish() { finishWhenSent() }

    func receive() -> Bool {
      if hasEnded { return false }
      switch take() {
      case .bytes: if let codec { decode(codec) }
      case .empty: return false
      case .end, .broken: hasEnded = true
      }
      return true
    }

    /// Looks at what came with the end of a handshake; false for bytes that only a request could
    /// have asked for.
    func takeEarlyBytes() -> Bool {
      if inbox.isEmpty { return true }
      guard let codec else { return false }
      decode(codec)
      return !hasEnded
    }

    private func decode(_ codec: UpstreamCodec) {
      let count = inbox.count
      codec.receive(inbox.bytes, now: worker.now)
      inbox.consume(count)
      flushCodec()
      if codec.hasFailed { hasEnded = true }
    }

    private func flushCodec() {
      guard let codec, isOpen else { return }
      if !hasUnsent {
        codec.flush { bytes in
          let isWhole = deliver(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
          if !isWhole { note(.broken) }
          return isWhole && !hasUnsent
        }
      }
      if let isWritable = codec.roomChanged() { client?.upstreamWritability(isWritable) }
    }

    func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
      if let codec {
        codec.send(first)
        codec.send(second)
        flushCodec()
        if codec.hasFailed { hasEnded = true }
        return !hasUnsent
      }
      // What the upstream said before it broke the connection is still to be read.
      if !deliver(first, second) { note(.broken) }
      return !hasUnsent
    }

    func close() {
      if !isOpen { return }
      client = nil
      hasEnded = true
      codec?.close()
      if !hasUnsent { sayEnd() }
      closeSocket()
      pool.closed(self)
    }

    func release() {
      client = nil
      wasUsed = true
      if let codec {
        guard codec.isReusable else { return close() }
        codec.finishExchange()
      }
      pool.release(self)
    }
  }

  /// A module behind the bytes of a link.
  final class ModuleUpstream: EpollLink, LinkClient {
    private let module: ModuleLink
    private unowned let client: any EpollExchange
    private var inbox = ByteQueue()
    private var isClosed = false

    init(_ module: ModuleLink, _ client: any EpollExchange) {
      self.module = module
      self.client = client
      module.client = self
    }

    var received: UnsafeRawBufferPointer { inbox.bytes }

    func consume(_ count: Int) { inbox.consume(count) }

    func receive() -> Bool {
      if module.input.readableBytes == 0 { return false }
      module.input.withUnsafeReadableBytes { inbox.append($0) }
      module.input.clear()
      module.consumed()
      return true
    }

    func settle() {}

    func finish() { module.finish() }

    var hasEnded: Bool { module.hasEnded && module.input.readableBytes == 0 }
    var failure: UpstreamFailure? { module.failure }
    let wasUsed = false

    func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
      module.write(ByteBuffer(bytes: first))
      if !second.isEmpty { module.write(ByteBuffer(bytes: second)) }
      module.flush()
      // A module that is full says so through `upstreamWritability`.
      return true
    }

    func close() {
      isClosed = true
      module.close()
    }

    func release() { close() }

    func upstreamIsReadable(_ link: any UpstreamLink) {
      if !isClosed { client.resumeClient() }
    }

    func upstreamWritability(_ isWritable: Bool, _ link: any UpstreamLink) {
      if !isClosed { client.upstreamWritability(isWritable) }
    }
  }
#endif
