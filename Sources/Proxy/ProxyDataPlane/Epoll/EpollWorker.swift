// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import NIOCore
  import RoutingDecisions
  import TLSEngine

  /// Everything one thread owns: its loop, listener, connections, pools and scratch memory.
  ///
  /// Nothing of it is locked, because nobody but the thread touches it.
  final class EpollWorker: @unchecked Sendable {  // confined to its loop's thread
    /// Memory for what is written to a client that is kept between two writes.
    static let outboundKept = 64 * 1024

    let loop: EpollLoop
    let context: WorkerContext
    /// Where sockets put what they receive; empty between two looks.
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: SocketStream.most, alignment: 64)
    /// Shared by the connections that speak TLS.
    let tlsWorkspace = TLSWorkspace()
    /// What is written to the client at hand.
    @exclusivity(unchecked) var outbound = ByteQueue()
    @exclusivity(unchecked) var registry = ClientRegistry<EpollClient>()
    @exclusivity(unchecked) private var upstreams: [Upstream<EpollLink>] = []
    /// The same ones, for requests: none leaves `upstreams` before the worker is gone.
    @exclusivity(unchecked) private var uncountedUpstreams: [Unmanaged<Upstream<EpollLink>>] = []
    private var connectors: [EpollConnector] = []
    private var listener: EpollListener?
    @exclusivity(unchecked) private var scheduled: [any EpollExchange] = []
    /// Those that go on in the next round.
    private var postponed: [any EpollExchange] = []
    /// Those of streams that are gone, for the next ones.
    @exclusivity(unchecked) private var upstreamHalves: [EpollUpstreamHalf] = []
    /// Clients of HTTP/2 that have something to send once the round is over.
    @exclusivity(unchecked) private var unflushed: [EpollClient] = []
    private var isDraining = false
    /// What the loop asks for itself.
    let subrequests: Subrequests
    /// What the loop runs for when it serves shadows instead of clients.
    @exclusivity(unchecked) var lane: ShadowLane?
    /// Succeeds once a drain has left no connection.
    let drained: EventLoopPromise<Void>

    init(
      _ loop: EpollLoop, _ configuration: ProxyConfiguration, _ parts: ServerParts, index: Int
    ) {
      self.loop = loop
      context = WorkerContext(configuration, parts, worker: index, on: loop)
      drained = loop.makePromise()
      subrequests = Subrequests(context)
      subrequests.make = { [unowned self] in EpollSubrequest($0, for: $1, self) }
      add(parts.upstreams)
    }

    deinit { scratch.deallocate() }

    /// Milliseconds on the workspace's clock.
    var now: UInt64 { context.workspace.now }
  }

  // MARK: - Upstreams

  extension EpollWorker {
    private func makeUpstream(_ number: Int, _ parts: UpstreamParts) -> Upstream<EpollLink> {
      Upstream(parts.target, context.makeGate(parts.shared)) { [unowned self] seat in
        // Those of endpoints that are gone have nothing under way any more.
        connectors.removeAll { $0.seat.isRetired && $0.isEmpty }
        let connector = EpollConnector(
          self, seat, upstream: number, speaksHTTP2: parts.shared.speaksHTTP2)
        connectors.append(connector)
        return EndpointPool(
          context, isShared: parts.shared.speaksHTTP2, connect: connector.connect)
      }
    }

    private func add(_ parts: [UpstreamParts]) {
      for parts in parts {
        let upstream = makeUpstream(upstreams.count, parts)
        upstreams.append(upstream)
        uncountedUpstreams.append(.passUnretained(upstream))
      }
    }

    func adopt(_ change: WorkerChange) {
      context.adopt(change)
      add(change.added)
    }

    /// Asks an upstream, by its number.
    @inline(__always)
    func withUpstream<Value>(_ number: Int, _ body: (Upstream<EpollLink>) -> Value) -> Value {
      uncountedUpstreams[number]._withUnsafeGuaranteedRef(body)
    }

    func retire(_ numbers: [Int]) {
      for number in numbers { upstreams[number].retire() }
    }
  }

  // MARK: - Streams

  extension EpollWorker {
    /// Streams come and go with each request: what they hold of their upstreams is used again.
    private static let mostUpstreamHalves = 256

    func takeUpstreamHalf() -> EpollUpstreamHalf {
      upstreamHalves.popLast() ?? EpollUpstreamHalf(context.memory)
    }

    func keep(_ half: EpollUpstreamHalf) {
      if half.isUnused, upstreamHalves.count < Self.mostUpstreamHalves {
        upstreamHalves.append(half)
      }
    }
  }

  // MARK: - Connections

  extension EpollWorker {
    /// Begins to accept; false when the loop cannot take the socket.
    func listen(_ socket: SystemSocket) -> Bool {
      let listener = EpollListener(self, socket)
      self.listener = listener
      return listener.start()
    }

    func stopListening() {
      listener?.close()
      settle()
    }

    /// A connection came, for which a place was reserved.
    func accepted(_ socket: SystemSocket, _ name: SocketName) {
      socket.sendAtOnce()
      let client: EpollClient
      if let context = self.context.tls.listener {
        guard let tls = TLSEngine(context, tlsWorkspace) else {
          socket.close()
          return self.context.accepting.released()
        }
        client = EpollClient(self, socket, name, tls)
      } else {
        client = EpollClient(self, socket, name)
      }
      guard loop.add(socket, client) else {
        socket.close()
        return context.accepting.released()
      }
      registry.add(client)
      context.counters.clientOpened()
      if isDraining { client.drain() }
    }

    func remove(_ client: EpollClient) {
      guard registry.remove(client) else { return }
      context.counters.clientClosed()
      context.accepting.released()
      listener?.resume()
      finishDraining()
    }

    /// The exchange runs before the loop waits again.
    func schedule(_ exchange: some EpollExchange) {
      if exchange.isScheduled { return }
      exchange.isScheduled = true
      scheduled.append(exchange)
    }

    /// The exchange runs once the others had their turn.
    func postpone(_ exchange: some EpollExchange) { postponed.append(exchange) }

    /// What the client's streams have to say leaves at the end of the round, in one go.
    func flushesSoon(_ client: EpollClient) { unflushed.append(client) }

    /// Lets every connection end after the answer at hand.
    func drain() {
      isDraining = true
      for client in registry.clients { client.drain() }
      finishDraining()
    }

    /// Closes whatever is still open.
    func stop() {
      listener?.close()
      for client in registry.clients.reversed() { client.close() }
      lane?.stop()
      subrequests.stop()
      for upstream in upstreams { upstream.closeAll() }
      for connector in connectors { connector.cancel() }
      isDraining = true
      finishDraining()
    }

    private func finishDraining() {
      if isDraining, registry.isEmpty { drained.succeed() }
    }
  }

  // MARK: - Loop

  extension EpollWorker: EpollLoopOwner {
    func tellTime(_ nanoseconds: UInt64) { context.tellTime(nanoseconds) }

    func settle() {
      if scheduled.isEmpty { return }
      while let exchange = scheduled.popLast() {
        exchange.isScheduled = false
        exchange.run()
      }
    }

    func endRound() {
      while let client = unflushed.popLast() { client.flushSession() }
    }

    /// What was scheduled at the end of a round does not wait for an event either.
    var hasPostponed: Bool { !postponed.isEmpty || !scheduled.isEmpty }

    func resumePostponed() {
      let exchanges = postponed
      postponed = []
      for exchange in exchanges { schedule(exchange) }
      settle()
    }

    var needsTicks: Bool {
      !registry.isEmpty || !subrequests.isEmpty || (listener?.isHeldBack ?? false)
        || !upstreams.allSatisfy(\.isEmpty)
        || context.hasUnflushedGates || (lane?.isAwake ?? false)
    }

    func tick() {
      var position = Int.max
      while let client = registry.due(at: now, from: position) {
        position = client.position - 1
        client.deadlinePassed()
      }
      if let lane { lane.tick() } else { subrequests.tick() }
      context.flushGates()
      for upstream in upstreams { upstream.closeIdle() }
      for connector in connectors where !connector.isEmpty { connector.checkDeadlines() }
      // Places are given back on other threads too.
      listener?.resume()
    }
  }
#endif
