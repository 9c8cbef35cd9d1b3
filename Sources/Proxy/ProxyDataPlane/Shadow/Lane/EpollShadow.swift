// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange

  /// A shadow whose upstream is a socket of the lane's epoll loop.
  final class EpollShadow: ShadowClient, ShadowPump, EpollExchange {
    /// Times the upstream is read before other shadows get their turn.
    private static let mostReceives = 8

    let worker: EpollWorker
    let upstreamHalf: EpollUpstreamHalf
    @exclusivity(unchecked) var isScheduled = false
    @exclusivity(unchecked) private var isRunning = false
    private var channel: DetachedChannel?

    init(
      _ question: ShadowQuestion, _ worker: EpollWorker, report: @escaping ShadowLane.Report
    ) {
      self.worker = worker
      upstreamHalf = EpollUpstreamHalf(worker.context.memory)
      super.init(question, worker.context, report: report)
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
      if isOpen { worker.lane?.deadlineChanged(self) }
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
      if isOpen { worker.lane?.deadlineChanged(self) }
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
