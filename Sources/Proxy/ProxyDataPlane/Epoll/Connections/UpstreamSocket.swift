// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import TLSEngine

  /// A connection to an upstream endpoint that speaks HTTP/1.1, one exchange at a time.
  final class UpstreamSocket: SocketStream, EventHandler {
    /// What the pool knows it by; nil before its handshake is over and once it closed.
    @exclusivity(unchecked) var link: EpollLink?
    @exclusivity(unchecked) private(set) var hasEnded = false

    override init(_ worker: EpollWorker, _ socket: SystemSocket, _ tls: TLSEngine?) {
      super.init(worker, socket, tls)
    }

    func handle(_ readiness: Readiness) {
      note(readiness)
      if readiness.contains(.writable), hasUnsent { sendWaiting() }
      if readiness == .writable { return }
      if let client = link?.client {
        client.run()
      } else if let link {
        watchIdle(link)
      }
    }

    @inline(never)
    private func sendWaiting() {
      guard let link else { return }
      if !sendTail() { hasEnded = true }
      link.client?.upstreamWritability(!hasUnsent)
    }

    /// Nobody asked for anything: bytes must not be taken for the next request's answer, and an end
    /// makes the connection useless.
    private func watchIdle(_ link: EpollLink) {
      // The upstream may speak of the connection itself, in TLS.
      while receive() {
        if hasEnded || !inbox.isEmpty { return link.close() }
      }
    }

    var failure: UpstreamFailure? { isTruncated ? .truncated : nil }

    func receive() -> Bool {
      if hasEnded { return false }
      switch take() {
      case .bytes: break
      case .empty: return false
      case .end, .broken: hasEnded = true
      }
      return true
    }

    func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
      // What the upstream said before it broke the connection is still to be read.
      if !deliver(first, second) { note(.broken) }
      return !hasUnsent
    }

    /// False when it was closed before.
    func close() -> Bool {
      if !isOpen { return false }
      link = nil
      hasEnded = true
      if !hasUnsent { sayEnd() }
      closeSocket()
      return true
    }
  }
#endif
