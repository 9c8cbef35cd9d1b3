// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import RoutingDecisions

  /// What one exchange holds of its upstream: the link or the wait for one, and the request.
  ///
  /// An object, since a value behind a protocol would be reached through a coroutine each time.
  final class EpollUpstreamHalf {
    enum Found {
      case link(EpollLink)
      case failure(UpstreamFailure)
    }

    /// The rewritten request, kept to be sent again: its head, and its body while that is small.
    @exclusivity(unchecked) var kept: ByteQueue
    /// `kept` still has to be sent to the upstream at hand.
    @exclusivity(unchecked) var keptIsUnsent = false
    @exclusivity(unchecked) var link: EpollLink?
    @exclusivity(unchecked) var ticket: ConnectionTicket<EpollLink>?
    /// What the pool found for the ticket, until `takeFound`.
    @exclusivity(unchecked) var found: Found?

    init(_ memory: MemoryBudget) { kept = ByteQueue(memory) }

    /// It holds nothing, as when it was made.
    var isUnused: Bool {
      kept.isEmpty && !keptIsUnsent && link == nil && ticket == nil && found == nil
    }
  }

  /// An exchange on an epoll loop. What carries its client's bytes is told apart by the classes
  /// that conform; how it meets its upstream is the same for all of them.
  protocol EpollExchange: ExchangePump, PoolClient where Link == EpollLink {
    var worker: EpollWorker { get }
    var upstreamHalf: EpollUpstreamHalf { get }
    /// It stands in the worker's list of exchanges to run.
    var isScheduled: Bool { get set }
    /// Looks at both sides until neither has anything that can be done now.
    func run()
    /// What a module sees of the client's socket.
    func moduleChannel() -> DetachedChannel
  }

  // MARK: - Finding an upstream

  extension EpollExchange {
    var context: WorkerContext { worker.context }
    var link: EpollLink? { upstreamHalf.link }

    func requestLink(upstream: Int, seat: EndpointSeat, fresh: Bool) {
      if let link = worker.withUpstream(upstream, { $0.readyLink(seat: seat, fresh: fresh) }) {
        link.client = self
        return attach(link)
      }
      switch worker.withUpstream(upstream, { $0.link(for: self, seat: seat, fresh: fresh) }) {
      case .module(let module):
        let module = ModuleLink(module, moduleChannel(), workspace.limits)
        attach(EpollLink(LocalUpstream(module, self)))
      case .composition(let composition):
        let link = CompositionLink(
          composition, context.gates[upstream].shared.parts, worker.subrequests)
        attach(EpollLink(LocalUpstream(link, self)))
      case .waiting(let ticket):
        // The pool may have found something at once.
        if upstreamHalf.found == nil { upstreamHalf.ticket = ticket }
      case .failed(let failure): upstreamFailed(failure)
      }
    }

    var isHeldByConnectionLimit: Bool { upstreamHalf.ticket?.isHeldByLimit ?? false }

    private func attach(_ link: consuming EpollLink) {
      upstreamHalf.link = link
      upstreamHalf.keptIsUnsent = true
      exchange.upstreamReady(workspace)
    }

    // The pool calls in the middle of somebody else's work, so what it found waits for `run`.

    func connected(_ link: EpollLink) {
      upstreamHalf.ticket = nil
      upstreamHalf.found = .link(link)
      link.client = self
      resumeClient()
    }

    func connectionFailed(_ failure: UpstreamFailure) {
      upstreamHalf.ticket = nil
      upstreamHalf.found = .failure(failure)
      resumeClient()
    }

    func takeFound() {
      guard let found = upstreamHalf.found else { return }
      upstreamHalf.found = nil
      switch found {
      case .link(let link): attach(link)
      case .failure(let failure): upstreamFailed(failure)
      }
    }

    func dropUpstream() {
      upstreamHalf.keptIsUnsent = false
      upstreamHalf.ticket?.withdraw()
      upstreamHalf.ticket = nil
      if case .link(let link)? = upstreamHalf.found { link.close() }
      upstreamHalf.found = nil
      upstreamHalf.link.take()?.close()
    }

    func leaveUpstream(isReusable: Bool) {
      guard let link = upstreamHalf.link.take() else { return }
      if isReusable, !link.hasEnded {
        link.release()
      } else {
        link.close()
      }
    }

    func resumeClient() { worker.schedule(self) }

    /// The upstream takes more bytes, or no more for now.
    func upstreamWritability(_ isWritable: Bool) {
      exchange.upstreamWritability(isWritable, workspace)
      if isWritable { resumeClient() }
    }
  }

  // MARK: - To the upstream and from it

  extension EpollExchange {
    func keepHead(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
      upstreamHalf.kept.reuse(keeping: BlockCache.blockSize)
      upstreamHalf.kept.borrow(from: &context.blocks)
      upstreamHalf.kept.write(capacity: capacity, fill)
    }

    var keptCount: Int { upstreamHalf.kept.count }

    func overwriteKept(at offset: Int, with bytes: [UInt8]) {
      upstreamHalf.kept.overwrite(at: offset, with: bytes)
    }

    func sendKept() {
      if upstreamHalf.keptIsUnsent { pass(UnsafeRawBufferPointer(start: nil, count: 0)) }
    }

    func send(_ range: ByteRange) { withReceived { forward($0[range]) } }

    func send(_ bytes: [UInt8]) { bytes.withUnsafeBytes { forward($0) } }

    private func forward(_ bytes: UnsafeRawBufferPointer) {
      if !exchange.isReplayable { return pass(bytes) }
      upstreamHalf.kept.append(bytes)
      if !upstreamHalf.keptIsUnsent { pass(bytes) }
    }

    func finishUpstream() { upstreamHalf.link?.finish() }

    /// Sends what is kept, if it has to be, and `bytes` behind it.
    private func pass(_ bytes: UnsafeRawBufferPointer) {
      guard let link = upstreamHalf.link else { return }
      let isWhole: Bool
      if upstreamHalf.keptIsUnsent {
        upstreamHalf.keptIsUnsent = false
        isWhole = link.send(upstreamHalf.kept.bytes, bytes)
      } else {
        isWhole = link.send(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
      }
      if !isWhole { exchange.upstreamWritability(false, workspace) }
    }
  }
#endif
