// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions
import ShadowComparison

/// What one shadow asks, and of whom.
struct ShadowQuestion {
  /// The head as HTTP/1.1, with the fields that mark it.
  let head: [UInt8]
  let purpose: ShadowRequest.Purpose
  /// The request that it is a copy of, with the body.
  let original: ShadowRequest
  /// The lane's number of the upstream.
  let upstream: Int
  let route: ShadowRoute
  let hold: ShadowHold
  /// Milliseconds that it may take.
  let deadline: UInt64
  /// Whether the answer is kept, or only read.
  let keepsAnswer: Bool
}

/// What came of asking.
enum ShadowReply {
  case answer(SideAnswer)
  /// It says nothing about the side.
  case dropped(DropReason)
}

/// A client without a socket: its request is there already, and its answer is kept or thrown away.
///
/// Everything between it and its upstream is what other clients have, with pools, breakers and
/// deadlines of the lane. What a transport adds is in its own class.
class ShadowClient: RegisteredClient {
  /// Most bytes of an answer that are read; who sends more is cut off.
  private static let mostRead = 256 << 20

  final let question: ShadowQuestion
  final let context: WorkerContext
  @exclusivity(unchecked) final var position = 0
  @exclusivity(unchecked) final var exchange: Exchange
  @exclusivity(unchecked) final var record = ExchangeRecord()
  @exclusivity(unchecked) final private(set) var isOpen = true
  /// Bytes of the head and the body that were taken.
  @exclusivity(unchecked) private var taken = 0
  /// When the time that it may take is over.
  private var deadlineAt = UInt64.max
  private var status = 0
  /// Bytes of an answer that is not kept.
  private var read = 0
  private var fields: [ComparedResponse.Header] = []
  private var body: ShadowBody
  private var problem: ShadowReply?
  private let startedAt = WorkerContext.clock()
  /// Called once, on the loop, after the work at hand.
  private let report: (ShadowClient, ShadowReply, _ microseconds: Int) -> Void

  init(
    _ question: ShadowQuestion, _ context: WorkerContext,
    report: @escaping (ShadowClient, ShadowReply, _ microseconds: Int) -> Void
  ) {
    self.question = question
    self.context = context
    self.report = report
    body = ShadowBody(limit: question.route.mostKept)
    exchange = Exchange(context.workspace, isStream: true)
  }

  final var nextDeadline: UInt64 { exchange.nextDeadline }

  /// Looks at both sides until neither has anything that can be done now.
  func run() {}
  func deadlinePassed() {}
  /// Lets go of what the transport holds.
  func ended() {}

  /// Gives up; nobody is told.
  final func abandon() {
    if !isOpen { return }
    isOpen = false
    ended()
  }

  fileprivate final func finish(_ reply: ShadowReply) {
    if !isOpen { return }
    isOpen = false
    let microseconds = Int((WorkerContext.clock() - startedAt) / 1_000)
    // Others are begun by it, which must not happen in the middle of a step.
    context.execute { [self] in report(self, problem ?? reply, microseconds) }
  }

  // MARK: What the exchange calls

  final var hasReceived: Bool { taken < question.head.count + question.original.bodyCount }

  /// The head, and once that was taken the body, which nobody copied.
  final func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    if taken < question.head.count {
      return question.head.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[taken...])) }
    }
    let start = taken - question.head.count + question.original.headLength
    return question.original.bytes.withUnsafeBytes {
      body(UnsafeRawBufferPointer(rebasing: $0[start...]))
    }
  }

  final func consumeReceived(_ count: Int) { taken += count }

  final func withClientAddress<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    body(UnsafeRawBufferPointer(start: nil, count: 0))
  }

  final var peerIsTrusted: Bool { true }
  final var peerIsSecure: Bool { false }

  fileprivate final func keep(
    _ head: ResponseHead, _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage
  ) {
    status = head.status
    guard question.keepsAnswer else { return }
    fields = ShadowFields.kept(question.route.keptFields, storage, bytes)
    if case .length(let length) = head.body { body.expect(length) }
  }

  /// False when the rest is of no use.
  fileprivate final func keep(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard question.keepsAnswer else {
      read += bytes.count
      return read <= Self.mostRead
    }
    if !body.append(bytes, question.hold) { problem = .dropped(.byteBudget) }
    if body.count > Self.mostRead { problem = .dropped(.bodyTooLarge) }
    return problem == nil
  }

  /// The time that it may take begins.
  fileprivate final func begin() {
    context.workspace.timeouts.total = question.deadline
    deadlineAt = context.workspace.now &+ question.deadline
  }

  fileprivate final var failure: AnswerFailure {
    context.workspace.now >= deadlineAt ? .deadline : .cutOff
  }

  fileprivate final func note(_ failure: UpstreamFailure) { problem = ShadowReply(failure) }

  /// It is no use, through no fault of the upstream.
  fileprivate final func drop(_ reason: DropReason) { problem = .dropped(reason) }

  fileprivate final var wholeReply: ShadowReply {
    if ShadowFields.cannotBeCompared(fields) { return .dropped(.encoded) }
    return .answer(
      .response(ComparedResponse(status: status, headers: fields, body: body.compared)))
  }
}

