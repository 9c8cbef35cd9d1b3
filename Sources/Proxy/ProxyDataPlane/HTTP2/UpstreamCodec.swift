// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import HTTPExchange

/// A connection to an upstream that speaks HTTP/2, behind the bytes of HTTP/1.1: the request that
/// an exchange writes goes in, the answer as an HTTP/1.1 server would have sent it comes out.
///
/// It carries one exchange at a time, like the connections of HTTP/1.1, and waits in the same pool.
/// The bytes cost a second parse and buy one path for everything: routing, framing rules, retries
/// and back-pressure know nothing of the upstream's protocol.
final class UpstreamCodec: HTTP2Engine.Owner {
  /// Body bytes that wait for the upstream's window; above it the client is held back.
  static let mostOutgoing = 128 * 1024
  /// Answer bytes not consumed yet above which the upstream gets no more room.
  private static let mostAnswered = 64 * 1024
  /// The wire's bytes are gathered up to here.
  private static let mostGathered = 64 * 1024

  private let engine: HTTP2Engine
  private let isSecure: Bool
  private let limits: MessageLimits
  private let parser: RequestHeadParser
  private let storage: HeadStorage
  @exclusivity(unchecked) private var stream: UpstreamStream?
  @exclusivity(unchecked) private var body = BodyReader(.none)
  /// Answer bytes not taken yet.
  @exclusivity(unchecked) var answer = ByteQueue()
  @exclusivity(unchecked) private var wire = ByteQueue()
  private var isGoingAway = false
  /// The connection is of no further use.
  @exclusivity(unchecked) private(set) var hasFailed = false
  /// What that means, when it is not what a close means.
  private(set) var failure: UpstreamFailure?

  /// nil when there is no memory.
  init?(_ workspace: ExchangeWorkspace, isSecure: Bool) {
    self.isSecure = isSecure
    guard let engine = HTTP2Engine(.client, HTTP2Limits(), now: workspace.now) else { return nil }
    self.engine = engine
    limits = workspace.limits.forOwnRequests
    parser = RequestHeadParser(limits: limits)
    storage = HeadStorage(capacity: limits.fieldCount)
    engine.owner = self
  }

  /// The next exchange may use the connection.
  var isReusable: Bool {
    !hasFailed && !isGoingAway && answer.isEmpty && stream?.isClosed ?? true
  }

  /// The upstream's window holds the request back.
  @exclusivity(unchecked) private(set) var isFull = false

  /// Whether the client may send on, when that changed.
  func roomChanged() -> Bool? {
    let nowFull = (stream?.outgoing.count ?? 0) >= (isFull ? 1 : Self.mostOutgoing)
    if nowFull == isFull { return nil }
    isFull = nowFull
    return !nowFull
  }

  /// The exchange is over.
  func finishExchange() {
    answerTaken(left: 0)
    stream = nil
    isFull = false
    answer.clear()
  }

  /// The connection is gone.
  func close() { engine.close() }

  func openStream() -> HTTP2Stream? { nil }

  func receivedGoAway(lastStream: Int32, code: UInt32) { isGoingAway = true }
}

// MARK: - Bytes of the exchange

extension UpstreamCodec {
  /// Takes bytes of the request; the first ones hold its whole head.
  func send(_ bytes: UnsafeRawBufferPointer) {
    if bytes.isEmpty || hasFailed { return }
    if stream != nil { return sendBody(bytes) }
    var progress = HeadProgress()
    var head = RequestHead()
    let outcome = parser.parse(bytes, &progress, into: storage, head: &head)
    guard case .complete(let length) = outcome, !isGoingAway else { return fail(.refusedStream) }
    let stream = UpstreamStream(self, answersHead: head.facts.method == .head)
    self.stream = stream
    body = BodyReader(head.facts.body)
    let hasBody = head.facts.body != .none
    if !engine.submitRequest(stream, fields(head, bytes), hasBody: hasBody) {
      return fail(.refusedStream)
    }
    if hasBody { sendBody(UnsafeRawBufferPointer(rebasing: bytes[length...])) }
  }

  private func fields(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer) -> HTTP2Fields {
    var fields = HTTP2Fields(capacity: storage.count + 5)
    fields.add(":method", bytes[head.method])
    fields.add(":scheme", isSecure ? "https" : "http")
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
    guard let stream else { return }
    var rest = bytes
    while !rest.isEmpty, !body.isFinished {
      let step = body.read(rest, keepFraming: false, limits: limits)
      if step.rejection != nil { return fail(.closedBeforeResponse) }
      stream.outgoing.append(rest[step.forward])
      // Trailers of requests end here; nobody is known to read them.
      if step.meetsTrailers, step.consumed == 0 { body.finishTrailers() }
      rest = UnsafeRawBufferPointer(rebasing: rest[step.consumed...])
    }
    stream.requestIsWhole = body.isFinished
    engine.bodyIsThere(stream)
  }

