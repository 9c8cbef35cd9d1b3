// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import HTTPExchange
import RoutingDecisions

/// A connection to an upstream that speaks HTTP/2: many exchanges at a time, a stream for each.
///
/// Bytes of the wire go in and out; who carries them calls `tellStreams` once it is done with them,
/// so that nobody is told anything in the middle of a call of the engine.
final class UpstreamSession: HTTP2Engine.Owner {
  /// The wire's bytes are gathered up to here.
  private static let mostGathered = 64 * 1024

  let engine: HTTP2Engine
  let isSecure: Bool
  let limits: MessageLimits
  let parser: RequestHeadParser
  let trailerReader: TrailerReader
  /// For the head or the trailers at hand; empty between two calls.
  let storage: HeadStorage
  let memory: MemoryBudget
  let workspace: ExchangeWorkspace
  private let mostStreams: Int
  @exclusivity(unchecked) private var wire = ByteQueue()
  @exclusivity(unchecked) private var touched: [UpstreamStream] = []
  /// Exchanges under way.
  @exclusivity(unchecked) private(set) var load = 0
  /// The upstream said how many streams it takes.
  @exclusivity(unchecked) private(set) var knowsUpstream = false
  /// It takes no further exchange; those under way go on.
  @exclusivity(unchecked) private(set) var isGoingAway = false
  /// It is of no further use.
  @exclusivity(unchecked) private(set) var hasFailed = false
  /// The connection is gone, and with it every stream that was left.
  private(set) var hasEnded = false
  /// When the upstream said something last.
  @exclusivity(unchecked) private var heardAt: UInt64
  /// When it has to have said how many streams it takes.
  private let greetingDeadline: UInt64
  /// Streams of exchanges that have their whole answer, and whose end is still on its way.
  private var ending: [UpstreamStream] = []
  @exclusivity(unchecked) private var isTelling = false
  /// There may be room for other exchanges than before; taken off by who looks.
  @exclusivity(unchecked) var roomChanged = false
  /// What the end of the connection means for exchanges; nil leaves that to them.
  private(set) var failure: UpstreamFailure?

  /// nil when there is no memory.
  init?(_ context: WorkerContext, isSecure: Bool) {
    let workspace = context.workspace
    var http2 = HTTP2Limits()
    // A burst of requests may wait for a socket that takes nothing.
    http2.waitingFrames = max(http2.waitingFrames, 4 * context.limits.upstreamStreams)
    guard let engine = HTTP2Engine(.client, http2, now: workspace.now) else { return nil }
    self.engine = engine
    self.workspace = workspace
    heardAt = workspace.now
    greetingDeadline = workspace.deadline(workspace.timeouts.connect)
    self.isSecure = isSecure
    memory = context.memory
    mostStreams = context.limits.upstreamStreams
    limits = workspace.limits.forOwnRequests
    parser = RequestHeadParser(limits: limits)
    trailerReader = TrailerReader(limits: limits)
    storage = HeadStorage(capacity: limits.fieldCount)
    engine.owner = self
  }

  /// Exchanges that it takes now. Before the upstream said how many streams it allows, one is sure
  /// not to be too many.
  var room: Int {
    if isGoingAway || hasFailed { return 0 }
    let most = knowsUpstream ? min(mostStreams, engine.mostStreams) : 1
    return max(0, most &- load)
  }

  /// A stream for one exchange.
  func makeStream() -> UpstreamStream {
    load &+= 1
    return UpstreamStream(self)
  }

  func left(_ stream: UpstreamStream) {
    load &-= 1
    roomChanged = true
  }

  /// The upstream was given the time of a connection, and has not said how many streams it takes.
  var isMute: Bool { !knowsUpstream && workspace.now >= greetingDeadline }

  /// An exchange got no answer on a stream whose request was sent at that time. Where nothing else
  /// came for as long as a connection may take, this one may lead nowhere: no further exchange goes
  /// there.
  func gotNothing(since sentAt: UInt64) {
    let silence = workspace.now &- max(sentAt, heardAt)
    if silence >= max(workspace.timeouts.connect, 1) { takeNoMore() }
  }

  // MARK: Streams that only have to end

  func awaitEnd(of stream: UpstreamStream) { ending.append(stream) }

  func ended(_ stream: UpstreamStream) {
    ending.removeAll { $0 === stream }
    left(stream)
  }

  /// Breaks off what has not ended in time; whether there was anything.
  func breakOffOverdue() -> Bool {
    let overdue = ending.filter { workspace.now >= $0.endsBy }
    for stream in overdue { stream.breakOff() }
    return !overdue.isEmpty
  }

  // MARK: What the engine calls

  func openStream() -> HTTP2Stream? { nil }

  func receivedGoAway(lastStream: Int32, code: UInt32) { takeNoMore() }

  func receivedSettings() {
    knowsUpstream = true
    roomChanged = true
  }

  // MARK: Bytes of the wire

  func receive(_ bytes: UnsafeRawBufferPointer, now: UInt64) {
    heardAt = now
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
    if engine.violation != nil || engine.isFinished { hasFailed = true }
  }

  /// The connection is gone.
  func end(_ failure: UpstreamFailure?) {
    if hasEnded { return }
    hasEnded = true
    hasFailed = true
    self.failure = failure
    engine.close()
  }

  // MARK: Streams

  /// Something is new for the exchange of a stream.
  func touch(_ stream: UpstreamStream) {
    if stream.isTouched { return }
    stream.isTouched = true
    touched.append(stream)
  }

  func tellStreams() {
    // Who is told may let go of its stream, which comes here again.
    if isTelling { return }
    isTelling = true
    defer { isTelling = false }
    while let stream = touched.popLast() {
      stream.isTouched = false
      stream.listener?.changed(stream)
    }
  }

  /// No further stream can be opened.
  func takeNoMore() {
    isGoingAway = true
    roomChanged = true
  }
}

extension MessageLimits {
  /// For requests that the proxy wrote. What the client sent was measured when it came; the proxy
  /// made it longer, in places that the client chose, and a second limit would be met by some of
  /// what the first let pass. Fields alone are counted, for which there has to be room.
  var forOwnRequests: MessageLimits {
    var limits = self
    limits.fieldCount += Self.ownFields
    limits.head = Self.anyLength
    limits.field = Self.anyLength
    limits.requestLine = Self.anyLength
    limits.chunkOverhead = Self.anyLength
    limits.body = 0
    return limits
  }

  /// Fields that the proxy adds, at most.
  private static let ownFields = 16
  /// More than the ranges of a head can say.
  private static let anyLength = Int(Int32.max)
}
