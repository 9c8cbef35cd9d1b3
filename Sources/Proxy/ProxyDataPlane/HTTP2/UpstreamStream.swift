// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import HTTPExchange

/// Who hears of a stream.
protocol UpstreamStreamListener: AnyObject {
  /// There are bytes of the answer, or the end, or room for more of the request.
  func changed(_ stream: UpstreamStream)
}

/// One exchange on a connection of HTTP/2, behind the bytes of HTTP/1.1: the request that an
/// exchange writes goes in, the answer as an HTTP/1.1 server would have sent it comes out.
///
/// The bytes cost a second parse and buy one path for everything: routing, framing rules, retries
/// and back-pressure know nothing of the upstream's protocol.
final class UpstreamStream: HTTP2Stream {
  /// Body bytes that wait for the upstream's window; above it the client is held back.
  static let mostOutgoing = 128 * 1024
  /// Answer bytes not consumed yet above which the upstream gets no more room.
  private static let mostAnswered = 64 * 1024

  private let session: UpstreamSession
  /// nil once the exchange is over.
  @exclusivity(unchecked) var listener: (any UpstreamStreamListener)?
  /// It stands in the session's list of streams with news.
  @exclusivity(unchecked) var isTouched = false
  /// Answer bytes not taken yet.
  @exclusivity(unchecked) var answer: ByteQueue
  /// No byte follows those of `answer`.
  @exclusivity(unchecked) private(set) var hasEnded = false
  /// The answer came whole.
  @exclusivity(unchecked) private(set) var isAnswered = false
  /// What that means; nil leaves it to the exchange.
  private(set) var failure: UpstreamFailure?

  // The request.
  @exclusivity(unchecked) private var body = BodyReader(.none)
  @exclusivity(unchecked) private var outgoing: ByteQueue
  @exclusivity(unchecked) private var isSent = false
  @exclusivity(unchecked) private var requestIsWhole = false
  @exclusivity(unchecked) private var answersHead = false
  /// The upstream's window holds the request back.
  @exclusivity(unchecked) private(set) var isFull = false
  @exclusivity(unchecked) private var isOver = false
  /// When the request was sent.
  @exclusivity(unchecked) private var sentAt: UInt64 = 0
  /// The exchange is over, and the upstream only has to end the stream.
  @exclusivity(unchecked) private var isEnding = false
  /// When that has to have happened.
  @exclusivity(unchecked) private(set) var endsBy = UInt64.max
  /// It was not the stream that ended but its connection.
  @exclusivity(unchecked) private(set) var endedWithConnection = false

  // The answer.
  /// Body bytes for which the upstream was not given room again.
  @exclusivity(unchecked) private var unconsumed = 0
  @exclusivity(unchecked) private var status = 0
  @exclusivity(unchecked) private var lines = ByteQueue()
  @exclusivity(unchecked) private var hasLength = false
  @exclusivity(unchecked) private var isChunked = false
  /// Body bytes in the chunk that `answer` ends with.
  @exclusivity(unchecked) private var lastChunk = 0

  init(_ session: UpstreamSession) {
    self.session = session
    answer = ByteQueue(session.memory)
    outgoing = ByteQueue(session.memory)
  }

  /// Whether the client may send on, when that changed.
  func fullnessChanged() -> Bool? {
    let nowFull = outgoing.count >= (isFull ? 1 : Self.mostOutgoing)
    if nowFull == isFull { return nil }
    isFull = nowFull
    return !nowFull
  }

  /// Part of the answer was taken, and `left` bytes of it were not: there is room for more.
  ///
  /// - Returns: whether the upstream has to be told.
  func answerTaken(left: Int) -> Bool {
    if left >= Self.mostAnswered || unconsumed == 0 { return false }
    session.engine.consumedOfStream(self, unconsumed)
    unconsumed = 0
    return true
  }

  /// The exchange is over. `isServed`: it has its whole answer, so that the upstream must not take
  /// what happens for a client that gave up; the end of the stream may come in a frame of its own.
  func leave(isServed: Bool) {
    if isOver { return }
    isOver = true
    listener = nil
    answer.clear()
    let isWritten = isSent && requestIsWhole && outgoing.isEmpty
    outgoing.clear()
    if isServed, isWritten, !isClosed {
      isEnding = true
      endsBy = session.workspace.deadline(session.workspace.timeouts.linger)
      return session.awaitEnd(of: self)
    }
    if isSent, !isServed, !isAnswered { session.gotNothing(since: sentAt) }
    session.engine.reset(self, code: HTTP2Code.cancel)
    session.left(self)
  }

