// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions

/// One worker's end of the access log and of tracing; nil in a worker that has neither.
final class RequestObserver {
  private let log: AccessLog?
  private let tracing: Tracing?
  private let index: Int
  private let wallClock: @Sendable () -> UInt64
  private var logSampling: Sampling
  private var traceSampling: Sampling
  private var identifiers: IdentifierSource

  init?(_ observation: Observation, worker index: Int) {
    if observation.log == nil && observation.tracing == nil { return nil }
    log = observation.log
    tracing = observation.tracing
    self.index = observation.firstQueue + index
    wallClock = observation.wallClock
    logSampling = Sampling(observation.log?.sample ?? 0)
    traceSampling = Sampling(observation.tracing?.sample ?? 0)
    identifiers = IdentifierSource()
  }

  /// A head was read. With tracing on, its trace fields are taken out of what is passed on, since
  /// `ObservedRequest.context` takes their place.
  func begin(
    _ workspace: ExchangeWorkspace, _ bytes: UnsafeRawBufferPointer,
    client: UnsafeRawBufferPointer, isSecure: Bool
  ) -> ObservedRequest? {
    let isLogged = log != nil && logSampling.takes()
    guard isLogged || tracing != nil else { return nil }
    let (head, storage) = (workspace.request, workspace.storage)
    var parent: TraceContext?
    var context: TraceContext?
    if tracing != nil {
      parent = takeParent(bytes, storage)
      context = parent?.child(identifiers.next()) ?? newTrace()
    }
    let isRecorded = context?.isSampled ?? false
    return ObservedRequest(
      logged: isLogged
        ? LogLine.members(
          head, bytes, storage, client, context, isSecure: isSecure,
          includesQuery: log?.includesQuery ?? true) : nil,
      attributes: isRecorded
        ? SpanRecord.attributes(head, bytes, storage, client, isSecure: isSecure) : nil,
      context: context, parent: parent?.span,
      asked: isRecorded ? SpanRecord.asked(head, bytes) : nil)
  }

  /// A shadow's copy, whose head was read, goes out: its span is a child of that of the request
  /// that it is a copy of. nil when that one is not recorded.
  ///
  /// - Returns: also where in the head the parent's id has to make room for the copy's.
  func beginShadow(
    _ workspace: ExchangeWorkspace, _ bytes: UnsafeRawBufferPointer, purpose: String
  ) -> (request: ObservedRequest, place: Int)? {
    let head = workspace.request
    for field in workspace.storage.view
    where bytes[field.name].equalsIgnoringCase(TraceContext.fieldName) {
      guard let parent = TraceContext(bytes[field.value]), parent.isSampled else { return nil }
      let request = ObservedRequest(
        logged: nil, attributes: SpanRecord.asked(head, bytes),
        context: parent.child(identifiers.next()), parent: parent.span, shadow: purpose)
      return (request, Int(field.value.start) + TraceContext.spanOffset)
    }
    return nil
  }

  /// A try at an upstream begins; the id that the upstream is told, nil when it is not recorded.
  func beginAttempt(
    _ request: ObservedRequest, upstream: String?, peer: NetworkAddress
  ) -> UInt64? {
    if request.shadow != nil { request.peer = peer }
    guard request.asked != nil, request.context != nil else { return nil }
    let span = identifiers.next()
    let resend = request.sentAttempts
    request.sentAttempts += 1
    request.attempt = UpstreamAttempt(
      span: span, upstream: upstream, peer: peer, resend: resend,
      startedAt: WorkerContext.clock())
    return span
  }

  func endAttempt(_ request: ObservedRequest) {
    guard let attempt = request.attempt, let asked = request.asked, let context = request.context
    else { return }
    request.attempt = nil
    let now = WorkerContext.clock()
    let duration = now > attempt.startedAt ? now - attempt.startedAt : 0
    tracing?.offer(
      SpanRecord.json(
        attempt, asked: asked, of: context, at: wallClock() &- duration, lasting: duration),
      worker: index)
  }

  /// A request was refused before its head could be read.
  func beginUnread(client: UnsafeRawBufferPointer) -> ObservedRequest? {
    guard log != nil, logSampling.takes() else { return nil }
    return ObservedRequest(logged: LogLine.members(client))
  }

  func finish(_ request: ObservedRequest, _ summary: ExchangeSummary) {
    endAttempt(request)
    let startedAt = wallClock() &- summary.duration
    if let logged = request.logged {
      log?.offer(LogLine.line(request, logged, summary, at: startedAt), worker: index)
    }
    if let attributes = request.attributes, let context = request.context {
      tracing?.offer(
        SpanRecord.json(request, attributes, context, summary, at: startedAt), worker: index)
    }
  }

  /// nil when there is none or when it cannot be read; then its state means nothing either.
  private func takeParent(
    _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage
  ) -> TraceContext? {
    var parent: TraceContext?
    var count = 0
    storage.dropFields(named: TraceContext.fieldName, of: bytes) { value in
      count += 1
      parent = TraceContext(value)
    }
    if count == 1, parent != nil { return parent }
    storage.dropFields(named: TraceContext.stateFieldName, of: bytes) { _ in }
    return nil
  }

  private func newTrace() -> TraceContext {
    TraceContext(
      trace: (identifiers.next(), identifiers.next()), span: identifiers.next(),
      flags: traceSampling.takes() ? TraceContext.sampledFlag : 0)
  }
}

/// Takes a share of what comes, evenly spread.
struct Sampling {
  private let share: Double
  private var credit = 0.0

  init(_ share: Double) { self.share = share }

  mutating func takes() -> Bool {
    credit += share
    if credit < 1 { return false }
    credit -= 1
    return true
  }
}

/// Ids that nobody else draws, without a system call for each: two SplitMix64 sequences from
/// random starts.
private struct IdentifierSource {
  private var states = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

  /// Never 0.
  mutating func next() -> UInt64 {
    let id = Self.mix(&states.0) ^ Self.mix(&states.1).byteSwapped
    return id == 0 ? 1 : id
  }

  private static func mix(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
