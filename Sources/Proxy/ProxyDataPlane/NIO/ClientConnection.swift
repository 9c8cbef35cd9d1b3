// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions
import TLSEngine

/// One client's channel.
///
/// Its event loop alone uses it. What each request touches many times goes without the check for
/// overlapping accesses at run time, which cost a tenth of the instructions of a request.
final class ClientConnection: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let worker: Worker
  let context: WorkerContext
  let workspace: ExchangeWorkspace
  @exclusivity(unchecked) var position = 0
  @exclusivity(unchecked) var exchange: Exchange
  @exclusivity(unchecked) var record = ExchangeRecord()

  @exclusivity(unchecked) private var channelContext: ChannelHandlerContext?
  /// Received from the client and not consumed yet.
  @exclusivity(unchecked) private var input = ByteBuffer()
  let upstreamHalf: NIOUpstreamHalf
  /// What it speaks instead of the one exchange once it opened with HTTP/2's preface.
  @exclusivity(unchecked) private var session: ClientSession?
  /// Its first bytes may be that preface.
  @exclusivity(unchecked) private var mayBeHTTP2 = true
  @exclusivity(unchecked) private var address: [UInt8] = Array("unknown".utf8)
  private(set) var peerIsTrusted = false
  @exclusivity(unchecked) private var isHeldBack = false
  /// What was received has to wait for the upstream.
  @exclusivity(unchecked) private var isBlocked = false
  /// Bytes that the channel holds back, once it said so or was asked.
  @exclusivity(unchecked) private var unwritable = 0
  /// The channel is below its high mark.
  @exclusivity(unchecked) private var isWritable = true
  /// Answers waited when the channel was asked, and have not left yet.
  @exclusivity(unchecked) private var isClogged = false
  @exclusivity(unchecked) private var answersSinceLook = 0
  @exclusivity(unchecked) private var isReadingClient = false
  @exclusivity(unchecked) private var isReadingUpstream = false
  /// nil in clear.
  private let tls: TLSHandler?
  private var isShakingHands: Bool
  /// The worker's outbound buffer was handed to the channel and must not grow until it is flushed.
  @exclusivity(unchecked) private var outboundIsWritten = false

  init(_ worker: Worker, _ tls: TLSHandler? = nil) {
    self.worker = worker
    context = worker.context
    workspace = context.workspace
    upstreamHalf = NIOUpstreamHalf(context.memory)
    self.tls = tls
    isShakingHands = tls != nil
    exchange = Exchange(workspace)
    if tls != nil { exchange.handshakeBegan(workspace) }
  }

  func drain() {
    if let session {
      session.drain()
    } else {
      exchange.drain(workspace)
    }
    worker.deadlineChanged(self)
  }
}

// MARK: - Channel events

extension ClientConnection {
  func handlerAdded(context: ChannelHandlerContext) {
    channelContext = context
    tls?.onHandshakeEnd = { [unowned self] in handshakeEnded($0) }
    if let address = context.remoteAddress?.ipAddress {
      self.address = Array(address.utf8)
      peerIsTrusted = self.address.withUnsafeBytes(worker.context.trust.covers)
    }
    worker.add(self)
  }

  /// Comes for every connection, also for one that was gone before it became active.
  func handlerRemoved(context: ChannelHandlerContext) {
    channelContext = nil
    worker.remove(self)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    counters.received(bytes: bytes.readableBytes)
    if input.readableBytes == 0 {
      input = bytes
    } else {
      input.writeBuffer(&bytes)
    }
    if mayBeHTTP2 { detectProtocol() }
    if session != nil { return readSession() }
    if !mayBeHTTP2 { readClient() }
  }

  /// Nobody behind this handler wants to know.
  func channelReadComplete(context: ChannelHandlerContext) {}

  func read(context: ChannelHandlerContext) {
    isHeldBack = !mayReadAhead
    if !isHeldBack { context.read() }
  }

  /// More bytes are of use, or there is room for them.
  private var mayReadAhead: Bool {
    if isBlocked, self.worker.context.memory.isExhausted { return false }
    if !isWritable, unsentCount > Self.mostUnsent { return false }
    return input.readableBytes < workspace.limits.readAhead
  }

  private func resumeReading() {
    if isHeldBack, mayReadAhead {
      isHeldBack = false
      channelContext?.read()
    }
  }

  private func countKept() {
    upstreamHalf.countKept(others: input.readableBytes &+ unwritable)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    isWritable = context.channel.isWritable
    unwritable = isWritable ? 0 : unsentCount
    countKept()
    if session != nil {
      if isWritable { flushSession() }
    } else {
      if !isWritable { record.unsent = unsentCount }
      takeUpWriting()
    }
    resumeReading()
  }

