// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import HTTPExchange

/// One stream of a client as an exchange sees it. What it holds of its upstream is up to the
/// transport's own class.
class ClientStream: HTTP2Stream, RegisteredClient {
  /// Above it the upstream waits until the client took some of its answer.
  private static let mostOutgoing = 64 * 1024
  /// Bodies up to this size wait for those of other streams, to leave with them.
  private static let mostCopied = 16 * 1024

  final let session: ClientSession
  // The session's, at hand without a detour.
  final let context: WorkerContext
  final let workspace: ExchangeWorkspace
  @exclusivity(unchecked) final var position = 0
  @exclusivity(unchecked) final var exchange: Exchange
  @exclusivity(unchecked) final var record = ExchangeRecord()
  /// It stands in the session's list of streams to run.
  @exclusivity(unchecked) final var isReady = false
  /// The request as HTTP/1.1, not consumed yet.
  @exclusivity(unchecked) private var inbox: ByteQueue
  /// Body bytes the client sent for which it was not given room again.
  @exclusivity(unchecked) private var unconsumed = 0
  @exclusivity(unchecked) private var isChunked = false
  @exclusivity(unchecked) private var hasTrailers = false
  /// The client sent the end of its request.
  @exclusivity(unchecked) final private(set) var requestIsWhole = false
  @exclusivity(unchecked) private var outbox: ByteQueue
  /// Body bytes that stay where they were received while they are sent.
  @exclusivity(unchecked) private var window = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Its upstream waits until the client took more.
  @exclusivity(unchecked) final private(set) var isHeldBack = false
  @exclusivity(unchecked) private var answerIsWhole = false
  @exclusivity(unchecked) private var answerHasLeft = false
  @exclusivity(unchecked) private var isReset = false
  final private(set) var isGRPC = false
  final private(set) var refusal: Rejection?

  init(_ session: ClientSession) {
    self.session = session
    context = session.context
    workspace = context.workspace
    inbox = ByteQueue(context.memory)
    outbox = ByteQueue(context.memory)
    exchange = Exchange(workspace, isStream: true)
  }

  final var isOpen: Bool { !hasClosed && !isReset }
  final var nextDeadline: UInt64 { exchange.nextDeadline }
  /// The client opens no window for what waits.
  final var isStalled: Bool { !outbox.isEmpty }

  /// Gets smaller with what the client takes: of this stream, or, while the others keep it waiting,
  /// of any.
  final var unsentCount: Int {
    if !outbox.isEmpty { return outbox.count }
    return isHeldBack ? Int.max &- 1 &- session.delivered : 0
  }

  /// Looks at both sides until neither has anything that can be done now.
  func run() {}
  /// The stream is gone: an exchange that was under way ends here.
  func ended() {}
  func deadlinePassed() {}

  // MARK: What the engine calls

  override final func received(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ section: HTTP2Section
  ) {
    switch section {
    case .head: session.assembly.add(name, value)
    case .trailers: if isChunked, isOpen { addTrailer(name, value) }
    case .interim: break
    }
  }

  /// Fields behind the body, as those behind the last chunk; a body with a length has no place for
  /// them.
  private func addTrailer(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    if value.contains(where: { $0 == 13 || $0 == 10 || $0 == 0 }) { return }
    if !hasTrailers { inbox.append("0\r\n") }
    hasTrailers = true
    inbox.append(name)
    inbox.append(": ")
    inbox.append(value)
    inbox.append("\r\n")
  }

  override final func received(_ section: HTTP2Section, isLast: Bool, isTooLarge: Bool) {
    // Some of its fields were left out.
    if section == .trailers, isTooLarge { return drop(HTTP2Code.protocolError) }
    guard section == .head else { return }
    inbox.borrow(from: &context.blocks)
    isChunked = session.assembly.finish(hasBody: !isLast, into: &inbox)
    isGRPC = session.assembly.isGRPC
    refusal = session.assembly.rejection ?? (isTooLarge ? .headTooLarge : nil)
    session.runsSoon(self)
  }

  override final func receivedBody(_ bytes: UnsafeRawBufferPointer) {
    // Nobody reads on; the room belongs to the other streams.
    if !isOpen { return session.engine.consumed(self, bytes.count) }
    unconsumed &+= bytes.count
    if isChunked, !bytes.isEmpty {
      inbox.write(capacity: ChunkLine.capacity) { ChunkLine.write(bytes.count, into: $0) }
      inbox.append(bytes)
      inbox.append("\r\n")
    } else {
      inbox.append(bytes)
    }
    session.runsSoon(self)
  }

