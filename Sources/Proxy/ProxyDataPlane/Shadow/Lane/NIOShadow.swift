// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore

/// A shadow whose upstream is a channel of the lane's SwiftNIO loop.
final class NIOShadow: ShadowClient, ShadowPump, NIOExchange {
  let worker: Worker
  let upstreamHalf: NIOUpstreamHalf
  @exclusivity(unchecked) private var isReadingClient = false
  @exclusivity(unchecked) private var isReadingUpstream = false
  private lazy var ownChannel = DetachedChannel(
    worker.eventLoop, remoteAddress: nil, localAddress: nil)
  private var hasChannel = false

  init(_ question: ShadowQuestion, _ worker: Worker, report: @escaping ShadowLane.Report) {
    self.worker = worker
    upstreamHalf = NIOUpstreamHalf(worker.context.memory)
    super.init(question, worker.context, report: report)
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
    worker.lane?.deadlineChanged(self)
  }

  func receivedSlice(_ range: ByteRange) -> ByteBuffer? {
    withReceived { ByteBuffer(bytes: $0[range]) }
  }

  override func deadlinePassed() {
    checkDeadline()
    if isOpen { worker.lane?.deadlineChanged(self) }
  }

  override func ended() {
    leavePlace(.none)
    dropUpstream()
    upstreamHalf.kept.clear()
    upstreamHalf.countKept()
    if hasChannel { ownChannel.end() }
  }
}
