// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import ResiliencePolicies
import RoutingDecisions

/// Getting a place at an upstream and giving it back.
extension ExchangePump {
  private var gate: UpstreamGate { context.gates[currentUpstream] }

  private var placeRequest: UpstreamGate.Request {
    UpstreamGate.Request(
      key: record.decision.hashKey,
      isReplaceable: record.decision.fallbackUpstream >= 0 && exchange.mayFallBack,
      avoided: record.avoided)
  }

  /// Asks the upstream at hand for a place, and for a connection once it has one.
  func askUpstream(fresh: Bool) {
    proceed(context.withGate(currentUpstream) { $0.enter(placeRequest) }, fresh: fresh)
  }

  private func proceed(_ answer: UpstreamGate.Answer, fresh: Bool) {
    switch answer {
    case .place(let place):
      record.place = place
      if let observed = record.observed { beginAttempt(observed, place) }
      context.withGate(currentUpstream) {
        exchange.beginTry(milliseconds: $0.perTry, speaksHTTP2: $0.speaksHTTP2, workspace)
      }
      place.withSeat { requestLink(upstream: currentUpstream, seat: $0, fresh: fresh) }
    case .line(let milliseconds):
      exchange.waitForPlace(milliseconds: milliseconds, workspace)
      record.ticket = gate.stand { [weak self] in self?.placeGranted(fresh: fresh) }
    case .refused(let failure): upstreamFailed(failure)
    }
  }

  /// The upstream is told a span of this try alone.
  @inline(never)
  private func beginAttempt(_ observed: ObservedRequest, _ place: UpstreamGate.Place) {
    guard
      let span = context.observer?.beginAttempt(
        observed, upstream: context.upstreamName(currentUpstream), peer: place.seat.name)
    else { return }
    overwriteKept(at: record.spanPlace, with: TraceContext.digits(ofSpan: span))
  }

  /// The wait in line is over.
  private func placeGranted(fresh: Bool) {
    guard isOpen, let ticket = record.ticket, ticket.state == .granted else { return }
    record.ticket = nil
    gate.settle(ticket, usesPlace: true)
    proceed(gate.enterGranted(placeRequest), fresh: fresh)
    resumeClient()
  }

  /// Gives back the place, or the one in line; without either nothing happens.
  func leavePlace(
    _ outcome: UpstreamGate.Outcome, upstream: Int? = nil, timedOut: Bool = false
  ) {
    if let place = record.place {
      record.place = nil
      if let observed = record.observed { context.observer?.endAttempt(observed) }
      let route = record.decision.routeIndex
      context.withGate(upstream ?? currentUpstream) { $0.leave(place, outcome, route: route) }
    } else if let ticket = record.ticket {
      record.ticket = nil
      context.gates[upstream ?? currentUpstream].settle(
        ticket, usesPlace: false, timedOut: timedOut)
    }
  }

  /// Sends the request once more, at once or after a pause.
  ///
  /// A connection that was kept may have closed just when it was used; that first time needs no
  /// pause. Whoever cannot connect, or fails again, is given time, unless another endpoint or
  /// legacy can be asked instead.
  func askAgain(isRetry: Bool, least: UInt64 = 0) {
    let attempt = isRetry ? Int(exchange.retries) : 2
    let isAtOnce =
      isRetry ? exchange.retries <= 1 : gate.seats.count > 1 || exchange.mayFallBack
    let pause = isAtOnce ? 0 : gate.rules.delay(beforeRetry: attempt - 1, draw: context.draw())
    let milliseconds = max(pause, least)
    if milliseconds == 0 { return askUpstream(fresh: true) }
    exchange.pause(milliseconds: milliseconds, workspace)
  }

  var resendRules: ResendRules {
    ResendRules(
      attempts: UInt8(clamping: gate.rules.attempts), includesWrite: record.mayResendWrite)
  }

  /// The upstream answered, whatever becomes of the body: a stream may go on for hours.
  func noteAnswer(status: Int) {
    guard let place = record.place else { return }
    record.observed?.attempt?.status = status
    let route = record.decision.routeIndex
    record.place = context.withGate(currentUpstream) {
      $0.answered(place, UpstreamGate.Outcome(status: status), route: route)
    }
  }

  /// Whether the head in the workspace is not passed on, since the request is sent again instead.
  func sendsAgainInsteadOfAnswer(_ link: Link) -> Bool {
    let rules = gate.rules
    guard rules.statuses.contains(workspace.response.status) else { return false }
    let after = link.withReceived { RetryAfter.milliseconds($0, workspace.storage.view) } ?? 0
    if after > rules.longestRetryAfter.milliseconds { return false }
    guard exchange.maySendAgainInsteadOfAnswer(resendRules), gate.withdrawRetry() else {
      return false
    }
    exchange.sendAgainInsteadOfAnswer(workspace)
    record.avoided = record.place?.seat
    record.observed?.attempt?.status = workspace.response.status
    leavePlace(.failure(isFinal: false))
    dropUpstream()
    noteRetry()
    askAgain(isRetry: true, least: after)
    resumeClient()
    return true
  }
}

extension UpstreamGate.Outcome {
  /// What a failure says. `isFinal`: the request is not tried again on this side.
  init(_ failure: UpstreamFailure, isFinal: Bool, requestIsComplete: Bool) {
    switch failure {
    case .noEndpoint, .connectionLimit, .circuitOpen, .overloaded, .queueTimeout, .unfitRequest,
      .outOfResources:
      self = .none
    // While the client still sends, it may be the one that is slow.
    case .stalled, .tryTimeout:
      self = requestIsComplete ? .failure(isFinal: isFinal) : .none
    case .connectFailed, .connectTimeout, .tlsFailed, .certificateRefused, .closedBeforeResponse,
      .closedMidResponse, .truncated, .malformedResponse, .responseTimeout, .moduleFailed,
      .refusedStream, .partFailed:
      self = .failure(isFinal: isFinal)
    }
  }

  /// What a complete answer says: server errors count as failures, except those that say that the
  /// request asks for something the server does not have.
  init(status: Int) {
    self = status >= 500 && status != 501 && status != 505 ? .failure(isFinal: true) : .success
  }
}
