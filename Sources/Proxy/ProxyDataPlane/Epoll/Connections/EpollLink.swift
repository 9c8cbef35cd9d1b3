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
      /// A connection of HTTP/2, which serves exchanges through shares only.
      case session(UpstreamSessionSocket)
      /// A share of the connection of another link.
      case stream(UpstreamStream, EpollLink)
      case local(LocalUpstream)
    }

    private let carrier: Carrier
    /// The carrier's socket, which lives as long as the link: asked without being counted.
    private let socket: Unmanaged<UpstreamSocket>?
    /// Where it waits between two requests; nil for a local one and for a share.
    private let pool: EndpointPool<EpollLink>?
    @exclusivity(unchecked) var idleSince: UInt64 = 0
    @exclusivity(unchecked) var isIdle = false
    @exclusivity(unchecked) private var connectionWasUsed = false
    var number: UInt64 = 0
    /// Whom a connection wakes; nil when nobody is served.
    @exclusivity(unchecked) var client: (any EpollExchange)?

    /// The connection keeps the link until it closes.
    init(_ socket: UpstreamSocket, _ pool: EndpointPool<EpollLink>) {
      carrier = .socket(socket)
      self.socket = .passUnretained(socket)
      self.pool = pool
      socket.link = self
    }

    /// The connection keeps the link until it closes.
    init(_ socket: UpstreamSessionSocket, _ pool: EndpointPool<EpollLink>) {
      carrier = .session(socket)
      self.socket = nil
      self.pool = pool
      socket.link = self
    }

    private init(_ stream: UpstreamStream, of connection: EpollLink) {
      carrier = .stream(stream, connection)
      socket = nil
      pool = nil
      connectionWasUsed = connection.connectionWasUsed
      stream.listener = self
    }

    /// There is no connection to keep: each request gets a link of its own.
    init(_ local: LocalUpstream) {
      carrier = .local(local)
      socket = nil
      pool = nil
    }

    /// Valid until the next call.
    @inline(__always)
    var received: UnsafeRawBufferPointer {
      switch carrier {
      case .socket(let socket): socket.inbox.bytes
      case .stream(let stream, _): stream.answer.bytes
      case .local(let local): local.received
      case .session: UnsafeRawBufferPointer(start: nil, count: 0)
      }
    }

    var hasReceived: Bool { receivedCount > 0 }

    var receivedCount: Int {
      switch carrier {
      case .socket(let socket): socket.inbox.count
      case .stream(let stream, _): stream.answer.count
      case .local(let local): local.received.count
      case .session: 0
      }
    }

    /// Neither bytes nor the end are there to be looked at.
    @inline(__always)
    var isSilent: Bool {
      if case .socket(let socket) = carrier { return socket.inbox.isEmpty && !socket.hasEnded }
      return !hasReceived && !hasEnded
    }

    func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
      body(received)
    }

    func consume(_ count: Int) {
      switch carrier {
      case .socket(let socket): socket.inbox.consume(count)
      case .stream(let stream, _): stream.answer.consume(count)
      case .local(let local): local.consume(count)
      case .session: break
      }
    }

    /// Takes more bytes or the end; false when neither is there now.
    func receive() -> Bool {
      if let socket { return socket._withUnsafeGuaranteedRef { $0.receive() } }
      // A connection that is shared is read for all its exchanges.
      return if case .local(let local) = carrier { local.receive() } else { false }
    }

    /// Ends a look at `received`: its bytes are kept by the link from here on.
    func settle() {
      switch carrier {
      case .socket(let socket): socket.inbox.settle()
      case .stream(let stream, let connection):
        if stream.answerTaken(left: stream.answer.count) { connection.flushSession() }
      case .local, .session: break
      }
    }

    /// The connection served another exchange before, so it may have been closing already when this
    /// one was sent. A stream that ends alone was told to.
    var wasUsed: Bool {
      if case .stream(let stream, _) = carrier, !stream.endedWithConnection { return false }
      return connectionWasUsed
    }

    var hasEnded: Bool {
      switch carrier {
      case .socket(let socket): socket.hasEnded
      case .stream(let stream, _): stream.hasEnded
      case .session(let socket): !socket.isOpen
      case .local(let local): local.hasEnded
      }
    }

    var failure: UpstreamFailure? {
      switch carrier {
      case .socket(let socket): socket.failure
      case .stream(let stream, _): stream.failure
      case .session: nil
      case .local(let local): local.failure
      }
    }

    /// Sends both runs; false when what could not be sent waits now.
    func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
      if let socket { return socket._withUnsafeGuaranteedRef { $0.send(first, second) } }
      switch carrier {
      case .stream(let stream, let connection):
        stream.send(first)
        stream.send(second)
        connection.flushSession()
        _ = stream.fullnessChanged()
        return !stream.isFull
      case .local(let local): return local.send(first, second)
      case .socket, .session: return true
      }
    }

    func finish() {
      switch carrier {
      case .socket(let socket): socket.finishWhenSent()
      // Their requests end with their bodies; none is ever switched to another protocol.
      case .stream, .local, .session: break
      }
    }

    func close() {
      client = nil
      switch carrier {
      case .socket(let socket): if socket.close() { pool?.closed(self) }
      case .stream(let stream, let connection): connection.left(stream, isServed: false)
      case .session(let socket): if socket.close() { pool?.closed(self) }
      case .local(let local): local.close()
      }
    }

    func release() {
      client = nil
      connectionWasUsed = true
      switch carrier {
      case .socket: pool?.release(self)
      case .stream(let stream, let connection): connection.left(stream, isServed: true)
      case .session: break
      case .local(let local): local.close()
      }
    }
  }

  // MARK: - Shares of a connection

  extension EpollLink: UpstreamStreamListener {
    private var session: UpstreamSession? {
      if case .session(let socket) = carrier { socket.session } else { nil }
    }

    var load: Int { session?.load ?? 0 }
    var room: Int { session?.room ?? 0 }
    var knowsRoom: Bool { session?.knowsUpstream ?? true }
    var isGoingAway: Bool { session.map { $0.isGoingAway || $0.hasFailed } ?? false }
    var isMute: Bool { session?.isMute ?? false }

    func breakOffOverdue() {
      if session?.breakOffOverdue() == true { flushSession() }
    }

    func makeShare() -> EpollLink {
      guard let session else { preconditionFailure("not a connection that is shared") }
      return EpollLink(session.makeStream(), of: self)
    }

    private func left(_ stream: UpstreamStream, isServed: Bool) {
      connectionWasUsed = true
      if !isServed, !stream.isAnswered { pool?.failedShare(of: self) }
      stream.leave(isServed: isServed)
      flushSession()
    }

    private func flushSession() {
      if case .session(let socket) = carrier { socket.flush() }
    }

    /// The connection may take more exchanges than before, or none any more.
    func roomChanged() { pool?.roomChanged(self) }

    func changed(_ stream: UpstreamStream) {
      if let isWritable = stream.fullnessChanged() { client?.upstreamWritability(isWritable) }
      client?.resumeClient()
    }
  }

  /// What answers in this process, behind the bytes of a link.
  final class LocalUpstream: LinkClient {
    private let local: LocalLink
    private unowned let client: any EpollExchange
    @exclusivity(unchecked) private var inbox = ByteQueue()
    private var isClosed = false

    init(_ local: LocalLink, _ client: any EpollExchange) {
      self.local = local
      self.client = client
      local.client = self
    }

    var received: UnsafeRawBufferPointer { inbox.bytes }

    @inline(never)
    func consume(_ count: Int) { inbox.consume(count) }

    @inline(never)
    func receive() -> Bool {
      if local.input.readableBytes == 0 { return false }
      local.input.withUnsafeReadableBytes { inbox.append($0) }
      local.input.clear()
      local.consumed()
      return true
    }

    var hasEnded: Bool { local.hasEnded && local.input.readableBytes == 0 }
    var failure: UpstreamFailure? { local.failure }

    @inline(never)
    func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
      local.write(ByteBuffer(bytes: first))
      if !second.isEmpty { local.write(ByteBuffer(bytes: second)) }
      local.flush()
      // A module that is full says so through `upstreamWritability`.
      return true
    }

    func close() {
      isClosed = true
      local.close()
    }

    func upstreamIsReadable() {
      if !isClosed { client.resumeClient() }
    }

    func upstreamWritability(_ isWritable: Bool) {
      if !isClosed { client.upstreamWritability(isWritable) }
    }
  }
#endif
