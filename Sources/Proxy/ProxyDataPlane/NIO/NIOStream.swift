// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore

/// A stream whose upstreams are channels of the same loop.
final class NIOStream: ClientStream, StreamPump, NIOExchange {
  let worker: Worker
  let upstreamHalf: NIOUpstreamHalf
  @exclusivity(unchecked) private var isReadingClient = false
  @exclusivity(unchecked) private var isReadingUpstream = false
  private unowned let client: ClientConnection

  init(_ session: ClientSession, _ client: ClientConnection) {
    worker = client.worker
    upstreamHalf = NIOUpstreamHalf(worker.context.memory)
    self.client = client
    super.init(session)
  }

  var channel: (any Channel)? { isOpen ? client.channel : nil }

  override func run() {
    guard isOpen, !refuseIfNeeded() else { return }
    readClient()
    readUpstream()
  }

  func readClient() {
    if isReadingClient { return }
    isReadingClient = true
    while isOpen, clientStep() == .advanced {}
    isReadingClient = false
    flushUpstream()
    upstreamHalf.countKept()
    session.deadlineChanged(self)
    session.flushesSoon()
  }

  func readUpstream() {
    if isReadingUpstream { return }
    isReadingUpstream = true
    while isOpen, let link, upstreamStep(link) == .advanced {}
    isReadingUpstream = false
    link?.consumed()
    upstreamHalf.countKept()
    session.deadlineChanged(self)
    session.flushesSoon()
  }

  func receivedSlice(_ range: ByteRange) -> ByteBuffer? {
    withReceived { ByteBuffer(bytes: $0[range]) }
  }

  override func ended() {
    clientIsGone()
    upstreamHalf.kept.clear()
    upstreamHalf.countKept()
  }

  override func deadlinePassed() { checkStreamDeadline() }
}
