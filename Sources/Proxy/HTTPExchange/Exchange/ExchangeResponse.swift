// SPDX-License-Identifier: Apache-2.0

extension Exchange {
  /// Looks at the upstream's unconsumed bytes. Call until it needs bytes, is blocked or finished.
  package mutating func nextFromUpstream(
    _ bytes: UnsafeRawBufferPointer, _ workspace: ExchangeWorkspace
  ) -> UpstreamStep {
    switch upstreamPhase {
    case .none, .connecting: return .needBytes
    case .tunnel: return tunnelFromUpstream(bytes, workspace)
    case .responseHead:
      return bytes.isEmpty ? .needBytes : readResponseHead(bytes, workspace)
    case .responseBody:
      if responseBody.isFinished { return .finished }
      if bytes.isEmpty { return .needBytes }
      if !clientIsWritable { return .blocked }
      let keepFraming = marks.relay != .outOfChunks
      let step = responseBody.read(
        bytes, keepFraming: keepFraming, limits: workspace.responseLimits, workspace,
        &upstreamProgress, passesTrailers: facts.acceptsTrailers)
      if step.rejection != nil { return .failed(.malformedResponse) }
      if step.consumed == 0, !step.isFinished { return .needBytes }
      touch(workspace)
      return .body(step)
    }
  }

  private mutating func readResponseHead(
    _ bytes: UnsafeRawBufferPointer, _ workspace: ExchangeWorkspace
  ) -> UpstreamStep {
    sawResponseByte = true
    let outcome = workspace.responseParser.parse(
      bytes, &upstreamProgress, into: workspace.storage, method: facts.method,
      head: &workspace.response)
    switch outcome {
    case .incomplete: return .needBytes
    case .rejected: return .failed(.malformedResponse)
    case .complete: break
    }
    // Copied whole it would cost more than what is looked at.
    let status = workspace.response.status
    if workspace.response.switchesProtocol {
      // Only who was asked to may switch, and says to what.
      guard offersUpgrade, workspace.response.upgrade.length > 0 else {
        return .failed(.malformedResponse)
      }
      beginTunnel(workspace)
      return .tunnel
    }
    if workspace.response.isInterim {
      interimCount += 1
      if interimCount > workspace.limits.interimResponses {
        return .failed(.malformedResponse)
      }
      let forward = facts.minorVersion == 1 && (status != 100 || facts.expectsContinue)
      if forward { forwardedInterim = true }
      return .interim(forward: forward)
    }
    upstreamPhase = .responseBody
    tryDeadline = .max
    let body = workspace.response.body
    responseBody = BodyReader(body)
    upstreamKeepsAlive = workspace.response.keepAlive && body != .untilClose
    markResponse(body)
    touch(workspace)
    return .head
  }

  private mutating func markResponse(_ body: BodyFraming) {
    if isStream {
      marks.relay = body == .chunked ? .outOfChunks : .asReceived
      return
    }
    var close = !facts.keepAlive || isDraining || inputIsOver
    marks.relay = .asReceived
    if facts.minorVersion == 1 {
      if body == .untilClose { marks.relay = .intoChunks }
    } else {
      if body == .chunked { marks.relay = .outOfChunks }
      if body == .chunked || body == .untilClose { close = true }
    }
    marks.close = close
    marks.keepAliveToldExplicitly = facts.minorVersion == 0 && !close
  }

  /// The response is complete and passed on.
  ///
  /// - Parameter leftover: bytes of the upstream behind the response; they make it unfit for reuse.
  package mutating func completeResponse(
    leftover: Int, _ workspace: ExchangeWorkspace
  ) -> Completion {
    let wasRead = requestPhase == .complete
    let keepsUpstream = upstreamKeepsAlive && wasRead && leftover == 0
    upstreamPhase = .none
    totalDeadline = .max
    let ends = marks.close || !wasRead || isDraining || inputIsOver
    finishAnswer(ends: ends, workspace)
    return Completion(keepsUpstream: keepsUpstream, client: ends ? .linger : .next)
  }
}
