// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import Glibc
  import TLSEngine

  /// One connected socket: what was received and not consumed, and what could not be sent yet.
  ///
  /// Readiness is told once (edge-triggered), so it is remembered until a call says otherwise. Idle
  /// it holds no buffer.
  ///
  /// One thread uses it, and no two accesses overlap; the check for that at run time would cost
  /// more than what it guards. The same goes for the other classes of this transport.
  class SocketStream {
    /// Most bytes taken in one call, and so the most that wait in memory on each way.
    static let most = 128 * 1024
    /// What waits for a peer is more than an answer can leave there: the peer asks for answers that
    /// it does not read, and is not read either.
    private static let mostUnsent = 2 * most

    final let worker: EpollWorker
    @exclusivity(unchecked) private(set) final var socket: SystemSocket
    @exclusivity(unchecked) final var inbox: Inbox
    @exclusivity(unchecked) private var tail: ByteQueue
    /// The socket was not seen drained.
    @exclusivity(unchecked) private(set) final var mayHaveMore = false
    /// The end was announced: reading goes on until it is reached.
    @exclusivity(unchecked) private var isEnding = false
    /// Nothing follows what waits.
    @exclusivity(unchecked) private var isFinishing = false
    /// Between the socket and everything above it; nil in clear.
    @exclusivity(unchecked) private(set) final var tls: TLSEngine?
    /// The peer closed without saying that nothing follows: something may be missing.
    @exclusivity(unchecked) private(set) final var isTruncated = false

    init(_ worker: EpollWorker, _ socket: SystemSocket, _ tls: TLSEngine? = nil) {
      self.worker = worker
      self.socket = socket
      self.tls = tls
      inbox = Inbox(worker.context.memory)
      tail = ByteQueue(worker.context.memory)
    }

    final var isOpen: Bool { socket.descriptor >= 0 }
    final var hasUnsent: Bool { !tail.isEmpty }
    final var unsentCount: Int { tail.count }
    final var isClogged: Bool { tail.count > Self.mostUnsent }

    final func note(_ readiness: Readiness) {
      if !readiness.isDisjoint(with: [.readable, .ending, .broken]) { mayHaveMore = true }
      if !readiness.isDisjoint(with: [.ending, .broken]) { isEnding = true }
    }

    /// Takes what the socket has into the worker's scratch memory, which `inbox` then shows.
    final func take() -> Reception {
      if !mayHaveMore { return .empty }
      if let tls { return take(through: tls) }
      var reception = Reception.empty
      inbox.fill(worker.scratch) { scratch in
        reception = socket.receive(into: scratch)
        return if case .bytes(let count) = reception { count } else { 0 }
      }
      switch reception {
      case .bytes(let count):
        // Less than asked for means that there was no more, and new bytes will be told.
        if count < worker.scratch.count, !isEnding { mayHaveMore = false }
      case .end, .empty, .broken: mayHaveMore = false
      }
      return reception
    }

    /// Sends both runs, and keeps what the kernel does not take; false when the connection broke.
    final func deliver(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
      if let tls {
        let isSealed = tls.send(first) && tls.send(second)
        return sendOutgoing(of: tls) && isSealed
      }
      return transmit(first, second)
    }

    private final func transmit(
      _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) -> Bool {
      var sent = 0
      if tail.isEmpty {
        switch socket.send(first, second) {
        case .sent(let count): sent = count
        case .broken: return false
        }
        if sent == first.count &+ second.count { return true }
      }
      let fromFirst = min(sent, first.count)
      tail.append(UnsafeRawBufferPointer(rebasing: first[fromFirst...]))
      tail.append(UnsafeRawBufferPointer(rebasing: second[(sent &- fromFirst)...]))
      return true
    }

    /// Sends what waits; false when the connection broke.
    final func sendTail() -> Bool {
      if tail.isEmpty { return true }
      switch socket.send(tail.bytes, UnsafeRawBufferPointer(start: nil, count: 0)) {
      case .sent(let count): tail.consume(count)
      case .broken: return false
      }
      if isFinishing, tail.isEmpty { socket.finishOutput() }
      return true
    }

    /// The peer sees the end once it got everything before.
    final func finishWhenSent() {
      isFinishing = true
      sayEnd()
      if tail.isEmpty { socket.finishOutput() }
    }

    /// Goes on where another object of the same socket stopped.
    final func takeOver(_ other: SocketStream) {
      inbox.add(other.inbox.bytes)
      inbox.settle()
      tail.append(other.tail.bytes)
      mayHaveMore = other.mayHaveMore
      isEnding = other.isEnding
      isTruncated = other.isTruncated
    }

    final func closeSocket() {
      let closing = socket
      socket = .closed
      worker.loop.close(closing)
      inbox = Inbox(worker.context.memory)
      tail.clear()
      tls = nil
    }
  }

  // MARK: - TLS

  extension SocketStream {
    /// Takes what the socket has and opens it. Bytes that open to nothing, as those of a handshake
    /// do, count as zero bytes.
    private func take(through tls: TLSEngine) -> Reception {
      switch tls.phase {
      case .handshaking, .open: break
      case .ended, .failed:
        // Told once, as a socket in clear does.
        mayHaveMore = false
        return tls.phase == .ended ? .end : .broken
      }
      let incoming = tls.workspace.incoming
      let reception = socket.receive(into: incoming)
      switch reception {
      case .bytes(let count):
        if count < incoming.count, !isEnding { mayHaveMore = false }
        var opened = 0
        inbox.fill(worker.scratch) { scratch in
          opened = tls.receive(UnsafeRawBufferPointer(rebasing: incoming[..<count]), into: scratch)
          return opened
        }
        // A broken connection tells of itself when it is read.
        _ = sendOutgoing(of: tls)
        // The end is looked at again, behind the bytes before it.
        if tls.phase != .open, tls.phase != .handshaking { mayHaveMore = true }
        return .bytes(opened)
      case .end: isTruncated = true
      case .empty, .broken: break
      }
      mayHaveMore = false
      return reception
    }

    /// Sends what the engine left, and keeps what the kernel does not take; false when the
    /// connection broke.
    final func sendOutgoing(of tls: TLSEngine) -> Bool {
      let outgoing = tls.workspace.outgoing
      if outgoing.isEmpty { return true }
      defer { tls.workspace.clearOutgoing() }
      return transmit(outgoing, UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Tells the peer that nothing follows what was sent.
    final func sayEnd() {
      guard let tls else { return }
      tls.finish()
      _ = sendOutgoing(of: tls)
    }
  }
#endif
