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
  @exclusivity(unchecked) final var position = 0
  @exclusivity(unchecked) final var exchange: Exchange
  @exclusivity(unchecked) final var record = ExchangeRecord()
  /// It stands in the session's list of streams to run.
  @exclusivity(unchecked) final var isReady = false
  /// The request as HTTP/1.1, not consumed yet.
  @exclusivity(unchecked) private var inbox = ByteQueue()
  /// Body bytes the client sent for which it was not given room again.
  @exclusivity(unchecked) private var unconsumed = 0
  @exclusivity(unchecked) private var isChunked = false
  @exclusivity(unchecked) private var outbox = ByteQueue()
  /// Body bytes that stay where they were received while they are sent.
  @exclusivity(unchecked) private var window = UnsafeRawBufferPointer(start: nil, count: 0)
  @exclusivity(unchecked) private var isHeldBack = false
  @exclusivity(unchecked) private var answerIsWhole = false
  @exclusivity(unchecked) private var isReset = false
  final private(set) var isGRPC = false
  final private(set) var refusal: Rejection?

  init(_ session: ClientSession) {
    self.session = session
    exchange = Exchange(session.context.workspace, isStream: true)
  }

  final var isOpen: Bool { !isClosed && !isReset }
  final var nextDeadline: UInt64 { exchange.nextDeadline }
  /// The client opens no window for what waits.
  final var isStalled: Bool { !outbox.isEmpty }

  /// Looks at both sides until neither has anything that can be done now.
  func run() {}
  /// The stream is gone: an exchange that was under way ends here.
  func ended() {}
  func deadlinePassed() {}

  // MARK: What the engine calls

  override final func received(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ section: HTTP2Section
  ) {
    if section == .head { session.assembly.add(name, value) }
  }

  override final func received(_ section: HTTP2Section, isLast: Bool, isTooLarge: Bool) {
    guard section == .head else { return }
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
    if isChunked { inbox.append(ChunkLine.last) }
    session.runsSoon(self)
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
    outbox.consume(count)
    if isHeldBack, outbox.count < Self.mostOutgoing / 2 {
      isHeldBack = false
      exchange.clientWritability(true, session.context.workspace)
      session.runsSoon(self)
    }
    return HTTP2BodyPart(count: count, isLast: answerIsWhole && outbox.isEmpty)
  }

  override final func closed(code: UInt32) {
    session.engine.consumed(self, unconsumed)
    unconsumed = 0
    session.streamClosed(self)
    if !isReset { ended() }
  }

  // MARK: What the exchange calls

  final func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    body(inbox.bytes)
  }

  final func consumeReceived(_ count: Int) {
    let waiting = inbox.count
    inbox.consume(count)
    // Chunk lines make more of small frames than the client sent: room is given back by shares, or
    // what waits would grow beyond the window.
    let released = inbox.isEmpty ? unconsumed : unconsumed &* count / waiting
    unconsumed &-= released
    session.engine.consumed(self, released)
  }

  final var peerIsTrusted: Bool { session.peerIsTrusted }

  final func withClientAddress<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    session.address.withUnsafeBytes(body)
  }

  final func append(_ bytes: UnsafeRawBufferPointer) {
    if bytes.isEmpty || isClosed { return }
    if bytes.count > Self.mostCopied, outbox.isEmpty {
      // What the client takes at once is not copied aside first.
      window = bytes
      session.engine.bodyIsThere(self)
      session.sendNow()
      let rest = window
      window = UnsafeRawBufferPointer(start: nil, count: 0)
      if rest.isEmpty || isClosed { return }
      outbox.append(rest)
    } else {
      outbox.append(bytes)
    }
    session.engine.bodyIsThere(self)
    if outbox.count >= Self.mostOutgoing, !isHeldBack {
      isHeldBack = true
      exchange.clientWritability(false, session.context.workspace)
    }
  }

  final func proceed(_ sequel: ClientSequel) {
    answerIsWhole = true
    session.engine.bodyIsThere(self)
  }

  final func flush() { session.flushesSoon() }

  final func reset() {
    if !isOpen { return }
    isReset = true
    // Who was answered is told to send no more; who was not, that something broke.
    let code = answerIsWhole && outbox.isEmpty ? HTTP2Code.none : HTTP2Code.internalError
    session.engine.reset(self, code: code)
    session.flushesSoon()
  }
}
