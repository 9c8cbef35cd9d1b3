// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange

  /// A stream whose upstreams are sockets of the same loop.
  final class EpollStream: ClientStream, StreamPump, EpollExchange {
    /// Times the upstream is read before other exchanges get their turn.
    private static let mostReceives = 8

    let worker: EpollWorker
    let upstreamHalf: EpollUpstreamHalf
    @exclusivity(unchecked) var isScheduled = false
    @exclusivity(unchecked) private var isRunning = false
    private unowned let client: EpollClient

    init(_ session: ClientSession, _ client: EpollClient) {
      worker = client.worker
      upstreamHalf = worker.takeUpstreamHalf()
      self.client = client
      super.init(session)
    }

    /// Nobody else holds the half of a stream, and it is used again as it was made.
    deinit { worker.keep(upstreamHalf) }

    override func run() {
      if isRunning { return resumeClient() }
      guard isOpen else { return }
      isRunning = true
      takeFound()
      if !refuseIfNeeded() {
        while isOpen, clientStep() == .advanced {}
        sendKept()
        readUpstream()
      }
      isRunning = false
      if !exchange.isActive { upstreamHalf.kept.giveBack(to: &context.blocks) }
      session.deadlineChanged(self)
      session.flushesSoon()
    }

    private func readUpstream() {
      var receivesLeft = Self.mostReceives
      while isOpen, let link = upstreamHalf.link {
        let step = link.isSilent && !exchange.hasResponded ? .starved : upstreamStep(link)
        if step == .advanced { continue }
        // What is read now would wait for others to be read first.
        if step == .blocked || (isHeldBack && exchange.hasResponded) { break }
        if receivesLeft == 0 {
          worker.postpone(self)
          break
        }
        receivesLeft &-= 1
        if !link.receive() { break }
      }
      upstreamHalf.link?.settle()
    }

    override func ended() {
      clientIsGone()
      upstreamHalf.kept.giveBack(to: &context.blocks)
    }

    override func deadlinePassed() { checkStreamDeadline() }

    func moduleChannel() -> DetachedChannel { client.moduleChannel() }
  }
#endif
