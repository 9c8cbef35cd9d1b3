// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import NIOCore
  import RoutingDecisions

  /// One client's socket.
  final class EpollClient: SocketStream, EventHandler {
    private enum Found {
      case link(SocketLink)
      case failure(UpstreamFailure)
    }

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
    /// The rewritten request, kept to be sent again: its head, and its body while that is small.
    @exclusivity(unchecked) private var kept = ByteQueue()
    /// `kept` still has to be sent to the upstream at hand.
    @exclusivity(unchecked) private var keptIsUnsent = false
    @exclusivity(unchecked) private var link: (any EpollLink)?
    @exclusivity(unchecked) private var ticket: ConnectionTicket<EpollClient>?
    /// What the pool found for the ticket, until `run` takes it.
    @exclusivity(unchecked) private var found: Found?
    private var channel: DetachedChannel?
    @exclusivity(unchecked) private var isRunning = false
    /// The last answer is on its way.
    @exclusivity(unchecked) private var awaitsDelivery = false

    init(_ worker: EpollWorker, _ socket: SystemSocket, _ name: SocketName) {
      self.name = name
      address = Array((name.networkAddress?.host ?? "unknown").utf8)
      exchange = Exchange(worker.context.workspace)
      super.init(worker, socket)
    }

    func drain() {
      exchange.drain(workspace)
      worker.registry.deadlineChanged(self)
    }

    func handle(_ readiness: Readiness) {
      note(readiness)
      if readiness.contains(.writable), hasUnsent { sendWaiting() }
      // A broken connection is not read while bytes of it wait; then nobody would see its end.
      if readiness.isDisjoint(with: .broken) || inbox.isEmpty {
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
      receivesLeft = Self.mostReceives
      takeFound()
      var wasActive: Bool
      repeat {
        readClient()
        wasActive = exchange.isActive
        readUpstream()
        // A response that ended may have been holding back the next request.
      } while isOpen && wasActive && !exchange.isActive
      isRunning = false
      if !exchange.isActive || exchange.isTunnel { kept.clear() }
      if isOpen { worker.registry.deadlineChanged(self) }
    }

    private func readClient() {
      while isOpen {
        let step = clientStep()
        if step == .advanced { continue }
        // Bytes that wait for the upstream are enough; more would only fill memory.
        if step == .blocked || inbox.count >= workspace.limits.readAhead { break }
        sendKept()
        if !mayReceive() || !takeFromSocket() { break }
      }
      sendKept()
      inbox.settle()
    }

    /// False when it is the others' turn; this client goes on in the loop's next round.
    private func mayReceive() -> Bool {
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
      case .bytes(let count): counters.received(bytes: count)
      case .empty: return false
      case .broken: close()
      case .end: if exchange.clientInputEnded() { close() }
      }
      return true
    }

    private func readUpstream() {
      while isOpen, let link {
        let step = upstreamStep()
        if step == .advanced { continue }
        flush()
        if step == .blocked || hasUnsent || !isOpen { break }
        if !mayReceive() || !link.receive() { break }
      }
      flush()
      link?.settle()
    }

    /// The upstream takes more bytes, or no more for now.
    func upstreamWritability(_ isWritable: Bool) {
      exchange.upstreamWritability(isWritable, workspace)
      if isWritable { resumeClient() }
    }
  }

  // MARK: - From the client, to the upstream

  extension EpollClient: PoolClient {
    func requestLink(upstream: Int, fresh: Bool) {
      switch worker.upstreams[upstream].link(for: self, fresh: fresh) {
      case .ready(let link):
        link.client = self
        attach(link)
      case .module(let module):
        let link = ModuleLink(module, moduleChannel(), workspace.limits)
        attach(ModuleUpstream(link, self))
      case .waiting(let ticket):
        // The pool may have found something at once.
        if found == nil { self.ticket = ticket }
      case .failed(let failure): upstreamFailed(failure)
      }
    }

    private func attach(_ link: any EpollLink) {
      self.link = link
      keptIsUnsent = true
      exchange.upstreamReady(workspace)
    }

    // The pool calls in the middle of somebody else's work, so what it found waits for `run`.

    func connected(_ link: SocketLink) {
      ticket = nil
      found = .link(link)
      link.client = self
      resumeClient()
    }

    func connectionFailed(_ failure: UpstreamFailure) {
      ticket = nil
      found = .failure(failure)
      resumeClient()
    }

    private func takeFound() {
      guard let found else { return }
      self.found = nil
      switch found {
      case .link(let link): attach(link)
      case .failure(let failure): upstreamFailed(failure)
      }
    }

    private func moduleChannel() -> DetachedChannel {
      if let channel { return channel }
      let created = DetachedChannel(
        worker.loop, remoteAddress: name.networkAddress,
        localAddress: socket.localName?.networkAddress)
      channel = created
      return created
    }

    private func sendKept() {
      if keptIsUnsent { pass(UnsafeRawBufferPointer(start: nil, count: 0)) }
    }

    /// Sends what is kept, if it has to be, and `bytes` behind it.
    private func pass(_ bytes: UnsafeRawBufferPointer) {
      guard let link else { return }
      let isWhole: Bool
      if keptIsUnsent {
        keptIsUnsent = false
        isWhole = link.send(kept.bytes, bytes)
      } else {
        isWhole = link.send(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
      }
      if !isWhole { exchange.upstreamWritability(false, workspace) }
    }
  }

  extension EpollClient: ExchangePump, RegisteredClient {
    var context: WorkerContext { worker.context }

    func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
      body(inbox.bytes)
    }

    func consumeReceived(_ count: Int) { inbox.consume(count) }

    func withClientAddress<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
      address.withUnsafeBytes(body)
    }

    func keepHead(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
      kept.clear()
      kept.write(capacity: capacity, fill)
    }

    var keptCount: Int { kept.count }

    func send(_ range: ByteRange) {
      forward(UnsafeRawBufferPointer(rebasing: inbox.bytes[Int(range.start)..<range.end]))
    }

    func send(_ bytes: [UInt8]) { bytes.withUnsafeBytes { forward($0) } }

    private func forward(_ bytes: UnsafeRawBufferPointer) {
      if !exchange.isReplayable { return pass(bytes) }
      kept.append(bytes)
      if !keptIsUnsent { pass(bytes) }
    }

    func finishUpstream() { link?.finish() }

    func dropUpstream() {
      keptIsUnsent = false
      _ = ticket?.take()
      ticket = nil
      if case .link(let link)? = found { link.close() }
      found = nil
      let link = link
      self.link = nil
      link?.close()
    }

    func leaveUpstream(isReusable: Bool) {
      guard let link else { return }
      self.link = nil
      if isReusable, !link.hasEnded {
        link.release()
      } else {
        link.close()
      }
    }

    func resumeClient() { worker.schedule(self) }
  }

  // MARK: - From the upstream, to the client

  extension EpollClient {
    /// Bodies up to this size are copied behind the head, which is cheaper than a second run.
    private static let copiedBody = 16 * 1024

    func withAnswer<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
      body(link?.received ?? UnsafeRawBufferPointer(start: nil, count: 0))
    }

    func consumeAnswer(_ count: Int) { link?.consume(count) }

    var answerHasEnded: Bool { link?.hasEnded ?? true }
    var answerFailure: UpstreamFailure? { link?.failure }

    func write(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
      worker.outbound.write(capacity: capacity, fill)
    }

    func write(_ text: StaticString) {
      worker.outbound.append(
        UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { worker.outbound.append($0) } }

    func relay(_ range: ByteRange) {
      guard let link else { return }
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

    private func sendWaiting() {
      if !sendTail() { return close() }
      exchange.clientWritability(!hasUnsent, workspace)
      if awaitsDelivery, !hasUnsent { answerDelivered() }
    }

    func awaitDelivery() {
      awaitsDelivery = hasUnsent
      if isOpen, !hasUnsent { answerDelivered() }
    }

    func finishOutput() { socket.finishOutput() }

    func close() {
      if !isOpen { return }
      closeSocket()
      // What was not sent is lost with the connection, and must not reach another client.
      worker.outbound.reuse(keeping: EpollWorker.outboundKept)
      worker.remove(self)
      clientIsGone()
      kept.clear()
      channel?.end()
    }
  }
#endif
