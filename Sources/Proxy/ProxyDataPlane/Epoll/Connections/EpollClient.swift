// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import NIOCore
  import RoutingDecisions
  import TLSEngine

  /// One client's socket.
  final class EpollClient: SocketStream, EventHandler {
    let context: WorkerContext
    let workspace: ExchangeWorkspace
    @exclusivity(unchecked) var position = 0
    @exclusivity(unchecked) var exchange: Exchange
    @exclusivity(unchecked) var record = ExchangeRecord()
    /// It stands in the worker's list of clients to run.
    @exclusivity(unchecked) var isScheduled = false

    /// Times a socket is read before other connections get their turn.
    private static let mostReceives = 8
    /// Times it may still be read in this turn.
    @exclusivity(unchecked) private var receivesLeft = 0

    private let name: SocketName
    private let address: [UInt8]
    let peerIsTrusted: Bool
    let upstreamHalf: EpollUpstreamHalf
    private var channel: DetachedChannel?
    /// What it speaks instead of the one exchange once it opened with HTTP/2's preface.
    @exclusivity(unchecked) private var session: ClientSession?
    /// Its first bytes may be that preface.
    @exclusivity(unchecked) private var mayBeHTTP2 = true
    /// No request can come yet.
    @exclusivity(unchecked) private var isShakingHands: Bool
    @exclusivity(unchecked) private var isRunning = false
    /// The last answer is on its way.
    @exclusivity(unchecked) private var awaitsDelivery = false

    init(
      _ worker: EpollWorker, _ socket: SystemSocket, _ name: SocketName, _ tls: TLSEngine? = nil
    ) {
      self.name = name
      address = Array((name.networkAddress?.host ?? "unknown").utf8)
      peerIsTrusted = address.withUnsafeBytes(worker.context.trust.covers)
      context = worker.context
      workspace = context.workspace
      exchange = Exchange(workspace)
      isShakingHands = tls != nil
      upstreamHalf = EpollUpstreamHalf(worker.context.memory)
      if tls != nil { exchange.handshakeBegan(workspace) }
      super.init(worker, socket, tls)
    }

    func drain() {
      if let session {
        session.drain()
      } else {
        exchange.drain(workspace)
      }
      worker.registry.deadlineChanged(self)
    }

    func handle(_ readiness: Readiness) {
      note(readiness)
      if readiness.contains(.writable), hasUnsent { sendWaiting() }
      // A broken connection is not read while bytes of it wait; then nobody would see its end.
      let isOver = session?.hasInputEnded ?? false
      if readiness.isDisjoint(with: .broken) || (inbox.isEmpty && !isOver) {
        run()
      } else {
        close()
      }
    }
  }

  // MARK: - Steps

  extension EpollClient {
    /// Looks at both sides until neither has anything that can be done now.
    func run() {
      // A module answers within a call at times; the loop that runs sees what changed.
      if isRunning { return resumeClient() }
      isRunning = true
      defer { isRunning = false }
      receivesLeft = Self.mostReceives
      if mayBeHTTP2 { detectProtocol() }
      if session != nil { return readSession() }
      if mayBeHTTP2 { return inbox.settle() }
      takeFound()
      var wasActive: Bool
      repeat {
        if clientMayGoOn { readClient() }
        wasActive = exchange.isActive
        readUpstream()
        // A response that ended may have been holding back the next request.
      } while isOpen && wasActive && !exchange.isActive
      if !exchange.isActive || exchange.isTunnel {
        upstreamHalf.kept.giveBack(to: &context.blocks)
      }
      if isOpen { worker.registry.deadlineChanged(self) }
    }

    /// A look at the client can find something to do.
    private var clientMayGoOn: Bool {
      mayHaveMore || hasReceived || exchange.hasInputEnded || upstreamHalf.keptIsUnsent
    }

    private func readClient() {
      while isOpen {
        let step = hasReceived || exchange.hasInputEnded ? clientStep() : .starved
        if step == .advanced { continue }
        // Bytes that wait for the upstream are enough; more would only fill memory.
        if step == .blocked || inbox.count >= workspace.limits.readAhead { break }
        sendKept()
        if !mayReceive() || !takeFromSocket() { break }
      }
      sendKept()
      inbox.settle()
    }

    /// False when it is the others' turn, and this client goes on in the loop's next round; or when
    /// the client has to read first, and goes on once it did.
    private func mayReceive() -> Bool {
      if isClogged { return false }
      if receivesLeft == 0 {
        worker.postpone(self)
        return false
      }
      receivesLeft &-= 1
      return true
    }

    /// False when nothing came.
    private func takeFromSocket() -> Bool {
      switch take() {
      case .bytes(let count):
        counters.received(bytes: count)
        if isShakingHands { lookAtHandshake() }
      case .empty: return false
      case .broken: close()
      case .end:
        // What is there is all there will be to tell the protocol by.
        mayBeHTTP2 = false
        if exchange.clientInputEnded() { close() }
      }
      return true
    }

    /// Goes on to requests once the connection is secured.
    @inline(never)
    private func lookAtHandshake() {
      guard let tls, tls.phase == .open || tls.phase == .ended else { return }
      isShakingHands = false
      counters.shookHands(.client, tls)
      exchange.handshakeEnded(workspace)
    }

    private func readUpstream() {
      while isOpen, let link = upstreamHalf.link {
        if readAnswer(link) { continue }
        if upstreamHalf.link === link { link.settle() }
        break
      }
      flush()
    }

    /// False when the link has no more to give now; otherwise it is the exchange's no longer.
    @inline(__always)
    private func readAnswer(_ link: EpollLink) -> Bool {
      while isOpen, upstreamHalf.link === link {
        let step = link.isSilent && !exchange.hasResponded ? .starved : upstreamStep(link)
        if step == .advanced { continue }
        flush()
        if step == .blocked || hasUnsent || !isOpen { return false }
        if !mayReceive() || !link.receive() { return false }
      }
      return true
    }
  }

  // MARK: - From the client, to the upstream

  extension EpollClient: EpollExchange, ConnectionPump, RegisteredClient {
    func moduleChannel() -> DetachedChannel {
      if let channel { return channel }
      let created = DetachedChannel(
        worker.loop, remoteAddress: name.networkAddress,
        localAddress: socket.localName?.networkAddress)
      channel = created
      return created
    }

    var hasReceived: Bool { !inbox.isEmpty }
    var peerIsSecure: Bool { tls != nil }

    func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
      body(inbox.bytes)
    }

    func consumeReceived(_ count: Int) { inbox.consume(count) }

    func withClientAddress<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
      address.withUnsafeBytes(body)
    }
  }

  // MARK: - From the upstream, to the client

  extension EpollClient {
    /// Bodies up to this size are copied behind the head, which is cheaper than a second run.
    private static let copiedBody = 16 * 1024

    func write(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
      worker.outbound.write(capacity: capacity, fill)
    }

    func write(_ text: StaticString) {
      worker.outbound.append(
        UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { worker.outbound.append($0) } }

    func relay(_ range: ByteRange, _ link: EpollLink) {
      let bytes = UnsafeRawBufferPointer(rebasing: link.received[Int(range.start)..<range.end])
      if bytes.count <= Self.copiedBody {
        worker.outbound.append(bytes)
      } else {
        transmit(bytes)
      }
    }

    func flush() {
      if !worker.outbound.isEmpty { transmit(UnsafeRawBufferPointer(start: nil, count: 0)) }
    }

    /// Sends what was gathered and `bytes` behind it.
    private func transmit(_ bytes: UnsafeRawBufferPointer) {
      let gathered = worker.outbound.count
      defer { worker.outbound.reuse(keeping: EpollWorker.outboundKept) }
      guard isOpen else { return }
      counters.sent(bytes: gathered &+ bytes.count)
      if !deliver(worker.outbound.bytes, bytes) { return close() }
      if hasUnsent { exchange.clientWritability(false, workspace) }
    }

    @inline(never)
    private func sendWaiting() {
      if !sendTail() { return close() }
      if session != nil { return flushSession() }
      exchange.clientWritability(!hasUnsent, workspace)
      if awaitsDelivery, !hasUnsent { answerDelivered() }
    }

    func awaitDelivery() {
      awaitsDelivery = hasUnsent
      if isOpen, !hasUnsent { answerDelivered() }
    }

    func finishOutput() { finishWhenSent() }

    @inline(never)
    func close() {
      if !isOpen { return }
      if let tls { endTLS(tls) }
      closeSocket()
      // What was not sent is lost with the connection, and must not reach another client.
      worker.outbound.reuse(keeping: EpollWorker.outboundKept)
      worker.remove(self)
      session?.connectionClosed()
      session = nil
      clientIsGone()
      upstreamHalf.kept.clear()
      channel?.end()
    }

    /// A client must not take an answer that was cut for a whole one.
    private func endTLS(_ tls: TLSEngine) {
      if isShakingHands {
        // A deadline that has passed is taken off.
        counters.handshakeFailed(.client, tls.failure(at: exchange.nextDeadline == .max))
      } else if !exchange.isActive, !hasUnsent {
        sayEnd()
      }
    }
  }

  // MARK: - HTTP/2

  extension EpollClient: SessionCarrier {
    var nextDeadline: UInt64 { session == nil ? exchange.nextDeadline : sessionDeadline }

    @inline(never)
    private var sessionDeadline: UInt64 { session?.nextDeadline ?? .max }

    func deadlinePassed() {
      if let session {
        session.checkDeadlines()
      } else {
        checkDeadline()
      }
    }

    /// Decides by the first bytes, and leaves it open while they are too few.
    @inline(never)
    private func detectProtocol() {
      while isOpen, mayBeHTTP2, session == nil {
        switch ClientSession.recognizes(inbox.bytes) {
        case true:
          mayBeHTTP2 = false
          session = ClientSession(self, context, address: address)
          if exchange.isDraining { session?.drain() }
          if session == nil { close() }
        case false: mayBeHTTP2 = false
        default: if !takeFromSocket() { return }
        }
      }
    }

    @inline(never)
    private func readSession() {
      while isOpen, let session {
        let count = inbox.count
        if count > 0 {
          session.receive(inbox.bytes)
          inbox.consume(count)
          session.run()
        }
        if !isOpen || !mayReceive() { break }
        switch take() {
        case .bytes(let count): counters.received(bytes: count)
        case .empty: return worker.registry.deadlineChanged(self)
        case .broken: close()
        case .end:
          _ = exchange.clientInputEnded()
          session.inputEnded()
          return worker.registry.deadlineChanged(self)
        }
      }
    }

    @inline(never)
    func flushSession() {
      guard isOpen, let session else { return }
      session.flush()
      if isOpen { worker.registry.deadlineChanged(self) }
    }

    func makeStream(_ session: ClientSession) -> ClientStream { EpollStream(session, self) }

    func write(_ bytes: UnsafeRawBufferPointer) {
      if bytes.count > Self.copiedBody { return transmit(bytes) }
      worker.outbound.append(bytes)
      if worker.outbound.count >= EpollWorker.outboundKept { flush() }
    }

    var takesMore: Bool { isOpen && !hasUnsent }

    func flushOutput() { flush() }

    func flushesSoon(_ session: ClientSession) { worker.flushesSoon(self) }
  }
#endif
