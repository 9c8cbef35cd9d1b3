// SPDX-License-Identifier: Apache-2.0

/// The bytes of another protocol, passed both ways once an upstream has answered 101.
///
/// Each way ends on its own: what one side sent before its end reaches the other, which may go on
/// sending. From the first end on, the time of a body that stands still counts.
extension Exchange {
  mutating func beginTunnel(_ workspace: ExchangeWorkspace) {
    requestPhase = .tunnel
    upstreamPhase = .tunnel
    isReplayable = false
    isDelivered = false
    tunnelIsEnding = false
    upstreamIsFinished = false
    totalDeadline = .max
    touchTunnel(workspace)
  }

  mutating func touchTunnel(_ workspace: ExchangeWorkspace) {
    let isEnding = tunnelIsEnding || inputEnded
    deadline = workspace.deadline(
      isEnding ? workspace.timeouts.bodyIdle : workspace.timeouts.tunnel)
  }

  mutating func tunnelFromClient(
    _ bytes: UnsafeRawBufferPointer, _ workspace: ExchangeWorkspace
  ) -> ClientStep {
    if bytes.isEmpty {
      if !inputEnded { return .needBytes }
      if tunnelIsEnding { return isDelivered ? .close : .needBytes }
      if upstreamIsFinished { return .needBytes }
      upstreamIsFinished = true
      touchTunnel(workspace)
      return .finishUpstream
    }
    if !upstreamIsWritable { return .blocked }
    touchTunnel(workspace)
    return .body(BodyStep(passing: bytes.count))
  }

  mutating func tunnelFromUpstream(
    _ bytes: UnsafeRawBufferPointer, _ workspace: ExchangeWorkspace
  ) -> UpstreamStep {
    if bytes.isEmpty { return tunnelIsEnding ? .blocked : .needBytes }
    if !clientIsWritable { return .blocked }
    touchTunnel(workspace)
    return .body(BodyStep(passing: bytes.count))
  }

  mutating func upstreamEndedTunnel(_ workspace: ExchangeWorkspace) -> Recovery {
    tunnelIsEnding = true
    touchTunnel(workspace)
    return .finishClient
  }
}
