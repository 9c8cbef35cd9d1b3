// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange

  /// A subrequest whose upstream is a socket of the same epoll loop.
  final class EpollSubrequest: SubrequestClient, SubrequestPump, EpollExchange {
    /// Times the upstream is read before others get their turn.
    private static let mostReceives = 8

    let worker: EpollWorker
    let upstreamHalf: EpollUpstreamHalf
    @exclusivity(unchecked) var isScheduled = false
    @exclusivity(unchecked) private var isRunning = false
    private var channel: DetachedChannel?

    init(
      _ subrequest: Subrequest, for asker: any SubrequestAsker, _ worker: EpollWorker
    ) {
      self.worker = worker
      upstreamHalf = EpollUpstreamHalf(worker.context.memory)
      super.init(subrequest, for: asker, worker.subrequests)
    }

    override func run() {
      if isRunning { return resumeClient() }
      guard isOpen else { return }
      isRunning = true
      takeFound()
      while isOpen, clientStep() == .advanced {}
      if isOpen { sendKept() }
      readUpstream()
      isRunning = false
      if isOpen { worker.subrequests.deadlineChanged(self) }
    }

    private func readUpstream() {
      var receivesLeft = Self.mostReceives
      while isOpen, let link = upstreamHalf.link {
        let step = upstreamStep(link)
        if step == .advanced { continue }
        if step == .blocked { break }
        if receivesLeft == 0 {
          worker.postpone(self)
          break
        }
        receivesLeft -= 1
        if !link.receive() { break }
      }
      upstreamHalf.link?.settle()
    }

    override func deadlinePassed() {
      checkDeadline()
      if isOpen { worker.subrequests.deadlineChanged(self) }
    }

    override func ended() {
      leavePlace(.none)
      dropUpstream()
      upstreamHalf.kept.clear()
      channel?.end()
    }

    func moduleChannel() -> DetachedChannel {
      let channel = DetachedChannel(worker.loop, remoteAddress: nil, localAddress: nil)
      self.channel = channel
      return channel
    }
  }
#endif
