// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import RoutingDecisions
  import TLSEngine

  /// Makes connections to one endpoint, whose address was looked up before.
  final class EpollConnector {
    let seat: EndpointSeat
    private unowned let worker: EpollWorker
    private let name: SocketName?
    private let upstream: Int
    private let speaksHTTP2: Bool
    private var report: HandshakeReport
    /// Attempts under way.
    private var attempts: [ObjectIdentifier: ConnectAttempt] = [:]

    /// `upstream`: number of the one that the endpoint belongs to.
    init(_ worker: EpollWorker, _ seat: EndpointSeat, upstream: Int, speaksHTTP2: Bool) {
      self.speaksHTTP2 = speaksHTTP2
      self.worker = worker
      self.seat = seat
      self.upstream = upstream
      report = HandshakeReport(seat.address)
      name = SocketName(seat.address)
    }

    func connect(_ pool: EndpointPool<EpollLink>) {
      guard let name else { return pool.failed(.connectFailed) }
      let socket: SystemSocket
      switch SystemSocket.connecting(to: name) {
      case .success(let begun): socket = begun
      case .failure(.unreachable): return pool.failed(.connectFailed)
      case .failure(.exhausted): return pool.failed(.outOfResources)
      }
      let attempt = ConnectAttempt(self, worker, socket, pool)
      guard worker.loop.add(socket, attempt) else {
        socket.close()
        return pool.failed(.outOfResources)
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
        if let tls = attempt.connection?.tls {
          worker.context.counters.handshakeFailed(.upstream, tls.failure(at: true))
        }
        attempt.cancel()
        attempt.pool.failed(.connectTimeout)
      }
    }

    var isEmpty: Bool { attempts.isEmpty }
  }

  // MARK: - Attempts

  extension EpollConnector {
    fileprivate func decided(_ attempt: ConnectAttempt, _ readiness: Readiness) {
      guard attempt.socket.pendingError == 0, readiness.isDisjoint(with: .broken) else {
        finish(attempt)
        attempt.cancel()
        return attempt.pool.failed(.connectFailed)
      }
      guard let context = worker.context.tls.upstream(upstream) else {
        return use(attempt, nil, readiness)
      }
      guard let tls = TLSEngine(context, host: seat.name.host, worker.tlsWorkspace) else {
        return refuse(attempt, TLSFailure.impossibleName)
      }
      let connection = UpstreamSocket(worker, attempt.socket, tls)
      attempt.connection = connection
      _ = connection.sendOutgoing(of: tls)
      shakeHands(attempt, connection, tls, readiness)
    }

    /// The socket is a connection for requests. `secured`: the one of the attempt, when it shook
    /// hands.
    private func use(_ attempt: ConnectAttempt, _ secured: UpstreamSocket?, _ readiness: Readiness)
    {
      finish(attempt)
      guard speaksHTTP2 else {
        let connection = secured ?? UpstreamSocket(worker, attempt.socket, nil)
        worker.loop.replaceHandler(of: attempt.socket, connection)
        connection.note(readiness)
        return attempt.pool.opened(EpollLink(connection, attempt.pool))
      }
      guard let session = UpstreamSession(worker.context, isSecure: secured != nil) else {
        attempt.cancel()
        return attempt.pool.failed(.outOfResources)
      }
      let connection = UpstreamSessionSocket(worker, attempt.socket, session, secured)
      worker.loop.replaceHandler(of: attempt.socket, connection)
      connection.note(readiness)
      attempt.pool.opened(EpollLink(connection, attempt.pool))
      // The upstream may have spoken first, and its windows are to be told.
      connection.begin()
    }

    /// Goes on with a handshake as far as the bytes that came allow.
    fileprivate func shakeHands(
      _ attempt: ConnectAttempt, _ connection: UpstreamSocket, _ tls: TLSEngine,
      _ readiness: Readiness
    ) {
      connection.note(readiness)
      if readiness.contains(.writable), !connection.sendTail() { connection.note(.broken) }
      while tls.phase == .handshaking {
        switch connection.take() {
        case .bytes: continue
        case .empty: return
        case .end, .broken: return refuse(attempt, tls.failure(at: false))
        }
      }
      guard tls.phase == .open else { return refuse(attempt, tls.failure(at: false)) }
      if speaksHTTP2, tls.applicationProtocol != .http2 {
        return refuse(attempt, .noCommonProtocol)
      }
      // Only a server of HTTP/2 has something to say before it is asked.
      guard speaksHTTP2 || connection.inbox.isEmpty else { return refuse(attempt, .unaskedBytes) }
      worker.context.counters.shookHands(.upstream, tls)
      use(attempt, connection, readiness)
    }

    private func refuse(_ attempt: ConnectAttempt, _ failure: TLSFailure) {
      finish(attempt)
      attempt.cancel()
      worker.context.counters.handshakeFailed(.upstream, failure)
      report.failed(failure, worker.context)
      attempt.pool.failed(failure.meaning)
    }

    private func finish(_ attempt: ConnectAttempt) {
      attempts.removeValue(forKey: ObjectIdentifier(attempt))
    }
  }

  /// A connection that is not decided yet.
  final class ConnectAttempt: EventHandler {
    let socket: SystemSocket
    let pool: EndpointPool<EpollLink>
    let deadline: UInt64
    /// What becomes of the socket, while its handshake is under way.
    var connection: UpstreamSocket?
    private unowned let connector: EpollConnector
    private unowned let worker: EpollWorker

    init(
      _ connector: EpollConnector, _ worker: EpollWorker, _ socket: SystemSocket,
      _ pool: EndpointPool<EpollLink>
    ) {
      self.connector = connector
      self.worker = worker
      self.socket = socket
      self.pool = pool
      deadline = worker.now &+ worker.context.workspace.timeouts.connect
    }

    func handle(_ readiness: Readiness) {
      if let connection, let tls = connection.tls {
        return connector.shakeHands(self, connection, tls, readiness)
      }
      if !readiness.isDisjoint(with: [.writable, .broken]) { connector.decided(self, readiness) }
    }

    func cancel() { worker.loop.close(socket) }
  }
#endif
