// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import NIOPosix
  import RoutingDecisions

  /// Makes connections to one endpoint.
  ///
  /// A host name is resolved on a thread of its own, when it is first needed, when an answer is old
  /// and when none of its addresses works any more; the loop never waits for the resolver.
  final class EpollConnector {
    /// An answer of the resolver is used so long before it is asked again, in milliseconds.
    private static let freshness: UInt64 = 10_000

    private unowned let worker: EpollWorker
    private let address: NetworkAddress
    private let isName: Bool
    private var names: [SocketName]
    private var resolvedAt: UInt64 = 0
    private var isResolving = false
    /// Pools that wait for the resolver, once for each connection they want.
    private var waiting: [EndpointPool<SocketLink>] = []
    /// Attempts under way.
    private var attempts: [ObjectIdentifier: ConnectAttempt] = [:]

    init(_ worker: EpollWorker, _ address: NetworkAddress) {
      self.worker = worker
      self.address = address
      names = SocketName(address).map { [$0] } ?? []
      isName = names.isEmpty
    }

    func connect(_ pool: EndpointPool<SocketLink>) {
      if isName, names.isEmpty || worker.now >= resolvedAt + Self.freshness { resolve() }
      if names.isEmpty {
        waiting.append(pool)
      } else {
        attempt(pool, names[...])
      }
    }

    /// Gives up what is under way.
    func cancel() {
      waiting = []
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
    /// Tries the addresses one after the other until one can be begun.
    private func attempt(
      _ pool: EndpointPool<SocketLink>, _ candidates: ArraySlice<SocketName>
    ) {
      var rest = candidates
      while let name = rest.popFirst() {
        guard let socket = SystemSocket.connecting(to: name) else { continue }
        let attempt = ConnectAttempt(self, worker, socket, pool, rest)
        guard worker.loop.add(socket, attempt) else {
          socket.close()
          continue
        }
        attempts[ObjectIdentifier(attempt)] = attempt
        return
      }
      fail(pool)
    }

    fileprivate func decided(_ attempt: ConnectAttempt, _ readiness: Readiness) {
      finish(attempt)
      if attempt.socket.pendingError == 0, readiness.isDisjoint(with: .broken) {
        let link = SocketLink(worker, attempt.socket, attempt.pool)
        worker.loop.replaceHandler(of: attempt.socket, link)
        link.note(readiness)
        attempt.pool.opened(link)
      } else {
        attempt.cancel()
        self.attempt(attempt.pool, attempt.rest)
      }
    }

    private func finish(_ attempt: ConnectAttempt) {
      attempts.removeValue(forKey: ObjectIdentifier(attempt))
    }

    private func fail(_ pool: EndpointPool<SocketLink>) {
      // The name may stand for another machine by now.
      if isName { names = [] }
      pool.failed(.connectFailed)
    }
  }

  // MARK: - Names

  extension EpollConnector {
    private func resolve() {
      if isResolving { return }
      isResolving = true
      let address = address
      let loop = worker.loop
      // Both may be gone from everywhere else when the resolver answers.
      let confined = Confined((connector: self, worker: worker))
      NIOThreadPool.singleton.submit { _ in
        let names = SocketName.resolve(address)
        loop.execute { confined.value.connector.resolved(names) }
      }
    }

    private func resolved(_ found: [SocketName]) {
      isResolving = false
      if !found.isEmpty {
        names = found
        resolvedAt = worker.now
      }
      let pools = waiting
      waiting = []
      for pool in pools { attempt(pool, names[...]) }
      worker.settle()
    }
  }

  /// Carries a loop's object through another thread and back.
  private struct Confined<Value>: @unchecked Sendable {  // `value` is used on its loop only
    let value: Value
    init(_ value: Value) { self.value = value }
  }

  /// A connection that is not decided yet.
  final class ConnectAttempt: EventHandler {
    let socket: SystemSocket
    let pool: EndpointPool<SocketLink>
    /// Addresses to try when this one fails.
    let rest: ArraySlice<SocketName>
    let deadline: UInt64
    private unowned let connector: EpollConnector
    private unowned let worker: EpollWorker

    init(
      _ connector: EpollConnector, _ worker: EpollWorker, _ socket: SystemSocket,
      _ pool: EndpointPool<SocketLink>, _ rest: ArraySlice<SocketName>
    ) {
      self.connector = connector
      self.worker = worker
      self.socket = socket
      self.pool = pool
      self.rest = rest
      deadline = worker.now &+ worker.context.workspace.timeouts.connect
    }

    func handle(_ readiness: Readiness) {
      if !readiness.isDisjoint(with: [.writable, .broken]) { connector.decided(self, readiness) }
    }

    func cancel() { worker.loop.close(socket) }
  }
#endif
