// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import TLSEngine

  /// A connection to an upstream endpoint, which carries one exchange at a time.
  final class UpstreamSocket: SocketStream, EventHandler {
    /// What the pool knows it by; nil before its handshake is over and once it closed.
    @exclusivity(unchecked) var link: EpollLink?
    @exclusivity(unchecked) private(set) var hasEnded = false
    /// Speaks HTTP/2 with the upstream.
    private let codec: UpstreamCodec?

    init(
      _ worker: EpollWorker, _ socket: SystemSocket, _ codec: UpstreamCodec?, _ tls: TLSEngine?
    ) {
      self.codec = codec
      super.init(worker, socket, tls)
    }

    func handle(_ readiness: Readiness) {
      note(readiness)
      guard let link else { return }
      if readiness.contains(.writable), hasUnsent {
        if !sendTail() { hasEnded = true }
        if !hasUnsent, codec != nil { flushCodec() }
        // The upstream's window may hold the request back still.
        link.client?.upstreamWritability(!hasUnsent && !(codec?.isFull ?? false))
      }
      guard readiness != .writable else { return }
      if let client = link.client {
        client.run()
      } else {
        watchIdle(link)
      }
    }

    /// Nobody asked for anything: bytes must not be taken for the next request's answer, and an end
    /// makes the connection useless.
    private func watchIdle(_ link: EpollLink) {
      // The upstream may speak of the connection itself, in TLS or in HTTP/2.
      while receive() {
        if hasEnded || !inbox.isEmpty || codec?.isReusable == false { return link.close() }
      }
    }

    var failure: UpstreamFailure? { codec?.failure ?? (isTruncated ? .truncated : nil) }

    var received: UnsafeRawBufferPointer { codec == nil ? inbox.bytes : answer }

    func consume(_ count: Int) {
      if codec != nil { return consumeAnswer(count) }
      inbox.consume(count)
    }

    func settle() {
      if codec != nil { return settleAnswer() }
      inbox.settle()
    }

    func receive() -> Bool {
      if hasEnded { return false }
      switch take() {
      case .bytes: if codec != nil { decode() }
      case .empty: return false
      case .end, .broken: hasEnded = true
      }
      return true
    }

    /// Looks at what came with the end of a handshake; false for bytes that only a request could
    /// have asked for.
    func takeEarlyBytes() -> Bool {
      if inbox.isEmpty { return true }
      if codec == nil { return false }
      decode()
      return !hasEnded
    }

    func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
      if codec != nil { return encode(first, second) }
      // What the upstream said before it broke the connection is still to be read.
      if !deliver(first, second) { note(.broken) }
      return !hasUnsent
    }

    /// False when it was closed before.
    func close() -> Bool {
      if !isOpen { return false }
      link = nil
      hasEnded = true
      codec?.close()
      if !hasUnsent { sayEnd() }
      closeSocket()
      return true
    }
  }

  // MARK: - HTTP/2

  /// Apart, and called, so that the code of HTTP/1 stays small.
  extension UpstreamSocket {
    @inline(never)
    private var answer: UnsafeRawBufferPointer {
      codec?.answer.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
    }

    @inline(never)
    private func consumeAnswer(_ count: Int) { codec?.answer.consume(count) }

    @inline(never)
    private func settleAnswer() {
      guard let codec else { return }
      codec.answerTaken(left: codec.answer.count)
      flushCodec()
    }

    @inline(never)
    private func decode() {
      guard let codec else { return }
      let count = inbox.count
      codec.receive(inbox.bytes, now: worker.now)
      inbox.consume(count)
      flushCodec()
      if codec.hasFailed { hasEnded = true }
    }

    @inline(never)
    private func encode(
      _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) -> Bool {
      guard let codec else { return true }
      codec.send(first)
      codec.send(second)
      flushCodec()
      if codec.hasFailed { hasEnded = true }
      return !hasUnsent
    }

    @inline(never)
    private func flushCodec() {
      guard let codec, isOpen else { return }
      if !hasUnsent {
        codec.flush { bytes in
          let isWhole = deliver(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
          if !isWhole { note(.broken) }
          return isWhole && !hasUnsent
        }
      }
      if let isWritable = codec.roomChanged() { link?.client?.upstreamWritability(isWritable) }
    }

    /// The exchange is over; false when there cannot be another one.
    func finishExchange() -> Bool {
      guard let codec else { return true }
      guard codec.isReusable else { return false }
      codec.finishExchange()
      return true
    }
  }
#endif
