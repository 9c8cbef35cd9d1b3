// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import TLSEngine

  /// A connection to an upstream endpoint that speaks HTTP/2, which carries many exchanges.
  ///
  /// It is read as soon as there is something, whoever it is for: windows bound what comes for each
  /// stream and for all of them.
  final class UpstreamSessionSocket: SocketStream, EventHandler {
    let session: UpstreamSession
    /// What the pool knows it by; nil once it closed.
    @exclusivity(unchecked) var link: EpollLink?

    /// `secured`: what shook hands on the socket, and may have received more than that.
    init(
      _ worker: EpollWorker, _ socket: SystemSocket, _ session: UpstreamSession,
      _ secured: UpstreamSocket?
    ) {
      self.session = session
      super.init(worker, socket, secured?.tls)
      if let secured { takeOver(secured) }
    }

    /// Looks at what came before it was there, and sends its own first bytes.
    func begin() {
      decode()
      work()
    }

    func handle(_ readiness: Readiness) {
      note(readiness)
      if readiness.contains(.writable), hasUnsent, !sendTail() { note(.broken) }
      work()
    }

    private func work() {
      receive()
      flush()
    }

    private func receive() {
      while isOpen {
        switch take() {
        case .bytes: decode()
        case .empty: return
        case .end, .broken: return end()
        }
      }
    }

    private func decode() {
      let count = inbox.count
      if count == 0 { return }
      session.receive(inbox.bytes, now: worker.now)
      inbox.consume(count)
    }

    /// Sends what there is, and tells everybody what is new for them.
    func flush() {
      if isOpen, !hasUnsent {
        session.flush { bytes in
          let isWhole = deliver(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
          if !isWhole { note(.broken) }
          return isWhole && !hasUnsent
        }
      }
      if isOpen, session.hasFailed { end() }
      session.tellStreams()
      if session.roomChanged {
        session.roomChanged = false
        link?.roomChanged()
      }
    }

    private func end() {
      session.end(isTruncated ? .truncated : nil)
      link?.close()
    }

    /// False when it was closed before.
    func close() -> Bool {
      if !isOpen { return false }
      link = nil
      session.end(nil)
      if !hasUnsent { sayEnd() }
      closeSocket()
      session.tellStreams()
      return true
    }
  }
#endif
