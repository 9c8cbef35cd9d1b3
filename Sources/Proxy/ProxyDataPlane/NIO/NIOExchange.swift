// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions

/// What one exchange holds of its upstream: the link or the wait for one, and the request.
///
/// An object, since a value behind a protocol would be reached through a coroutine each time.
final class NIOUpstreamHalf {
  /// The rewritten request, kept to be sent again: its head, and its body while that is small.
  @exclusivity(unchecked) var kept = ByteBuffer()
  /// `kept` still has to be written to the upstream at hand.
  @exclusivity(unchecked) var keptIsUnsent = false
  @exclusivity(unchecked) var link: NIOLink?
  @exclusivity(unchecked) var ticket: ConnectionTicket<NIOLink>?
  /// What of this exchange's bytes was counted as kept.
  @exclusivity(unchecked) private var counted = 0
  private let memory: MemoryBudget

  init(_ memory: MemoryBudget) { self.memory = memory }

  deinit { memory.add(-counted) }

  /// Counts what is kept at the end of an event; `others`: what the client's side keeps.
  func countKept(others: Int = 0) {
    let received = link?.receivedCount ?? 0
    let sum =
      MemoryBudget.weight(kept.readableBytes) &+ MemoryBudget.weight(received)
      &+ MemoryBudget.weight(others)
    if sum == counted { return }
    memory.add(sum &- counted)
    counted = sum
  }
}

/// An exchange on a SwiftNIO loop. What carries its client's bytes is told apart by the classes
/// that conform; how it meets its upstream is the same for all of them.
protocol NIOExchange: ExchangePump, LinkClient, PoolClient where Link == NIOLink {
  var worker: Worker { get }
  var upstreamHalf: NIOUpstreamHalf { get }
  /// The client's channel; nil once it is closed.
  var channel: (any Channel)? { get }
  /// A range of the received bytes.
  func receivedSlice(_ range: ByteRange) -> ByteBuffer?
  /// Carries out steps until the client's bytes are used up or have to wait.
  func readClient()
  /// Carries out steps until the upstream's bytes are used up or have to wait.
  func readUpstream()
}

// MARK: - Finding an upstream

extension NIOExchange {
  var context: WorkerContext { worker.context }
  var link: NIOLink? { upstreamHalf.link }

  func requestLink(upstream: Int, seat: EndpointSeat, fresh: Bool) {
    if let link = worker.withUpstream(upstream, { $0.readyLink(seat: seat, fresh: fresh) }) {
      return attach(link)
    }
    switch worker.withUpstream(upstream, { $0.link(for: self, seat: seat, fresh: fresh) }) {
    case .module(let module):
      guard let channel else { return }
      attach(NIOLink(ModuleLink(module, channel, workspace.limits)))
    case .composition(let composition):
      let link = CompositionLink(
        composition, context.gates[upstream].shared.parts, worker.subrequests)
      attach(NIOLink(link))
    case .waiting(let ticket): upstreamHalf.ticket = ticket
    case .failed(let failure): upstreamFailed(failure)
    }
  }

  var isHeldByConnectionLimit: Bool { upstreamHalf.ticket?.isHeldByLimit ?? false }

  private func attach(_ link: NIOLink) {
    upstreamHalf.link = link
    link.serve(self)
    upstreamHalf.keptIsUnsent = true
    exchange.upstreamReady(workspace)
  }

  func connected(_ link: NIOLink) {
    upstreamHalf.ticket = nil
    attach(link)
    readClient()
  }

  func connectionFailed(_ failure: UpstreamFailure) {
    upstreamHalf.ticket = nil
    upstreamFailed(failure)
  }

  func dropUpstream() {
    upstreamHalf.keptIsUnsent = false
    upstreamHalf.ticket?.withdraw()
    upstreamHalf.ticket = nil
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

  func resumeClient() { readClient() }
}

// MARK: - To the upstream and from it

extension NIOExchange {
  func keepHead(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
    upstreamHalf.kept.clear()
    _ = upstreamHalf.kept.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity, fill)
  }

  var keptCount: Int { upstreamHalf.kept.readableBytes }

  func overwriteKept(at offset: Int, with bytes: [UInt8]) {
    upstreamHalf.kept.setBytes(bytes, at: upstreamHalf.kept.readerIndex + offset)
  }

  func send(_ range: ByteRange) {
    if let bytes = receivedSlice(range) { forward(bytes) }
  }

  func send(_ bytes: [UInt8]) { forward(ByteBuffer(bytes: bytes)) }

  private func forward(_ bytes: ByteBuffer) {
    guard let link = upstreamHalf.link else { return }
    if exchange.isReplayable {
      upstreamHalf.kept.writeImmutableBuffer(bytes)
      if !upstreamHalf.keptIsUnsent { link.write(bytes) }
    } else {
      if upstreamHalf.keptIsUnsent {
        upstreamHalf.keptIsUnsent = false
        link.write(upstreamHalf.kept)
      }
      link.write(bytes)
    }
  }

  func finishUpstream() { upstreamHalf.link?.finish() }

  /// What was written to the upstream leaves now.
  func flushUpstream() {
    if upstreamHalf.keptIsUnsent, let link = upstreamHalf.link {
      upstreamHalf.keptIsUnsent = false
      link.writeAndFlush(upstreamHalf.kept)
    } else {
      upstreamHalf.link?.flush()
    }
  }

  func upstreamIsReadable() { readUpstream() }

  func upstreamWritability(_ isWritable: Bool) {
    exchange.upstreamWritability(isWritable, workspace)
    if isWritable { readClient() }
  }
}
