// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions

/// A client without a socket: its request is there already, and its answer goes to who asked.
///
/// Everything between it and its upstream is what other clients have, with pools, breakers, places
/// and deadlines of the same loop. What a transport adds is in its own class.
class SubrequestClient: RegisteredClient {
  final let subrequest: Subrequest
  final let context: WorkerContext
  @exclusivity(unchecked) final var position = 0
  @exclusivity(unchecked) final var exchange: Exchange
  @exclusivity(unchecked) final var record = ExchangeRecord()
  @exclusivity(unchecked) final private(set) var isOpen = true
  private let asker: any SubrequestAsker
  private let list: Subrequests
  /// Bytes of the head and the body that were taken.
  @exclusivity(unchecked) private var taken = 0
  /// When the time that it may take is over.
  private var deadlineAt = UInt64.max
  private var problem: SubrequestEnd?
  private let startedAt = WorkerContext.clock()

  init(_ subrequest: Subrequest, for asker: any SubrequestAsker, _ list: Subrequests) {
    self.subrequest = subrequest
    self.asker = asker
    self.list = list
    context = list.context
    exchange = Exchange(list.context.workspace, isStream: true)
    record.isSubrequest = true
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
    list.remove(self)
    ended()
  }

  fileprivate final func finish(_ end: SubrequestEnd) {
    if !isOpen { return }
    isOpen = false
    let microseconds = Int((WorkerContext.clock() - startedAt) / 1_000)
    // Others are begun by it, which must not happen in the middle of a step.
    context.execute { [self] in
      list.remove(self)
      asker.answerEnded(problem ?? end, microseconds: microseconds)
    }
  }

  // MARK: What the exchange calls

  final var hasReceived: Bool { taken < subrequest.head.count + subrequest.body.count }

  /// The head, and once that was taken the body.
  final func withReceived<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    if taken < subrequest.head.count {
      return subrequest.head.withUnsafeBytes {
        body(UnsafeRawBufferPointer(rebasing: $0[taken...]))
      }
    }
    let start = taken - subrequest.head.count
    return subrequest.body.withUnsafeBytes {
      body(UnsafeRawBufferPointer(rebasing: $0[start...]))
    }
  }

  final func consumeReceived(_ count: Int) { taken += count }

  final func withClientAddress<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    body(UnsafeRawBufferPointer(start: nil, count: 0))
  }

  final var peerIsTrusted: Bool { true }
  final var peerIsSecure: Bool { false }

  fileprivate final func begin() {
    record.decision = RoutingDecision(
      routeIndex: -1, side: .extracted, upstream: subrequest.upstream)
    deadlineAt = context.workspace.now &+ subrequest.deadline
  }

  /// Admits the head with the time that it may take, in place of the time that clients have.
  fileprivate final func admit(_ length: Int) {
    let total = context.workspace.timeouts.total
    context.workspace.timeouts.total = subrequest.deadline
    exchange.admit(headLength: length, hasFallback: false, context.workspace)
    context.workspace.timeouts.total = total
  }

  fileprivate final func begin(
    _ head: ResponseHead, _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage
  ) {
    asker.answerBegan(head, bytes, storage)
  }

  fileprivate final func goOn(_ bytes: UnsafeRawBufferPointer) -> Bool {
    asker.answerGoesOn(bytes)
  }

  fileprivate final var isLate: Bool { context.workspace.now >= deadlineAt }

  fileprivate final func note(_ problem: Problem) {
    switch problem {
    // Whatever it waited for when its time was over.
    case .upstream(.stalled) where isLate: self.problem = .late
    case .upstream(let failure): self.problem = .failed(failure)
    default: self.problem = .refused(problem)
    }
  }
}

/// An exchange whose client is the proxy itself.
protocol SubrequestPump: SubrequestClient, ExchangePump {}

extension SubrequestPump {
  /// The head was routed and rewritten when it was made, and goes out as it is.
  func admitRequest() {
    record.begin(at: WorkerContext.clock())
    begin()
    let length = workspace.requestLength
    withReceived { bytes in
      keepHead(capacity: length) { target in
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<length]))
        return length
      }
      if let observer = context.observer { observe(with: observer, bytes) }
    }
    consumeReceived(length)
    admit(length)
    context.withGate(currentUpstream) { $0.deposit() }
    askUpstream(fresh: false)
  }

  /// The copy is told a span of its own, a child of that of the request.
  private func observe(with observer: RequestObserver, _ bytes: UnsafeRawBufferPointer) {
    guard let purpose = subrequest.shadow,
      let begun = observer.beginShadow(workspace, bytes, purpose: purpose),
      let context = begun.request.context
    else { return }
    record.observed = begun.request
    overwriteKept(at: begun.place, with: TraceContext.digits(ofSpan: context.span))
  }

  func writeResponseHead(_ link: Link) {
    let head = workspace.response
    // It may still think.
    if head.isInterim { return }
    link.withReceived { begin(head, $0, workspace.storage) }
  }

  func writeResponseBody(_ range: ByteRange, _ link: Link) {
    let isOfUse = link.withReceived { goOn($0[range]) }
    if !isOfUse { close() }
  }

  func writeResponseEnd() {}
  func writeTrailers(_ section: ByteRange, _ link: Link) {}

  func writeAnswer(_ problem: Problem, upstream: String?, _ plan: AnswerPlan) { note(problem) }

  func proceed(_ sequel: ClientSequel) {
    finish(.whole)
    ended()
  }

  func finishTunnel() { close() }
  func flush() {}

  func close() {
    if !isOpen { return }
    finish(isLate ? .late : .cut)
    clientIsGone()
    ended()
  }
}