extension ShadowReply {
  init(_ failure: UpstreamFailure) {
    switch failure {
    case .circuitOpen: self = .dropped(.breakerOpen)
    case .unfitRequest: self = .dropped(.bodyTooLarge)
    case .connectionLimit, .overloaded, .queueTimeout, .outOfResources: self = .dropped(.noSlot)
    case .noEndpoint, .connectFailed, .connectTimeout, .tlsFailed, .certificateRefused:
      self = .answer(.failure(.unreachable))
    case .responseTimeout, .stalled, .tryTimeout: self = .answer(.failure(.deadline))
    case .closedBeforeResponse, .closedMidResponse, .truncated, .malformedResponse, .moduleFailed,
      .refusedStream:
      self = .answer(.failure(.cutOff))
    }
  }
}

/// An exchange whose client is a shadow.
protocol ShadowPump: ShadowClient, ExchangePump {}

extension ShadowPump {
  /// The head was routed and rewritten when legacy got it, and goes out as it is.
  func admitRequest() {
    record.begin(at: WorkerContext.clock())
    record.decision = RoutingDecision(
      routeIndex: -1, side: .extracted, upstream: question.upstream)
    let length = workspace.requestLength
    withReceived { bytes in
      keepHead(capacity: length) { target in
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<length]))
        return length
      }
      if let observer = context.observer { observe(with: observer, bytes) }
    }
    consumeReceived(length)
    begin()
    exchange.admit(headLength: length, hasFallback: false, workspace)
    context.withGate(currentUpstream) { $0.deposit() }
    askUpstream(fresh: false)
  }

  /// The copy is told a span of its own, a child of that of the request.
  private func observe(with observer: RequestObserver, _ bytes: UnsafeRawBufferPointer) {
    let purpose = question.purpose.rawValue
    guard let begun = observer.beginShadow(workspace, bytes, purpose: purpose),
      let context = begun.request.context
    else { return }
    record.observed = begun.request
    overwriteKept(at: begun.place, with: TraceContext.digits(ofSpan: context.span))
  }

  func writeResponseHead(_ link: Link) {
    let head = workspace.response
    // It may still think.
    if head.isInterim { return }
    link.withReceived { keep(head, $0, workspace.storage) }
  }

  func writeResponseBody(_ range: ByteRange, _ link: Link) {
    let isOfUse = link.withReceived { keep($0[range]) }
    if !isOfUse { close() }
  }

  func writeResponseEnd() {}
  func writeTrailers(_ section: ByteRange, _ link: Link) {}

  func writeAnswer(_ problem: Problem, upstream: String?, _ plan: AnswerPlan) {
    switch problem {
    case .upstream(let failure): note(failure)
    // None of these is the upstream's doing.
    case .rejected, .noRoute, .options: drop(.bodyTooLarge)
    case .requestTimeout: drop(.deadline)
    case .draining: drop(.noSlot)
    }
  }

  func proceed(_ sequel: ClientSequel) {
    finish(wholeReply)
    ended()
  }

  func finishTunnel() { close() }
  func flush() {}

  func close() {
    if !isOpen { return }
    finish(.answer(.failure(failure)))
    clientIsGone()
    ended()
  }
}