  /// The upstream does not end the stream by itself.
  func breakOff() {
    if endsBy == .max { return }
    endsBy = .max
    session.engine.reset(self, code: HTTP2Code.cancel)
  }

  private func fail(_ failure: UpstreamFailure?, code: UInt32 = HTTP2Code.cancel) {
    if hasEnded { return }
    hasEnded = true
    self.failure = failure
    session.engine.reset(self, code: code)
    session.touch(self)
  }

  // MARK: What the engine calls

  override func fill(_ target: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
    let count = min(target.count, outgoing.count)
    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: outgoing.bytes[..<count]))
    outgoing.consume(count)
    if isFull, outgoing.isEmpty { session.touch(self) }
    return HTTP2BodyPart(count: count, isLast: requestIsWhole && outgoing.isEmpty)
  }

  override func received(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ section: HTTP2Section
  ) {
    if value.contains(where: { $0 == 13 || $0 == 10 }) { return failAnswer() }
    if name.first == 0x3a {
      // The library lets three digits pass only.
      status = value.reduce(0) { $0 &* 10 &+ Int($1 &- 0x30) }
      return
    }
    if name.equalsIgnoringCase("content-length") { hasLength = true }
    lines.append(name)
    lines.append(": ")
    lines.append(value)
    lines.append("\r\n")
  }

  private func failAnswer() { fail(.malformedResponse, code: HTTP2Code.protocolError) }

  override func received(_ section: HTTP2Section, isLast: Bool, isTooLarge: Bool) {
    if isTooLarge { return failAnswer() }
    if section == .trailers || isOver || hasEnded { return }
    answer.append("HTTP/1.1 ")
    appendStatus()
    answer.append(" \r\n")
    answer.append(lines.bytes)
    lines.clear()
    let isBodiless = answersHead || status == 204 || status == 304
    if section == .head, !isBodiless, !hasLength {
      isChunked = !isLast
      answer.append(isLast ? "content-length: 0\r\n" : "transfer-encoding: chunked\r\n")
    }
    answer.append("\r\n")
    if section == .interim { hasLength = false }
    session.touch(self)
  }

  override func receivedBody(_ bytes: UnsafeRawBufferPointer) {
    // The room of the connection is everybody's: a stream whose client is slow keeps its own only.
    session.engine.consumedOfConnection(bytes.count)
    if isEnding, !bytes.isEmpty { breakOff() }
    if isOver || hasEnded || bytes.isEmpty { return }
    unconsumed &+= bytes.count
    if isChunked { appendChunk(bytes) } else { answer.append(bytes) }
    session.touch(self)
  }

  private func appendStatus() {
    let status = status
    answer.write(capacity: 3) { target in
      target[0] = UInt8(truncatingIfNeeded: 0x30 &+ status / 100)
      target[1] = UInt8(truncatingIfNeeded: 0x30 &+ status / 10 % 10)
      target[2] = UInt8(truncatingIfNeeded: 0x30 &+ status % 10)
      return 3
    }
  }

  /// Adds a chunk, or makes the last one larger while it is there whole and its line has room:
  /// frames of a byte each would otherwise take several times the window that bounds them.
  private func appendChunk(_ bytes: UnsafeRawBufferPointer) {
    let size = lastChunk &+ bytes.count
    let former = ChunkLine.count(size) &+ lastChunk &+ ChunkLine.end.utf8CodeUnitCount
    if lastChunk > 0, answer.count >= former, ChunkLine.count(lastChunk) == ChunkLine.count(size) {
      answer.amend(last: former, dropping: ChunkLine.end.utf8CodeUnitCount) {
        _ = ChunkLine.write(size, into: $0)
      }
      lastChunk = size
    } else {
      answer.write(capacity: ChunkLine.capacity) { ChunkLine.write(bytes.count, into: $0) }
      lastChunk = bytes.count
    }
    answer.append(bytes)
    answer.append(ChunkLine.end)
  }

  override func receivedEnd() {
    isAnswered = true
    if isOver || hasEnded { return }
    if isChunked {
      answer.append("0\r\n")
      answer.append(lines.bytes)
      answer.append("\r\n")
    }
    session.touch(self)
  }

  override func closed(code: UInt32) {
    if isEnding {
      isEnding = false
      return session.ended(self)
    }
    endedWithConnection = session.hasEnded
    // What the upstream did not take it will not take any more.
    outgoing.clear()
    session.touch(self)
    // What never left cannot have been looked at, whatever the request does.
    let isUnseen = code == HTTP2Code.refusedStream || !isOffered
    if !isAnswered { fail(isUnseen ? .refusedStream : session.failure) }
  }
}

