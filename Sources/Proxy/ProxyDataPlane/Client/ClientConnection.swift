// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions

/// One client's connection: moves bytes between two sockets as the exchange says.
///
/// It decides nothing about HTTP. Each event is told to the exchange, and the steps that come back
/// are carried out until it asks for more bytes or is blocked.
final class ClientConnection: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let worker: Worker
  /// Place in the worker's list.
  var position = 0

  var exchange: Exchange
  var context: ChannelHandlerContext?
  /// Received from the client and not consumed yet.
  var input = ByteBuffer()
  /// The rewritten request, kept to be sent again: its head, and its body while that is small.
  var kept = ByteBuffer()
  /// `kept` still has to be written to the upstream at hand.
  var keptIsUnsent = false
  var link: (any UpstreamLink)?
  var ticket: ConnectionTicket?
  var decision = RoutingDecision.noRoute
  var startedAt = NIODeadline.uptimeNanoseconds(0)
  /// Status passed on to the client for the request at hand; 0 before one was.
  var status = 0
  /// Textual address of the peer.
  private(set) var address: [UInt8] = Array("unknown".utf8)
  private var isHeldBack = false
  private var isReadingClient = false
  private var isReadingUpstream = false

  init(_ worker: Worker) {
    self.worker = worker
    exchange = Exchange(worker.workspace)
  }

  var workspace: ExchangeWorkspace { worker.workspace }
}

// MARK: - Channel events

extension ClientConnection {
  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if let address = context.remoteAddress?.ipAddress { self.address = Array(address.utf8) }
    worker.add(self)
  }

  /// Comes for every connection, also for one that was gone before it became active.
  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    worker.remove(self)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    worker.counters.received(bytes: bytes.readableBytes)
    if input.readableBytes == 0 {
      input = bytes
    } else {
      input.writeBuffer(&bytes)
    }
    readClient()
  }

  func read(context: ChannelHandlerContext) {
    isHeldBack = input.readableBytes >= workspace.limits.readAhead
    if !isHeldBack { context.read() }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    let isWritable = context.channel.isWritable
    exchange.clientWritability(isWritable, workspace)
    if isWritable { readUpstream() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent {
      if exchange.clientInputEnded() { close() }
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if exchange.isActive { account(status: exchange.hasResponded ? status : 0) }
    dropUpstream()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

// MARK: - Client to upstream

extension ClientConnection {
  /// Carries out steps until the client's bytes are used up or have to wait.
  func readClient() {
    // Writing can call back into this object; the loop that runs already sees what changed.
    if isReadingClient { return }
    isReadingClient = true
    while context != nil, readClientStep() {}
    isReadingClient = false
    sendKept()
    link?.flush()
    if input.readableBytes == 0 { input = ByteBuffer() }
    if isHeldBack, input.readableBytes < workspace.limits.readAhead {
      isHeldBack = false
      context?.read()
    }
  }

  /// One step; false when there is nothing more to do now.
  private func readClientStep() -> Bool {
    let step = input.withUnsafeReadableBytes { exchange.nextFromClient($0, workspace) }
    switch step {
    case .needBytes, .blocked:
      return false
    case .head:
      admitRequest()
    case .body(let body):
      forward(body)
    case .discard:
      input.moveReaderIndex(to: input.writerIndex)
    case .reject(let problem):
      if case .rejected(let rejection) = problem {
        worker.counters.rejected(reason: Int(rejection.rawValue))
      }
      answer(problem)
    case .close:
      close()
      return false
    }
    return true
  }

  private func forward(_ step: BodyStep) {
    let length = Int(step.forward.length)
    if length > 0 {
      let start = input.readerIndex + Int(step.forward.start)
      if let bytes = input.getSlice(at: start, length: length) { send(bytes) }
    }
    input.moveReaderIndex(forwardBy: step.consumed)
  }

  private func send(_ bytes: ByteBuffer) {
    guard let link else { return }
    if exchange.isReplayable {
      kept.writeImmutableBuffer(bytes)
      if !keptIsUnsent { link.write(bytes) }
    } else {
      sendKept()
      link.write(bytes)
    }
  }

  private func sendKept() {
    guard keptIsUnsent, let link else { return }
    keptIsUnsent = false
    link.write(kept)
  }
}

// MARK: - Upstream to client

extension ClientConnection {
  /// The link received bytes or ended.
  func upstreamIsReadable(_ link: any UpstreamLink) {
    if self.link === link { readUpstream() }
  }

  func upstreamWritability(_ isWritable: Bool, _ link: any UpstreamLink) {
    guard self.link === link else { return }
    exchange.upstreamWritability(isWritable, workspace)
    if isWritable { readClient() }
  }

  /// Carries out steps until the upstream's bytes are used up or have to wait.
  func readUpstream() {
    if isReadingUpstream { return }
    isReadingUpstream = true
    while context != nil, let link, readUpstreamStep(link) {}
    isReadingUpstream = false
    flushOutbound()
    link?.consumed()
    // A response that ended may have been holding back the next request.
    if !exchange.isActive, input.readableBytes > 0 { readClient() }
  }

  private func readUpstreamStep(_ link: any UpstreamLink) -> Bool {
    let step = link.input.withUnsafeReadableBytes { exchange.nextFromUpstream($0, workspace) }
    switch step {
    case .needBytes:
      guard link.hasEnded else { return false }
      upstreamFailed(link.failure ?? exchange.meaningOfUpstreamClose)
    case .blocked:
      return false
    case .interim(let forward):
      if forward { writeResponseHead(link) }
      link.input.moveReaderIndex(forwardBy: workspace.response.length)
    case .head:
      status = workspace.response.status
      writeResponseHead(link)
      link.input.moveReaderIndex(forwardBy: workspace.response.length)
    case .body(let body):
      writeResponseBody(body, link)
    case .finished:
      completeResponse(link)
    case .failed(let failure):
      upstreamFailed(failure)
    }
    return true
  }
}
