// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions

/// How far a step got.
enum PumpStep {
  /// Something was done; look again.
  case advanced
  /// More bytes are needed.
  case starved
  /// The bytes that are there have to wait for the other side.
  case blocked
}

/// One client's connection, or one stream of it, as every transport sees it.
///
/// The steps of an exchange are carried out here, once for all transports. What a transport adds is
/// how bytes are held and moved; it decides nothing about HTTP.
protocol ExchangePump: AnyObject {
  associatedtype Link: UpstreamLink
  /// A class with many exchanges keeps it: behind another object it would be counted each time.
  var context: WorkerContext { get }
  /// The context's, at hand without a detour.
  var workspace: ExchangeWorkspace { get }
  var exchange: Exchange { get set }
  var record: ExchangeRecord { get set }
  /// Neither side closed the client's connection or stream.
  var isOpen: Bool { get }

  /// Routes the head in the workspace, rewrites it and asks for a connection.
  func admitRequest()

  // From the client.

  /// Bytes received from the client and not consumed yet.
  var hasReceived: Bool { get }
  func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value
  func consumeReceived(_ count: Int)
  /// Textual address of the peer.
  func withClientAddress<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value
  /// What the peer says about those behind it is believed.
  var peerIsTrusted: Bool { get }
  /// The client's connection is encrypted.
  var peerIsSecure: Bool { get }

  // To the upstream.

  /// Asks for a connection to an upstream; `attach`, or `upstreamFailed`, follows now or later.
  func requestLink(upstream: Int, seat: EndpointSeat, fresh: Bool)
  /// It waits for a connection that the limit forbids to make.
  var isHeldByConnectionLimit: Bool { get }
  /// Keeps the rewritten head in place of the request kept before.
  func keepHead(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int)
  var keptCount: Int { get }
  /// Puts bytes in place of as many of the head that is kept.
  func overwriteKept(at offset: Int, with bytes: [UInt8])
  /// Passes on a range of the received bytes, and keeps it while the exchange may be sent again.
  func send(_ range: ByteRange)
  /// Passes on bytes made here in the same way.
  func send(_ bytes: [UInt8])
  /// Passes on the trailers in the workspace, which were read from that part of what was received.
  func sendTrailers(_ section: ByteRange)
  /// Nothing more is passed on; the upstream sees that once everything before has left, and may
  /// still send.
  func finishUpstream()
  /// Lets go of the upstream or of the wait for one; bytes not passed on are lost.
  func dropUpstream()
  /// The exchange is over for the upstream.
  func leaveUpstream(isReusable: Bool)

  /// The upstream that was found; nil before that and once it was let go.
  var link: Link? { get }

  // To the client; what is written goes out at `flush` at the latest.

  /// Writes the head in the workspace, which was read from what the link received.
  func writeResponseHead(_ link: Link)
  /// Writes a range of what the link received, as the marks of the exchange say.
  func writeResponseBody(_ range: ByteRange, _ link: Link)
  /// The upstream's close ended the body.
  func writeResponseEnd()
  /// Writes the trailers in the workspace, which were read from that part of the answer.
  func writeTrailers(_ section: ByteRange, _ link: Link)
  func writeAnswer(_ problem: Problem, upstream: String?, _ plan: AnswerPlan)
  /// The answer is written whole.
  func proceed(_ sequel: ClientSequel)
  /// The upstream ended its side of a tunnel.
  func finishTunnel()
  func flush()
  /// Bytes written that the client's connection has not taken yet.
  var unsentCount: Int { get }
  func close()
  /// The client's bytes have to be looked at again.
  func resumeClient()
}

/// What is remembered of the request at hand, for counters and retries.
struct ExchangeRecord {
  var decision = RoutingDecision.noRoute
  /// Nanoseconds on the clock of `WorkerContext.clock`.
  var startedAt: UInt64 = 0
  /// Status passed on to the client; 0 before one was.
  var status = 0
  /// What the client had not taken when it was looked at last.
  var unsent = Int.max
  /// The answer was cut, and that was counted.
  var isCut = false
  /// It was the upstream that cut it.
  var isCutByUpstream = false
  /// nil when the request is neither logged nor traced.
  var observed: ObservedRequest?
  /// Where in the head that is kept the id of a recorded span stands.
  var spanPlace = 0
  /// nil unless its route is under a cutover.
  var watched: WatchedRequest?
  /// The copy that is made of the exchange; nil when nobody wants one.
  var shadow: ShadowCapture?
  /// The request is under way at an endpoint.
  var place: UpstreamGate.Place?
  /// The request waits for a place.
  var ticket: QueueTicket?
  /// The endpoint that failed the request last.
  var avoided: EndpointSeat?
  /// The route allows it, and the request carries the key that it takes.
  var mayResendWrite = false
  /// The proxy asks for itself: it is counted as no client's request, and was routed already.
  var isSubrequest = false
  /// What of the request has come as the head was looked at for its operation last, and how often
  /// that was.
  var awaited = AwaitedBody()

  /// Another request begins. What may be counted is rarely there, and left alone then.
  mutating func begin(at nanoseconds: UInt64) {
    decision = .noRoute
    startedAt = nanoseconds
    status = 0
    unsent = .max
    isCut = false
    isCutByUpstream = false
    mayResendWrite = false
    place = nil
    if observed != nil { observed = nil }
    if watched != nil { watched = nil }
    if shadow != nil { shadow = nil }
    if ticket != nil { ticket = nil }
    if avoided != nil { avoided = nil }
    if awaited.looks > 0 { awaited = AwaitedBody() }
  }
}