  /// Part of the answer was taken: there is room for more.
  func answerTaken(left: Int) {
    guard let stream, left < Self.mostAnswered else { return }
    engine.consumed(stream, stream.unconsumed)
    stream.unconsumed = 0
  }
}

// MARK: - Bytes of the wire

extension UpstreamCodec {
  func receive(_ bytes: UnsafeRawBufferPointer, now: UInt64) {
    engine.now = now
    engine.receive(bytes)
  }

  /// Lets `deliver` send what there is, in runs; it answers whether it takes more.
  func flush(_ deliver: (UnsafeRawBufferPointer) -> Bool) {
    var takesMore = true
    while takesMore {
      while wire.count < Self.mostGathered {
        let bytes = engine.nextOutput()
        if bytes.isEmpty { break }
        wire.append(bytes)
      }
      if wire.isEmpty { break }
      takesMore = deliver(wire.bytes)
      wire.clear()
    }
    // The farewell of a connection that broke the protocol is among what was sent.
    if engine.violation != nil || engine.isFinished { fail(nil) }
  }

  func fail(_ failure: UpstreamFailure?) {
    if hasFailed { return }
    hasFailed = true
    self.failure = failure
  }
}

/// The stream of one exchange with an upstream.
final class UpstreamStream: HTTP2Stream {
  @exclusivity(unchecked) var outgoing = ByteQueue()
  @exclusivity(unchecked) var requestIsWhole = false
  /// Body bytes for which the upstream was not given room again.
  @exclusivity(unchecked) var unconsumed = 0
  private unowned let codec: UpstreamCodec
  private let answersHead: Bool
  @exclusivity(unchecked) private var status: [UInt8] = []
  @exclusivity(unchecked) private var lines = ByteQueue()
  @exclusivity(unchecked) private var hasLength = false
  @exclusivity(unchecked) private var isChunked = false
  @exclusivity(unchecked) private var isWhole = false

  init(_ codec: UpstreamCodec, answersHead: Bool) {
    self.codec = codec
    self.answersHead = answersHead
  }

  override func received(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ section: HTTP2Section
  ) {
    if value.contains(where: { $0 == 13 || $0 == 10 }) { return codec.fail(.malformedResponse) }
    if name.first == 0x3a {
      status = Array(value)
      return
    }
    if name.equalsIgnoringCase("content-length") { hasLength = true }
    lines.append(name)
    lines.append(": ")
    lines.append(value)
    lines.append("\r\n")
  }

  override func received(_ section: HTTP2Section, isLast: Bool, isTooLarge: Bool) {
    if isTooLarge { return codec.fail(.malformedResponse) }
    if section == .trailers { return }
    codec.answer.append("HTTP/1.1 ")
    status.withUnsafeBytes { codec.answer.append($0) }
    codec.answer.append(" \r\n")
    codec.answer.append(lines.bytes)
    lines.clear()
    let isBodiless = answersHead || status == Array("204".utf8) || status == Array("304".utf8)
    if section == .head, !isBodiless, !hasLength {
      isChunked = !isLast
      codec.answer.append(isLast ? "content-length: 0\r\n" : "transfer-encoding: chunked\r\n")
    }
    codec.answer.append("\r\n")
    if section == .interim { hasLength = false }
  }

  override func receivedBody(_ bytes: UnsafeRawBufferPointer) {
    unconsumed &+= bytes.count
    if !isChunked { return codec.answer.append(bytes) }
    if bytes.isEmpty { return }
    codec.answer.write(capacity: ChunkLine.capacity) { ChunkLine.write(bytes.count, into: $0) }
    codec.answer.append(bytes)
    codec.answer.append(ChunkLine.end)
  }

  override func receivedEnd() {
    isWhole = true
    guard isChunked else { return }
    codec.answer.append("0\r\n")
    codec.answer.append(lines.bytes)
    codec.answer.append("\r\n")
  }

  override func fill(_ target: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
    let count = min(target.count, outgoing.count)
    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: outgoing.bytes[..<count]))
    outgoing.consume(count)
    return HTTP2BodyPart(count: count, isLast: requestIsWhole && outgoing.isEmpty)
  }

  override func closed(code: UInt32) {
    if isWhole { return }
    codec.fail(code == HTTP2Code.refusedStream ? .refusedStream : nil)
  }
}

extension MessageLimits {
  /// For requests that the proxy wrote: its own fields come on top of what the client was allowed.
  var forOwnRequests: MessageLimits {
    var limits = self
    limits.fieldCount += 16
    limits.head += 4096
    limits.requestLine += 16
    limits.body = 0
    return limits
  }
}
