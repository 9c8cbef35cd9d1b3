// SPDX-License-Identifier: Apache-2.0

extension Exchange {
  /// The upstream of this exchange failed or closed.
  ///
  /// A connection that was never made may be tried again by every method, since nothing was sent.
  /// Once bytes were sent, only an idempotent request without a byte of answer goes out again, on
  /// the same side. Only a safe request changes sides, and only towards legacy: a write that two
  /// sides might both have seen is worse than an error. A request that is at fault itself is sent
  /// to nobody else.
  ///
  /// - Parameters:
  ///   - resends: how often, and what, may be sent again.
  ///   - hasBudget: asked last, when nothing else forbids to send the request again.
  package mutating func upstreamFailed(
    _ failure: UpstreamFailure, _ workspace: ExchangeWorkspace,
    resends: ResendRules = ResendRules(), hasBudget: () -> Bool = { true }
  ) -> Recovery {
    switch upstreamPhase {
    case .none:
      return .none
    case .responseBody:
      if responseBody.isFinished { return .completed }
      if failure == .closedMidResponse, responseBody.endsWithClose { return .completed }
      return .abort
    case .tunnel:
      return upstreamEndedTunnel(workspace)
    case .connecting, .responseHead:
      if mayReconnect(failure) {
        beginAttempt(workspace)
        return .reconnect
      }
      if maySendAgain(failure, resends), hasBudget() {
        retries &+= 1
        connectionsTried = 0
        beginAttempt(workspace)
        return .retry
      }
      if mayFallBack, failure != .unfitRequest {
        marks.fellBack = true
        connectionsTried = 0
        retries = 0
        beginAttempt(workspace)
        return .fallBack
      }
      if forwardedInterim && requestPhase != .complete { return .abort }
      return .answer(failure == .unfitRequest ? .rejected(.headTooLarge) : .upstream(failure))
    }
  }

  private func mayReconnect(_ failure: UpstreamFailure) -> Bool {
    switch failure {
    case .connectFailed, .tlsFailed, .certificateRefused:
      connectionsTried < Self.connectAttempts
    // Nobody looked at it, so any method may be asked again.
    case .refusedStream:
      connectionsTried < Self.connectAttempts && isReplayable && !sawResponseByte
    // Each attempt costs a whole timeout; a reader whom legacy can serve does not wait for more.
    case .connectTimeout: !mayFallBack && connectionsTried < Self.connectAttempts
    default: false
    }
  }

  private func maySendAgain(_ failure: UpstreamFailure, _ resends: ResendRules) -> Bool {
    switch failure {
    case .closedBeforeResponse, .truncated, .tryTimeout: !sawResponseByte && allows(resends)
    default: false
    }
  }

  private func allows(_ resends: ResendRules) -> Bool {
    retries < resends.attempts && isReplayable && !forwardedInterim
      && (facts.isIdempotent || resends.includesWrite)
  }

  /// The answer whose head was read, and not passed on yet, may be dropped, and the request sent
  /// again instead.
  package func maySendAgainInsteadOfAnswer(_ resends: ResendRules) -> Bool {
    upstreamPhase == .responseBody && requestPhase == .complete && allows(resends)
  }

  /// The request is sent again instead of passing on the answer.
  package mutating func sendAgainInsteadOfAnswer(_ workspace: ExchangeWorkspace) {
    retries &+= 1
    connectionsTried = 0
    beginAttempt(workspace)
  }

  /// Legacy can answer the request in place of the side that is asked now.
  package var mayFallBack: Bool {
    hasFallback && !marks.fellBack && facts.isSafe && isReplayable && !forwardedInterim
  }

  /// How a close of the upstream counts at this point.
  package var meaningOfUpstreamClose: UpstreamFailure {
    switch upstreamPhase {
    case .connecting: .connectFailed
    case .none, .responseHead: sawResponseByte ? .closedMidResponse : .closedBeforeResponse
    case .responseBody, .tunnel: .closedMidResponse
    }
  }

  /// Looks at the clock of the workspace.
  package mutating func expire(_ workspace: ExchangeWorkspace) -> Expiry {
    let now = workspace.now
    if now >= totalDeadline {
      totalDeadline = .max
      hasFallback = false
      return hasResponded ? .abort : .upstream(.stalled)
    }
    if now >= tryDeadline {
      tryDeadline = .max
      if isActive, !hasResponded { return .upstream(.tryTimeout) }
    }
    if now >= rateDeadline, isTooSlow(workspace) { return .answer(.requestTimeout) }
    if now < deadline { return .none }
    deadline = .max
    switch (requestPhase, upstreamPhase) {
    case (.lingering, _), (.tunnel, _): return .close
    case (.head, _): return isIdle ? .close : .answer(.requestTimeout)
    case (_, .none): return .close
    case (_, .connecting):
      switch upstreamWait {
      case .connection: return .upstream(.connectTimeout)
      case .place: return .upstream(.queueTimeout)
      case .pause: return .resume
      }
    case (.body, .responseHead):
      return upstreamIsWritable ? .answer(.requestTimeout) : .upstream(.stalled)
    case (.complete, .responseHead): return .upstream(.responseTimeout)
    case (_, .responseBody), (_, .tunnel): return .abort
    }
  }
}

/// How often a request may be sent again, and which.
package struct ResendRules: Sendable, Equatable {
  /// Times at most.
  package var attempts: UInt8
  /// The request may be sent again although its method is not idempotent: it carries a key by
  /// which its service knows that it did the work already.
  package var includesWrite: Bool

  package init(attempts: UInt8 = 1, includesWrite: Bool = false) {
    self.attempts = attempts
    self.includesWrite = includesWrite
  }
}
