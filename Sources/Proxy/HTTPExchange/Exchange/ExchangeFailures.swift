// SPDX-License-Identifier: Apache-2.0

extension Exchange {
  /// The upstream of this exchange failed or closed.
  ///
  /// A connection that was never made may be tried again by every method, since nothing was sent.
  /// Once bytes were sent, only an idempotent request without a byte of answer goes out again,
  /// once, on the same side. Only a safe request changes sides, and only towards legacy: a write
  /// that two sides might both have seen is worse than an error.
  package mutating func upstreamFailed(
    _ failure: UpstreamFailure, _ workspace: ExchangeWorkspace
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
      if mayRetry(failure) {
        retries &+= 1
        beginAttempt(workspace)
        return .retry
      }
      if mayFallBack {
        marks.fellBack = true
        connectionsTried = 0
        wasResent = false
        beginAttempt(workspace)
        return .fallBack
      }
      return forwardedInterim && requestPhase != .complete ? .abort : .answer(.upstream(failure))
    }
  }

  private mutating func mayRetry(_ failure: UpstreamFailure) -> Bool {
    switch failure {
    case .connectFailed:
      return connectionsTried < Self.connectAttempts
    case .connectTimeout:
      // Each attempt costs a whole timeout; a reader whom legacy can serve does not wait for more.
      return !mayFallBack && connectionsTried < Self.connectAttempts
    case .closedBeforeResponse:
      if wasResent || !facts.method.isIdempotent || !isReplayable || sawResponseByte {
        return false
      }
      wasResent = true
      return true
    default:
      return false
    }
  }

  private var mayFallBack: Bool {
    hasFallback && !marks.fellBack && facts.method.isSafe && isReplayable && !forwardedInterim
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
    if now < deadline { return .none }
    deadline = .max
    switch (requestPhase, upstreamPhase) {
    case (.lingering, _), (.tunnel, _): return .close
    case (.head, _): return isIdle ? .close : .answer(.requestTimeout)
    case (_, .none): return .close
    case (_, .connecting): return .upstream(.connectTimeout)
    case (.body, .responseHead):
      return upstreamIsWritable ? .answer(.requestTimeout) : .upstream(.stalled)
    case (.complete, .responseHead): return .upstream(.responseTimeout)
    case (_, .responseBody), (_, .tunnel): return .abort
    }
  }
}
