// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore

/// A subrequest whose upstream is a channel of the same SwiftNIO loop.
final class NIOSubrequest: SubrequestClient, SubrequestPump, NIOExchange {
  let worker: Worker
  let upstreamHalf: NIOUpstreamHalf
  @exclusivity(unchecked) private var isReadingClient = false
  @exclusivity(unchecked) private var isReadingUpstream = false
  private lazy var ownChannel = DetachedChannel(
    worker.eventLoop, remoteAddress: nil, localAddress: nil)
  private var hasChannel = false

  init(_ subrequest: Subrequest, for asker: any SubrequestAsker, _ worker: Worker) {
    self.worker = worker
    upstreamHalf = NIOUpstreamHalf(worker.context.memory)
    super.init(subrequest, for: asker, worker.subrequests)
  }

  /// Asked for when the upstream is a module.
  var channel: (any Channel)? {
    guard isOpen else { return nil }
    hasChannel = true
    return ownChannel
  }

  override func run() {
    guard isOpen else { return }
    readClient()
    readUpstream()
  }

  func readClient() {
    if isReadingClient { return }
    isReadingClient = true
    while isOpen, clientStep() == .advanced {}
    isReadingClient = false
    guard isOpen else { return }
    flushUpstream()
    settle()
  }

  func readUpstream() {
    if isReadingUpstream { return }
    isReadingUpstream = true
    while isOpen, let link, upstreamStep(link) == .advanced {}
    isReadingUpstream = false
    guard isOpen else { return }
    link?.consumed()
    settle()
  }

  private func settle() {
    upstreamHalf.countKept()
    worker.subrequests.deadlineChanged(self)
  }

  func receivedSlice(_ range: ByteRange) -> ByteBuffer? {
    withReceived { ByteBuffer(bytes: $0[range]) }
  }

  override func deadlinePassed() {
    checkDeadline()
    if isOpen { worker.subrequests.deadlineChanged(self) }
  }

  override func ended() {
    leavePlace(.none)
    dropUpstream()
    upstreamHalf.kept.clear()
    upstreamHalf.countKept()
    if hasChannel { ownChannel.end() }
  }
}