  /// Tells the exchange whether more can be written, and goes on if so.
  private func takeUpWriting() {
    let takesMore = isWritable && !isClogged
    exchange.clientWritability(takesMore, workspace)
    if takesMore { readUpstream() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent {
      if exchange.clientInputEnded() { return close() }
      if let session {
        session.inputEnded()
        worker.deadlineChanged(self)
      } else {
        readClient()
      }
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  /// Goes on to requests once the connection is secured.
  private func handshakeEnded(_ failure: TLSFailure?) {
    guard isShakingHands, let tls else { return }
    isShakingHands = false
    if let failure {
      counters.handshakeFailed(.client, failure)
      close()
    } else {
      counters.shookHands(.client, tls.engine)
      exchange.handshakeEnded(workspace)
      worker.deadlineChanged(self)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    worker.remove(self)
    session?.connectionClosed()
    session = nil
    clientIsGone()
    input = ByteBuffer()
    unwritable = 0
    upstreamHalf.kept.clear()
    countKept()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

// MARK: - Steps

extension ClientConnection {
  /// Carries out steps until the client's bytes are used up or have to wait.
  func readClient() {
    // Writing can call back into this object; the loop that runs already sees what changed.
    if isReadingClient { return }
    isReadingClient = true
    var step = PumpStep.advanced
    while isOpen, step == .advanced {
      step = clientStep()
      if step == .advanced, !exchange.isActive { answered() }
    }
    isBlocked = step == .blocked
    isReadingClient = false
    flushUpstream()
    if input.readableBytes == 0 { input = ByteBuffer() }
    countKept()
    resumeReading()
    worker.deadlineChanged(self)
  }

  /// Carries out steps until the upstream's bytes are used up or have to wait.
  func readUpstream() {
    if isReadingUpstream { return }
    isReadingUpstream = true
    while isOpen, let link, upstreamStep(link) == .advanced {}
    isReadingUpstream = false
    flush()
    link?.consumed()
    countKept()
    worker.deadlineChanged(self)
    if exchange.isActive { return }
    answered()
    // A response that ended may have been holding back the next request.
    if input.readableBytes > 0 { readClient() }
  }
}

// MARK: - Clients that do not read

extension ClientConnection {
  /// Answers between two looks at whether they leave: each that waits keeps a buffer of its own,
  /// however small it is, and the channel tells of far more of them only.
  private static let answersBetweenLooks = 8
  /// More than an answer can leave behind: the client asks for answers and does not read them.
  private static let mostUnsent = 512 * 1024

  private func answered() {
    answersSinceLook &+= 1
    if answersSinceLook >= Self.answersBetweenLooks { lookAtUnsent() }
  }

  /// Holds the next requests back until the answers before them have left.
  @inline(never)
  private func lookAtUnsent() {
    answersSinceLook = 0
    flush()
    guard !isClogged, let channelContext, case let unsent = unsentCount, unsent > 0 else { return }
    isClogged = true
    unwritable = max(unwritable, unsent)
    exchange.clientWritability(false, workspace)
    let written = channelContext.eventLoop.makePromise(of: Void.self)
    channelContext.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    written.futureResult.assumeIsolated().whenSuccess {
      self.isClogged = false
      self.unwritable = self.isWritable ? 0 : self.unsentCount
      self.countKept()
      self.takeUpWriting()
      self.resumeReading()
    }
  }
}

// MARK: - From the client, to the upstream

extension ClientConnection: NIOExchange, ConnectionPump, RegisteredClient {
  var channel: (any Channel)? { channelContext?.channel }
  var isOpen: Bool { channelContext != nil }
  var peerIsSecure: Bool { tls != nil }

  var hasReceived: Bool { input.readableBytes > 0 }

  func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    input.withUnsafeReadableBytes(body)
  }

  func consumeReceived(_ count: Int) { input.moveReaderIndex(forwardBy: count) }

  func withClientAddress<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    address.withUnsafeBytes(body)
  }

  func receivedSlice(_ range: ByteRange) -> ByteBuffer? {
    input.getSlice(at: input.readerIndex + Int(range.start), length: Int(range.length))
  }
}

// MARK: - From the upstream, to the client

extension ClientConnection {
  /// Bodies up to this size are copied behind the head, which saves a system call.
  private static let copiedBody = 16 * 1024

  func write(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
    prepareOutbound()
    _ = worker.outbound.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity, fill)
  }

  func write(_ text: StaticString) {
    prepareOutbound()
    worker.outbound.writeStaticString(text)
  }

  func write(_ bytes: [UInt8]) {
    prepareOutbound()
    worker.outbound.writeBytes(bytes)
  }

  func relay(_ range: ByteRange, _ link: NIOLink) {
    if range.length <= Self.copiedBody {
      prepareOutbound()
      link.withReceived { answer in
        let bytes = UnsafeRawBufferPointer(rebasing: answer[Int(range.start)..<range.end])
        _ = worker.outbound.writeBytes(bytes)
      }
    } else {
      guard let bytes = link.slice(range) else { return }
      prepareOutbound()
      if worker.outbound.readableBytes > 0 { write(worker.outbound) }
      write(bytes)
      outboundIsWritten = true
    }
  }

  private func write(_ bytes: ByteBuffer) {
    counters.sent(bytes: bytes.readableBytes)
    channelContext?.write(wrapOutboundOut(bytes), promise: nil)
  }

  /// What the channel still holds is sent before the buffer is written to again: a buffer of two
  /// owners would be copied.
  private func prepareOutbound() {
    if outboundIsWritten { flush() }
  }

  func flush() {
    if outboundIsWritten {
      outboundIsWritten = false
      channelContext?.flush()
    } else if worker.outbound.readableBytes > 0 {
      counters.sent(bytes: worker.outbound.readableBytes)
      channelContext?.writeAndFlush(wrapOutboundOut(worker.outbound), promise: nil)
    } else {
      return
    }
    // The socket mostly took all of it, and then the memory is used again.
    worker.outbound.clear()
  }

  /// The channel tells of its marks only; a client that reads slowly crosses them rarely.
  var unsentCount: Int {
    let options = channelContext?.channel.syncOptions
    return (try? options?.getOption(.bufferedWritableBytes)) ?? 0
  }

  func finishOutput() { channelContext?.close(mode: .output, promise: nil) }

  /// An empty write is done once all writes before it are.
  func awaitDelivery() {
    guard let channelContext else { return }
    let written = channelContext.eventLoop.makePromise(of: Void.self)
    channelContext.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    written.futureResult.assumeIsolated().whenComplete { _ in
      self.answerDelivered()
      self.worker.deadlineChanged(self)
    }
  }

  func close() {
    // What was not handed over is lost with the connection, and must not reach another client.
    outboundIsWritten = false
    worker.outbound.clear()
    session?.connectionClosed()
    if isOpen, let tls { endTLS(tls) }
    dropUpstream()
    channelContext?.close(promise: nil)
  }

  /// A client must not take an answer that was cut for a whole one.
  private func endTLS(_ tls: TLSHandler) {
    if isShakingHands {
      isShakingHands = false
      // A deadline that has passed is taken off.
      counters.handshakeFailed(.client, tls.engine.failure(at: exchange.nextDeadline == .max))
    } else if !exchange.isActive {
      tls.sayEnd()
    }
  }
}

// MARK: - HTTP/2

extension ClientConnection: SessionCarrier {
  /// Bytes gathered before they are handed to the channel.
  private static let mostGathered = 64 * 1024

  var nextDeadline: UInt64 { session?.nextDeadline ?? exchange.nextDeadline }

  func deadlinePassed() {
    if let session {
      session.checkDeadlines()
    } else {
      checkDeadline()
    }
  }

  /// Decides by the first bytes, and leaves it open while they are too few.
  private func detectProtocol() {
    switch withReceived(ClientSession.recognizes) {
    case true:
      mayBeHTTP2 = false
      session = ClientSession(self, context, address: address)
      if exchange.isDraining { session?.drain() }
      if session == nil { close() }
    case false: mayBeHTTP2 = false
    default: break
    }
  }

  private func readSession() {
    guard let session else { return }
    withReceived { session.receive($0) }
    input = ByteBuffer()
    session.run()
    worker.deadlineChanged(self)
  }

  private func flushSession() {
    guard isOpen, let session else { return }
    session.flush()
    worker.deadlineChanged(self)
  }

  func makeStream(_ session: ClientSession) -> ClientStream { NIOStream(session, self) }

  func write(_ bytes: UnsafeRawBufferPointer) {
    prepareOutbound()
    worker.outbound.writeBytes(bytes)
    if worker.outbound.readableBytes >= Self.mostGathered { flush() }
  }

  var takesMore: Bool { channelContext?.channel.isWritable ?? false }

  func flushOutput() { flush() }

  /// Tasks run once all channels had their events, so what many streams have to say leaves
  /// together.
  func flushesSoon(_ session: ClientSession) {
    worker.eventLoop.assumeIsolated().execute { self.flushSession() }
  }
}
