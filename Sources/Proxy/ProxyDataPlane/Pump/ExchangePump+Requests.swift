// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions

/// Routing, finding an upstream, and what happens when that fails.
extension ExchangePump {
  /// Routes the head in the workspace, rewrites it and asks for a connection.
  func admitRequest() {
    record.begin(at: WorkerContext.clock())
    let length = workspace.requestLength
    if context.memory.isExhausted {
      consumeReceived(length)
      return refuse(.rejected(.memory))
    }
    if workspace.requestIsForProxy {
      consumeReceived(length)
      return answer(.options)
    }
    var offersUpgrade = false
    let problem = routeAndRewrite(&offersUpgrade)
    consumeReceived(length)
    if let problem { return refuse(problem) }
    if record.observed != nil { record.spanPlace = keptCount - TraceContext.spanFromEnd }
    // An assignment would cost every request what only those of a cutover need.
    if let watched = context.watch.begin(record.decision, at: record.startedAt) {
      record.watched = watched
    }
    exchange.admit(
      headLength: keptCount, hasFallback: record.decision.fallbackUpstream >= 0,
      offersUpgrade: offersUpgrade, workspace)
    context.withGate(currentUpstream) { $0.deposit() }
    askUpstream(fresh: false)
  }

  private func routeAndRewrite(_ offersUpgrade: inout Bool) -> Problem? {
    withReceived { bytes in
      withClientAddress { peer in
        let workspace = workspace
        let source = RequestSource(
          peer: peer, isTrusted: peerIsTrusted, isSecure: peerIsSecure)
        let client = context.trust.client(workspace, bytes, source)
        let view = workspace.requestView(bytes, clientAddress: client)
        record.decision =
          context.asksForOperations
          ? context.decide(view, operation: operation(view, bytes)) : context.decide(view)
        if let observer = context.observer { observe(with: observer, bytes, client) }
        if record.decision.routeIndex < 0 { return .noRoute }
        let shadow = record.decision.isShadowed ? chooseShadow(view) : nil
        if record.decision.retriesWrites {
          record.mayResendWrite =
            FieldLookup.value(of: "idempotency-key", in: view.fields, view.bytes) != nil
        }
        let upgrade = permittedUpgrade(bytes)
        offersUpgrade = upgrade.length > 0
        var refusal: Rejection?
        keepHead(capacity: workspace.requestCapacity(source)) { target in
          let outcome = workspace.writeRequest(bytes, source, upgrade: upgrade, into: target)
          switch outcome {
          case .success(let count):
            if let shadow { beginShadow(shadow, UnsafeRawBufferPointer(target), count) }
            return count
          case .failure(let rejection):
            refusal = rejection
            return 0
          }
        }
        return refusal.map { .rejected($0) }
      }
    }
  }

  @inline(never)
  private func observe(
    with observer: RequestObserver, _ bytes: UnsafeRawBufferPointer,
    _ address: UnsafeRawBufferPointer
  ) {
    record.observed = observer.begin(workspace, bytes, client: address, isSecure: peerIsSecure)
    workspace.addedFields = record.observed?.context?.fieldLine ?? []
  }

  @inline(__always)
  private func permittedUpgrade(_ bytes: UnsafeRawBufferPointer) -> ByteRange {
    if !workspace.requestOffersUpgrade { return ByteRange(start: 0, length: 0) }
    let route = record.decision.routeIndex
    return workspace.request.upgrade(bytes) { context.permitsUpgrade(to: $0, route: route) }
  }

  func sendTrailers(_ section: ByteRange) {
    let capacity = TrailerWriter.capacity(length: Int(section.length), workspace.storage)
    send(
      withReceived { bytes in
        // Some servers add trailers to the fields of the head.
        if !peerIsTrusted { context.trust.removeInternalFields(workspace, bytes) }
        return [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
          count = TrailerWriter.write(
            bytes, workspace.storage, into: UnsafeMutableRawBufferPointer(target))
        }
      })
  }

  /// Does what the exchange makes of a failed upstream.
  func upstreamFailed(_ failure: UpstreamFailure) {
    guard exchange.isActive else { return dropUpstream() }
    let upstream = currentUpstream
    let gate = context.gates[upstream]
    if failure == .circuitOpen { noteKeptAway() }
    // What met a connection that was closing never reached the upstream, and costs it nothing.
    let isFree = failure == .closedBeforeResponse && link?.wasUsed ?? false
    let recovery = exchange.upstreamFailed(
      failure, workspace, resends: resendRules, hasBudget: { isFree || gate.withdrawRetry() })
    let isOver = recovery == .completed || recovery == .none || recovery == .finishClient
    // What a client brings about by its request alone is no failure of anybody else.
    if !isOver, failure != .unfitRequest {
      noteFailure(failure, of: upstream, recovery, isFree: isFree)
    }
    switch recovery {
    case .none:
      dropUpstream()
    case .reconnect, .retry:
      dropUpstream()
      if recovery == .retry { noteRetry() }
      askAgain(isRetry: recovery == .retry)
      resumeClient()
    case .fallBack:
      dropUpstream()
      counters.fellBack(route: record.decision.routeIndex)
      askUpstream(fresh: false)
      resumeClient()
    case .answer(let problem):
      refuse(problem)
      resumeClient()
    case .finishClient: finishTunnel()
    case .abort:
      countCut(by: .upstream)
      close()
    case .completed:
      if let link { completeByClose(link) }
    }
  }

  /// The breaker refused the request. A side that never saw it has neither failed nor done well.
  private func noteKeptAway() {
    // Of legacy it is a failure like any other: its users are served by nobody.
    guard let watched = record.watched, record.decision.side == .extracted,
      record.avoided == nil, !exchange.marks.fellBack
    else { return }
    record.watched = nil
    context.watch.end(watched, .keptAway, at: WorkerContext.clock())
  }

  func noteRetry() {
    counters.retried(route: record.decision.routeIndex)
    record.observed?.retries += 1
  }

  private func noteFailure(
    _ failure: UpstreamFailure, of upstream: Int, _ recovery: Recovery, isFree: Bool
  ) {
    counters.upstreamFailed(upstream: upstream, reason: Int(failure.rawValue))
    record.observed?.attempt?.failure = failure.name
    record.avoided = recovery == .fallBack ? nil : record.place?.seat
    // The next try has a connection of its own, and tells what the endpoint is worth.
    let outcome: UpstreamGate.Outcome =
      isFree && recovery == .retry
      ? .none
      : UpstreamGate.Outcome(
        failure, isFinal: recovery != .retry && recovery != .reconnect,
        requestIsComplete: exchange.requestIsComplete)
    leavePlace(outcome, upstream: upstream, timedOut: failure == .queueTimeout)
  }
}