// MARK: - The request

extension UpstreamStream {
  /// Takes bytes of the request; the first ones hold its whole head.
  func send(_ bytes: UnsafeRawBufferPointer) {
    if bytes.isEmpty || hasEnded || isOver { return }
    if isSent { return sendBody(bytes) }
    isSent = true
    sentAt = session.workspace.now
    var progress = HeadProgress()
    var head = RequestHead()
    let outcome = session.parser.parse(bytes, &progress, into: session.storage, head: &head)
    guard case .complete(let length) = outcome, fits(head) else { return fail(.unfitRequest) }
    if session.isGoingAway || session.hasFailed { return fail(.refusedStream) }
    answersHead = head.facts.method == .head
    body = BodyReader(head.facts.body)
    let hasBody = head.facts.body != .none
    requestIsWhole = !hasBody
    if !session.engine.submitRequest(self, fields(head, bytes), hasBody: hasBody) {
      // The numbers of streams are used up.
      session.takeNoMore()
      return fail(.refusedStream)
    }
    if hasBody { sendBody(UnsafeRawBufferPointer(rebasing: bytes[length...])) }
  }

  /// Whether the upstream takes a head of that size. One that said what it takes resets the stream
  /// of a larger one, or ends its connection, which would look like its failure.
  private func fits(_ head: RequestHead) -> Bool {
    let most = session.engine.largestSection
    // No field is counted with fewer bytes than in HTTP/1.1: most heads are far from the limit.
    if head.length &+ 28 &* (session.storage.count &+ 5) <= most { return true }
    var size = 5 &* 42 + Int(head.authority.length) + Int(head.target.length)
    for (index, field) in session.storage.view.enumerated()
    where session.storage.role(index) != .host {
      size += Int(field.name.length) + Int(field.value.length) + 32
    }
    return size <= most
  }

  private func fields(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer) -> HTTP2Fields {
    let storage = session.storage
    var fields = HTTP2Fields(capacity: storage.count + 5)
    fields.add(":method", bytes[head.method])
    fields.add(":scheme", session.isSecure ? "https" : "http")
    fields.add(":authority", bytes[head.authority])
    fields.add(":path", bytes[head.target])
    for (index, field) in storage.view.enumerated() {
      switch storage.role(index) {
      case .host, .connection, .transferEncoding, .hopByHop, .upgrade, .te: continue
      default: fields.add(bytes[field.name], bytes[field.value])
      }
    }
    // What passes trailers on may say so, and gRPC servers want to hear it.
    fields.add("te", "trailers")
    return fields
  }

  private func sendBody(_ bytes: UnsafeRawBufferPointer) {
    // The upstream answered and wants no more of it.
    if isClosed { return }
    var rest = bytes
    while !rest.isEmpty, !body.isFinished {
      let step = body.read(rest, keepFraming: false, limits: session.limits)
      if step.rejection != nil { return fail(.unfitRequest) }
      outgoing.append(rest[step.forward])
      rest = UnsafeRawBufferPointer(rebasing: rest[step.consumed...])
      if step.meetsTrailers, step.consumed == 0 { return sendTrailers(rest) }
    }
    requestIsWhole = body.isFinished
    session.engine.bodyIsThere(self)
  }

  /// Ends the request with the fields behind its body, which come in one piece: the exchange read
  /// them whole, and let those pass that may.
  private func sendTrailers(_ bytes: UnsafeRawBufferPointer) {
    let storage = session.storage
    var progress = HeadProgress()
    guard case .complete = session.trailerReader.parse(bytes, &progress, into: storage) else {
      return fail(.unfitRequest)
    }
    var fields = HTTP2Fields(capacity: storage.count)
    for (index, field) in storage.view.enumerated() where !storage.role(index).isDropped {
      fields.add(bytes[field.name], bytes[field.value])
    }
    session.engine.submitTrailers(self, fields)
    body.finishTrailers()
    requestIsWhole = true
    session.engine.bodyIsThere(self)
  }
}
