// SPDX-License-Identifier: Apache-2.0

extension Exchange {
  /// Looks at the client's unconsumed bytes. Call until it needs bytes or is blocked.
  package mutating func nextFromClient(
    _ bytes: UnsafeRawBufferPointer, _ workspace: ExchangeWorkspace
  ) -> ClientStep {
    switch requestPhase {
    case .head:
      if bytes.isEmpty { return orEnd(.needBytes) }
      // Who sends requests and reads no answers would fill the memory with answers.
      return clientIsWritable ? orEnd(readHead(bytes, workspace)) : .blocked
    case .body: return orEnd(bytes.isEmpty ? .needBytes : readBody(bytes, workspace))
    case .complete: return bytes.isEmpty ? .needBytes : .blocked
    case .tunnel: return tunnelFromClient(bytes, workspace)
    case .lingering:
      if bytes.isEmpty { return .needBytes }
      lingered += bytes.count
      return lingered > workspace.limits.linger ? .close : .discard
    }
  }

  /// Nobody waits for bytes that cannot come.
  private func orEnd(_ step: ClientStep) -> ClientStep {
    if inputEnded, case .needBytes = step { return .close }
    return step
  }

  private mutating func readHead(
    _ bytes: UnsafeRawBufferPointer, _ workspace: ExchangeWorkspace
  ) -> ClientStep {
    let isFresh = clientProgress == HeadProgress()
    let outcome = workspace.requestParser.parse(
      bytes, &clientProgress, into: workspace.storage, head: &workspace.request)
    switch outcome {
    case .complete:
      if isStream {
        workspace.request.facts.isStream = true
        // Every stream can end with fields.
        workspace.request.facts.acceptsTrailers = true
      }
      facts = workspace.request.facts
      return .head
    case .incomplete:
      facts = RequestFacts()
      if isFresh { deadline = workspace.deadline(workspace.timeouts.requestHead) }
      return .needBytes
    case .rejected(let rejection):
      facts = RequestFacts()
      return .reject(.rejected(rejection))
    }
  }

  private mutating func readBody(
    _ bytes: UnsafeRawBufferPointer, _ workspace: ExchangeWorkspace
  ) -> ClientStep {
    if upstreamPhase == .connecting || !upstreamIsWritable { return .blocked }
    let step = requestBody.read(
      bytes, keepFraming: true, limits: workspace.limits, workspace, &clientProgress,
      passesTrailers: true)
    if let rejection = step.rejection {
      return hasResponded ? .close : .reject(.rejected(rejection))
    }
    if step.consumed == 0, !step.isFinished { return .needBytes }
    replayBytes &+= Int(step.forward.length) &+ Int(step.trailers.length)
    if replayBytes > workspace.limits.replay { isReplayable = false }
    if step.isFinished { requestPhase = .complete }
    measureRate(step.consumed, workspace)
    awaitResponse(workspace)
    return .body(step)
  }

  /// The head of the workspace is looked at again with the body behind it, which has the time of a
  /// request head to come.
  package mutating func awaitBody(_ workspace: ExchangeWorkspace) {
    if awaitsBody { return }
    awaitsBody = true
    deadline = workspace.deadline(workspace.timeouts.requestHead)
  }

  /// The head of the workspace was routed: an upstream is being looked for.
  ///
  /// - Parameters:
  ///   - headLength: bytes of the rewritten head, which the transport keeps for another attempt.
  ///   - hasFallback: legacy may answer a safe request when this side fails.
  ///   - offersUpgrade: the rewritten head lets the upstream switch to another protocol.
  package mutating func admit(
    headLength: Int, hasFallback: Bool, offersUpgrade: Bool = false, _ workspace: ExchangeWorkspace
  ) {
    self.offersUpgrade = offersUpgrade
    awaitsBody = false
    requestBody = BodyReader(facts.body)
    requestPhase = facts.body == .none ? .complete : .body
    self.hasFallback = hasFallback
    marks = ResponseMarks()
    retries = 0
    connectionsTried = 0
    isReplayable = true
    replayBytes = headLength
    interimCount = 0
    forwardedInterim = false
    totalDeadline = workspace.deadline(workspace.timeouts.total)
    beginAttempt(workspace)
  }

  mutating func beginAttempt(_ workspace: ExchangeWorkspace) {
    rateDeadline = .max
    upstreamPhase = .connecting
    upstreamProgress = HeadProgress()
    upstreamIsWritable = true
    sawResponseByte = false
    connectionsTried &+= 1
    upstreamWait = .connection
    tryDeadline = .max
    deadline = workspace.deadline(workspace.timeouts.connect)
  }

  /// The request stands in line for a place at its upstream, so long at most.
  package mutating func waitForPlace(
    milliseconds: UInt64, _ workspace: ExchangeWorkspace
  ) {
    upstreamWait = .place
    deadline = workspace.deadline(milliseconds)
  }

  /// The next attempt begins only after a while.
  package mutating func pause(milliseconds: UInt64, _ workspace: ExchangeWorkspace) {
    upstreamWait = .pause
    deadline = workspace.deadline(milliseconds)
  }

  /// A try begins now, which may last so long up to its response head; 0 means no limit.
  /// `speaksHTTP2`: the upstream's side of it is HTTP/2.
  package mutating func beginTry(
    milliseconds: UInt64, speaksHTTP2: Bool = false, _ workspace: ExchangeWorkspace
  ) {
    marks.isFromHTTP2 = speaksHTTP2
    if upstreamWait != .connection {
      upstreamWait = .connection
      deadline = workspace.deadline(workspace.timeouts.connect)
    }
    tryDeadline = workspace.deadline(milliseconds)
  }

  /// A connection is there: the kept bytes are sent now.
  package mutating func upstreamReady(_ workspace: ExchangeWorkspace) {
    upstreamPhase = .responseHead
    awaitResponse(workspace)
  }

  private mutating func awaitResponse(_ workspace: ExchangeWorkspace) {
    let timeouts = workspace.timeouts
    let waitsForHead = requestPhase == .complete && upstreamPhase == .responseHead
    deadline = workspace.deadline(waitsForHead ? timeouts.responseHead : timeouts.bodyIdle)
  }

  /// The proxy answers the request itself; any upstream of it must be closed.
  package mutating func answer(
    _ problem: Problem, _ workspace: ExchangeWorkspace
  ) -> AnswerPlan {
    upstreamPhase = .none
    totalDeadline = .max
    tryDeadline = .max
    var ends = isDraining || inputIsOver
    switch problem {
    case .rejected, .requestTimeout, .draining: ends = true
    case .noRoute, .options:
      ends = ends || !facts.keepAlive || facts.body != .none
    case .upstream:
      ends = ends || !facts.keepAlive || requestPhase != .complete
    }
    finishAnswer(ends: ends, workspace)
    return AnswerPlan(omitsBody: facts.method == .head, sequel: ends ? .linger : .next)
  }

  mutating func finishAnswer(ends: Bool, _ workspace: ExchangeWorkspace) {
    clientProgress = HeadProgress()
    awaitsBody = false
    if ends {
      requestPhase = .lingering
      lingered = 0
      deadline = workspace.deadline(workspace.timeouts.bodyIdle)
    } else {
      requestPhase = .head
      deadline = workspace.deadline(workspace.timeouts.clientIdle)
    }
  }
}
