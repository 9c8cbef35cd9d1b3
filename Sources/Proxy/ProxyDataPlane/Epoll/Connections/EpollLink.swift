// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import NIOCore

  /// The far side of one exchange, for the epoll transport.
  ///
  /// One final class, and a branch where the kinds differ: each request asks a link some twenty
  /// times. A pool knows links only, so that a link can be a whole connection or a share of one.
  final class EpollLink: UpstreamLink, PooledLink {
    private enum Carrier {
      case socket(UpstreamSocket)
      case module(ModuleUpstream)
    }

    private let carrier: Carrier
    /// Where it waits between two requests; nil for a module.
    private let pool: EndpointPool<EpollLink>?
    @exclusivity(unchecked) var idleSince: UInt64 = 0
    @exclusivity(unchecked) var isIdle = false
    @exclusivity(unchecked) private(set) var wasUsed = false
    /// Whom a connection wakes; nil when nobody is served.
    @exclusivity(unchecked) var client: (any EpollExchange)?

    /// The connection keeps the link until it closes.
    init(_ socket: UpstreamSocket, _ pool: EndpointPool<EpollLink>) {
      carrier = .socket(socket)
      self.pool = pool
      socket.link = self
    }

    /// A module has no connection to keep: each request gets a link of its own.
    init(_ module: ModuleUpstream) {
      carrier = .module(module)
      pool = nil
    }

    /// Valid until the next call.
    @inline(__always)
    var received: UnsafeRawBufferPointer {
      switch carrier {
      case .socket(let socket): socket.received
      case .module(let module): module.received
      }
    }

    var hasReceived: Bool { !received.isEmpty }

    func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
      body(received)
    }

    func consume(_ count: Int) {
      switch carrier {
      case .socket(let socket): socket.consume(count)
      case .module(let module): module.consume(count)
      }
    }

    /// Takes more bytes or the end; false when neither is there now.
    func receive() -> Bool {
      switch carrier {
      case .socket(let socket): socket.receive()
      case .module(let module): module.receive()
      }
    }

    /// Ends a look at `received`: its bytes are kept by the link from here on.
    func settle() {
      switch carrier {
      case .socket(let socket): socket.settle()
      case .module: break
      }
    }

    var hasEnded: Bool {
      switch carrier {
      case .socket(let socket): socket.hasEnded
      case .module(let module): module.hasEnded
      }
    }

    var failure: UpstreamFailure? {
      switch carrier {
      case .socket(let socket): socket.failure
      case .module(let module): module.failure
      }
    }

    /// Sends both runs; false when what could not be sent waits now.
    func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
      switch carrier {
      case .socket(let socket): socket.send(first, second)
      case .module(let module): module.send(first, second)
      }
    }

    func finish() {
      switch carrier {
      case .socket(let socket): socket.finishWhenSent()
      // A request to a module ends with its body; none is ever switched to another protocol.
      case .module: break
      }
    }

    func close() {
      client = nil
      switch carrier {
      case .socket(let socket): if socket.close() { pool?.closed(self) }
      case .module(let module): module.close()
      }
    }

    func release() {
      client = nil
      wasUsed = true
      switch carrier {
      case .socket(let socket):
        guard socket.finishExchange() else { return close() }
        pool?.release(self)
      case .module(let module): module.close()
      }
    }
  }

  /// A module behind the bytes of a link.
  final class ModuleUpstream: LinkClient {
    private let module: ModuleLink
    private unowned let client: any EpollExchange
    @exclusivity(unchecked) private var inbox = ByteQueue()
    private var isClosed = false

    init(_ module: ModuleLink, _ client: any EpollExchange) {
      self.module = module
      self.client = client
      module.client = self
    }

    var received: UnsafeRawBufferPointer { inbox.bytes }

    @inline(never)
    func consume(_ count: Int) { inbox.consume(count) }

    @inline(never)
    func receive() -> Bool {
      if module.input.readableBytes == 0 { return false }
      module.input.withUnsafeReadableBytes { inbox.append($0) }
      module.input.clear()
      module.consumed()
      return true
    }

    var hasEnded: Bool { module.hasEnded && module.input.readableBytes == 0 }
    var failure: UpstreamFailure? { module.failure }

    @inline(never)
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

    func upstreamIsReadable() {
      if !isClosed { client.resumeClient() }
    }

    func upstreamWritability(_ isWritable: Bool) {
      if !isClosed { client.upstreamWritability(isWritable) }
    }
  }
#endif
