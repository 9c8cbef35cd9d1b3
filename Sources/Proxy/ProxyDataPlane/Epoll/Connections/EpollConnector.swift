// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import RoutingDecisions

  /// Makes connections to one endpoint, whose address was looked up before.
  final class EpollConnector {
    let seat: EndpointSeat
    private unowned let worker: EpollWorker
    private let name: SocketName?
    private let speaksHTTP2: Bool
    /// Attempts under way.
    private var attempts: [ObjectIdentifier: ConnectAttempt] = [:]

    init(_ worker: EpollWorker, _ seat: EndpointSeat, speaksHTTP2: Bool) {
      self.speaksHTTP2 = speaksHTTP2
      self.worker = worker
      self.seat = seat
      name = SocketName(seat.address)
    }

    func connect(_ pool: EndpointPool<SocketLink>) {
      guard let name, let socket = SystemSocket.connecting(to: name) else {
        return pool.failed(.connectFailed)
      }
      let attempt = ConnectAttempt(self, worker, socket, pool)
      guard worker.loop.add(socket, attempt) else {
        socket.close()
        return pool.failed(.connectFailed)
      }
      attempts[ObjectIdentifier(attempt)] = attempt
    }

    /// Gives up what is under way.
    func cancel() {
      for attempt in attempts.values { attempt.cancel() }
      attempts = [:]
    }

    /// Ends attempts that took too long.
    func checkDeadlines() {
      for attempt in attempts.values where worker.now >= attempt.deadline {
        finish(attempt)
        attempt.cancel()
        attempt.pool.failed(.connectTimeout)
      }
    }

    var isEmpty: Bool { attempts.isEmpty }
  }

  // MARK: - Attempts

  extension EpollConnector {
    fileprivate func decided(_ attempt: ConnectAttempt, _ readiness: Readiness) {
      finish(attempt)
      if attempt.socket.pendingError == 0, readiness.isDisjoint(with: .broken) {
        let codec = speaksHTTP2 ? UpstreamCodec(worker.context.workspace) : nil
        let link = SocketLink(worker, attempt.socket, attempt.pool, codec)
        worker.loop.replaceHandler(of: attempt.socket, link)
        link.note(readiness)
        attempt.pool.opened(link)
      } else {
        attempt.cancel()
        attempt.pool.failed(.connectFailed)
      }
    }

    private func finish(_ attempt: ConnectAttempt) {
      attempts.removeValue(forKey: ObjectIdentifier(attempt))
    }
  }

  /// A connection that is not decided yet.
  final class ConnectAttempt: EventHandler {
    let socket: SystemSocket
    let pool: EndpointPool<SocketLink>
    let deadline: UInt64
    private unowned let connector: EpollConnector
    private unowned let worker: EpollWorker

    init(
      _ connector: EpollConnector, _ worker: EpollWorker, _ socket: SystemSocket,
      _ pool: EndpointPool<SocketLink>
    ) {
      self.connector = connector
      self.worker = worker
      self.socket = socket
      self.pool = pool
      deadline = worker.now &+ worker.context.workspace.timeouts.connect
    }

    func handle(_ readiness: Readiness) {
      if !readiness.isDisjoint(with: [.writable, .broken]) { connector.decided(self, readiness) }
    }

    func cancel() { worker.loop.close(socket) }
  }
#endif