  override final func receivedEnd() {
    requestIsWhole = true
    if isChunked { inbox.append(hasTrailers ? "\r\n" : ChunkLine.last) }
    session.runsSoon(self)
  }

  override final func sentEnd() {
    answerHasLeft = true
    endEarly()
  }

  /// Who was answered before its request came whole is told to send no more of it (RFC 9113, 8.1).
  private func endEarly() {
    if answerHasLeft, answerIsWhole, !requestIsWhole { drop() }
  }

  override final func fill(_ target: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
    if !window.isEmpty {
      let count = min(target.count, window.count)
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: window[..<count]))
      window = UnsafeRawBufferPointer(rebasing: window[count...])
      return HTTP2BodyPart(count: count, isLast: false)
    }
    let count = min(target.count, outbox.count)
    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: outbox.bytes[..<count]))
    outbox.consume(count, leavingTo: &context.blocks)
    session.unqueued(count, isDelivered: true)
    goOn()
    return HTTP2BodyPart(count: count, isLast: answerIsWhole && outbox.isEmpty)
  }

  override final func closed(code: UInt32) {
    session.engine.consumed(self, unconsumed)
    unconsumed = 0
    session.unqueued(outbox.count, isDelivered: false)
    outbox.giveBack(to: &context.blocks)
    session.streamClosed(self)
    if !isReset { ended() }
  }

  // MARK: What the exchange calls

  final func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    body(inbox.bytes)
  }

  final func consumeReceived(_ count: Int) {
    let waiting = inbox.count
    inbox.consume(count, leavingTo: &context.blocks)
    if unconsumed == 0 { return }
    // Chunk lines make more of small frames than the client sent: room is given back by shares, or
    // what waits would grow beyond the window.
    let share = context.memory.isExhausted ? 0 : unconsumed &* count / waiting
    let released = inbox.isEmpty ? unconsumed : share
    unconsumed &-= released
    session.engine.consumed(self, released)
  }

  final var peerIsTrusted: Bool { session.peerIsTrusted }

  final func withClientAddress<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    session.address.withUnsafeBytes(body)
  }

  final func append(_ bytes: UnsafeRawBufferPointer) {
    if bytes.isEmpty || hasClosed { return }
    if bytes.count > Self.mostCopied, outbox.isEmpty {
      // What the client takes at once is not copied aside first.
      window = bytes
      session.engine.bodyIsThere(self)
      session.sendNow()
      let rest = window
      window = UnsafeRawBufferPointer(start: nil, count: 0)
      if rest.isEmpty || hasClosed { return }
      enqueue(rest)
    } else {
      enqueue(bytes)
    }
    session.engine.bodyIsThere(self)
    if outbox.count >= Self.mostOutgoing || context.memory.isExhausted { holdBack() }
  }

  private func enqueue(_ bytes: UnsafeRawBufferPointer) {
    if bytes.count <= BlockCache.blockSize { outbox.borrow(from: &context.blocks) }
    outbox.append(bytes)
    session.queued(bytes.count)
  }

  /// Lets the upstream wait.
  final func holdBack() {
    if isHeldBack { return }
    isHeldBack = true
    exchange.clientWritability(false, workspace)
  }

  /// Lets the upstream go on once enough of what waits has left, here and on the connection.
  final func goOn() {
    if !isHeldBack || session.isCrowded || outbox.count >= Self.mostOutgoing / 2 { return }
    if !outbox.isEmpty, context.memory.isExhausted { return }
    isHeldBack = false
    exchange.clientWritability(true, workspace)
    session.runsSoon(self)
  }

  final func proceed(_ sequel: ClientSequel) {
    answerIsWhole = true
    session.engine.bodyIsThere(self)
    endEarly()
  }

  final func flush() { session.flushesSoon() }

  /// `code`: nil tells who was answered to send no more, and who was not that something broke.
  final func reset(_ code: UInt32? = nil) {
    if !isOpen { return }
    isReset = true
    let isAnswered = answerIsWhole && outbox.isEmpty
    let code = code ?? (isAnswered ? HTTP2Code.none : HTTP2Code.internalError)
    session.engine.reset(self, code: code)
    session.flushesSoon()
  }

  /// Ends the stream, and the exchange with it.
  final func drop(_ code: UInt32? = nil) {
    if !isOpen { return }
    reset(code)
    ended()
  }
}