extension ExchangePump {
  var workspace: ExchangeWorkspace { context.workspace }
  var counters: WorkerCounters { context.counters }
  var unsentCount: Int { 0 }

  // A transport that does not know at once has the exchange look.
  var hasReceived: Bool { true }

  /// The upstream that is asked now, or was asked last.
  var currentUpstream: Int {
    exchange.marks.fellBack ? record.decision.fallbackUpstream : record.decision.upstream
  }

  /// Looks at the client's bytes once.
  func clientStep() -> PumpStep {
    // Without bytes there is nothing to decide, save what the client's end means.
    if !hasReceived, !exchange.hasInputEnded { return .starved }
    if exchange.awaitsBody, !awaitedBodyIsThere { return .starved }
    let step = withReceived { exchange.nextFromClient($0, workspace) }
    switch step {
    case .needBytes: return .starved
    case .blocked: return .blocked
    case .head:
      if context.asksForOperations, !record.isSubrequest, waitsForBody() { return .starved }
      admitRequest()
    case .body(let body):
      if record.shadow != nil { shadowRequest(body) }
      if body.forward.length > 0 {
        record.observed?.received += Int(body.forward.length)
        send(body.forward)
      }
      if body.trailers.length > 0 { sendTrailers(body.trailers) }
      consumeReceived(body.consumed)
    case .finishUpstream: finishUpstream()
    case .discard: consumeReceived(withReceived(\.count))
    case .reject(let problem): refuse(problem)
    case .close:
      close()
      return .blocked
    }
    return .advanced
  }

  /// Looks at the upstream's bytes once; `link` is the one at hand.
  func upstreamStep(_ link: Link) -> PumpStep {
    if !exchange.hasResponded, !link.hasReceived, !link.hasEnded { return .starved }
    if exchange.hasInputEnded { exchange.holdsInput = hasReceived }
    let step = link.withReceived { exchange.nextFromUpstream($0, workspace) }
    switch step {
    case .needBytes:
      guard link.hasEnded else { return .starved }
      upstreamFailed(link.failure ?? exchange.meaningOfUpstreamClose)
    case .blocked: return .blocked
    case .interim(let forward):
      if forward { writeResponseHead(link) }
      link.consume(workspace.responseLength)
    case .tunnel: beginTunnel(link)
    case .head:
      if workspace.responseStatus >= 500, sendsAgainInsteadOfAnswer(link) { return .advanced }
      record.status = workspace.responseStatus
      record.observed?.respondedAt = WorkerContext.clock()
      noteAnswer(status: record.status)
      if record.shadow != nil { shadowAnswer(link) }
      writeResponseHead(link)
      link.consume(workspace.responseLength)
    case .body(let body):
      if body.forward.length > 0 {
        record.observed?.sent += Int(body.forward.length)
        if record.shadow != nil { shadowAnswer(body.forward, link) }
        writeResponseBody(body.forward, link)
      }
      if body.trailers.length > 0 { writeTrailers(body.trailers, link) }
      // A write that found the client gone has ended the exchange.
      if !exchange.isActive { break }
      link.consume(body.consumed)
      if body.isFinished { completeResponse(link) }
    case .finished: completeResponse(link)
    case .failed(let failure): upstreamFailed(failure)
    }
    return .advanced
  }

  /// Does what has become due.
  func checkDeadline() {
    if clientReadsOn() { return exchange.clientTookBytes(workspace) }
    switch exchange.expire(workspace) {
    case .none: break
    case .close: close()
    case .abort:
      countCut(by: unsentCount > 0 ? .client : .upstream)
      close()
    case .answer(let problem): answer(problem)
    case .upstream(let failure):
      // Whatever time it was: no connection was being made, and the upstream was asked nothing.
      upstreamFailed(isHeldByConnectionLimit ? .connectionLimit : failure)
    case .resume:
      askUpstream(fresh: true)
      resumeClient()
    }
  }

  /// Whether a client whose time is over took some of what waits for it since the last look.
  private func clientReadsOn() -> Bool {
    guard exchange.waitsForClient, workspace.now >= exchange.nextDeadline else { return false }
    let unsent = unsentCount
    defer { record.unsent = unsent }
    return unsent > 0 && unsent < record.unsent && !exchange.isOverTotal(workspace)
  }

  /// The answer that is under way will not be whole.
  func countCut(by side: CutSide) {
    if record.isCut || !exchange.hasResponded || exchange.isTunnel || record.isSubrequest {
      return
    }
    record.isCut = true
    record.isCutByUpstream = side == .upstream
    record.observed?.reason = side.reason
    counters.answerCut(by: side)
  }

  /// The client's connection is closed: an exchange that was under way ends here.
  func clientIsGone() {
    countCut(by: .client)
    if exchange.isActive, !exchange.isTunnel {
      account(status: exchange.hasResponded ? record.status : 0)
      if record.shadow != nil { submitShadow() }
    }
    leavePlace(.none)
    exchange.clientIsGone()
    dropUpstream()
  }
}
