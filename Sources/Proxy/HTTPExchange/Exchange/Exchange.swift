// SPDX-License-Identifier: Apache-2.0

/// One client connection and the request it is about: every decision between two sockets.
///
/// Bytes and events go in, steps come out; a transport moves the bytes and reports what happened.
/// The value holds no buffer. Bytes that a step does not consume stay with the transport, which
/// shows them again together with those that follow. What transports ask for each event is inlined
/// there, which spares them a copy of the whole value.
///
///     idle -> head -> (routed) connecting -> response head -> response body -> idle
///                        ^---- retry / fall back ---'                     '-> lingering -> closed
@usableFromInline
package struct Exchange {
  @usableFromInline
  enum RequestPhase: UInt8 {
    /// Between requests, or inside a head.
    case head
    case body
    /// The whole request was read.
    case complete
    /// The upstream switched to another protocol.
    case tunnel
    /// The last answer is given; what the client still sends is dropped.
    case lingering
  }

  @usableFromInline
  enum UpstreamPhase: UInt8 {
    case none, connecting, responseHead, responseBody, tunnel
  }

  /// What an exchange that is `connecting` waits for.
  enum UpstreamWait: UInt8 {
    case connection
    /// A place at the upstream.
    case place
    /// The end of the pause before another attempt.
    case pause
  }

  /// Connections tried for one request before it counts as failed, the first one included.
  static let connectAttempts: UInt8 = 3

  /// The client's side is one HTTP/2 stream: one exchange, framed by the protocol below.
  let isStream: Bool

  @usableFromInline var requestPhase = RequestPhase.head
  @usableFromInline var upstreamPhase = UpstreamPhase.none
  var upstreamWait = UpstreamWait.connection
  var clientProgress = HeadProgress()
  var upstreamProgress = HeadProgress()
  var requestBody = BodyReader(.none)
  var responseBody = BodyReader(.none)
  @usableFromInline var deadline: UInt64
  @usableFromInline var totalDeadline = UInt64.max
  /// The end of the try at hand.
  @usableFromInline var tryDeadline = UInt64.max
  /// When the client has to have sent its share of the body; .max while none is due.
  @usableFromInline var rateDeadline = UInt64.max
  var rateBytes = 0

  // The request at hand.
  package internal(set) var facts = RequestFacts()
  package internal(set) var marks = ResponseMarks()
  /// Times the request was sent again; attempts to connect are none.
  package internal(set) var retries: UInt8 = 0
  /// The head was read, and waits until the body that decides where it goes is there.
  package internal(set) var awaitsBody = false
  var hasFallback = false
  /// The upstream may switch to another protocol.
  var offersUpgrade = false
  var connectionsTried: UInt8 = 0
  /// All bytes sent so far are kept by the transport and may be sent again.
  package internal(set) var isReplayable = true
  var replayBytes = 0
  var sawResponseByte = false
  var forwardedInterim = false
  var interimCount = 0
  var upstreamKeepsAlive = false
  var lingered = 0

  // The connections.
  var clientIsWritable = true
  var upstreamIsWritable = true
  @usableFromInline var inputEnded = false
  /// Bytes behind the request at hand were received already; told before each decision that asks
  /// whether the connection is of further use.
  package var holdsInput = false
  /// The last answer, or of a tunnel the last byte, has left for the client.
  var isDelivered = false
  /// The upstream sends nothing more into the tunnel.
  var tunnelIsEnding = false
  /// The upstream of a tunnel was told that the client sends nothing more.
  var upstreamIsFinished = false
  package internal(set) var isDraining = false

  package init(_ workspace: ExchangeWorkspace, isStream: Bool = false) {
    self.isStream = isStream
    deadline = workspace.deadline(workspace.timeouts.clientIdle)
  }

  /// No request is being read or answered.
  package var isIdle: Bool {
    requestPhase == .head && clientProgress == HeadProgress() && !awaitsBody
  }
  /// A request was admitted and is not answered yet.
  @inlinable package var isActive: Bool { upstreamPhase != .none }
  /// The response head was passed on.
  @inlinable package var hasResponded: Bool {
    switch upstreamPhase {
    case .responseBody, .tunnel: true
    case .none, .connecting, .responseHead: false
    }
  }
  /// The connection carries another protocol.
  @inlinable package var isTunnel: Bool { requestPhase == .tunnel }
  /// The last answer was given.
  @inlinable package var isLingering: Bool { requestPhase == .lingering }
  /// The whole request was passed on or kept.
  @inlinable package var requestIsComplete: Bool { requestPhase == .complete }
  /// The client will send nothing more.
  @inlinable package var hasInputEnded: Bool { inputEnded }
  /// No further request can come.
  var inputIsOver: Bool { inputEnded && !holdsInput }
  /// Its deadline is the client's: it reads an answer, or has nothing to do.
  package var waitsForClient: Bool { hasResponded || requestPhase == .lingering || isIdle }
  /// When `expire` has something to say at the earliest, in milliseconds of the workspace's clock.
  @inlinable package var nextDeadline: UInt64 {
    min(min(deadline, rateDeadline), min(totalDeadline, tryDeadline))
  }
  /// Legacy answers in place of the extracted side.
  package var fellBack: Bool { marks.fellBack }
}

// MARK: - Connections

extension Exchange {
  /// The client's write buffer crossed its high or low water mark.
  package mutating func clientWritability(_ isWritable: Bool, _ workspace: ExchangeWorkspace) {
    clientIsWritable = isWritable
    touch(workspace)
  }

  /// The upstream's write buffer crossed its high or low water mark.
  package mutating func upstreamWritability(_ isWritable: Bool, _ workspace: ExchangeWorkspace) {
    upstreamIsWritable = isWritable
    rateDeadline = .max
    touch(workspace)
  }

  /// The client is gone: there is no request to answer any more.
  package mutating func clientIsGone() {
    upstreamPhase = .none
    totalDeadline = .max
  }

  /// The client will send nothing more, but may still read. What it sent before is looked at as
  /// ever; `nextFromClient` says when there is nothing left to do.
  ///
  /// - Returns: whether the connection is of no more use and closes now.
  package mutating func clientInputEnded() -> Bool {
    inputEnded = true
    return requestPhase == .lingering && isDelivered
  }

  /// The client took some of the bytes that wait for it.
  package mutating func clientTookBytes(_ workspace: ExchangeWorkspace) {
    deadline = workspace.deadline(workspace.timeouts.bodyIdle)
  }

  /// Asks for the connection to end after the answer at hand, or soon if it is idle.
  package mutating func drain(_ workspace: ExchangeWorkspace) {
    isDraining = true
    if isIdle { deadline = min(deadline, workspace.deadline(workspace.timeouts.drainQuiet)) }
  }

  /// The last byte of the last answer has left; only the client's close is waited for.
  package mutating func answerDelivered(_ workspace: ExchangeWorkspace) {
    switch requestPhase {
    case .lingering: deadline = workspace.deadline(workspace.timeouts.linger)
    case .tunnel: deadline = workspace.deadline(workspace.timeouts.bodyIdle)
    case .head, .body, .complete: return
    }
    isDelivered = true
  }

  /// The client's first bytes are those of a handshake, which has the time of a request head.
  package mutating func handshakeBegan(_ workspace: ExchangeWorkspace) {
    deadline = workspace.deadline(workspace.timeouts.requestHead)
  }

  /// The connection is secured, and the first request may come.
  package mutating func handshakeEnded(_ workspace: ExchangeWorkspace) {
    let time = isDraining ? workspace.timeouts.drainQuiet : workspace.timeouts.clientIdle
    deadline = workspace.deadline(time)
  }

  /// A body byte moved: the idle deadline starts anew.
  mutating func touch(_ workspace: ExchangeWorkspace) {
    if requestPhase == .tunnel { return touchTunnel(workspace) }
    let isDelivering = requestPhase == .lingering && !isDelivered
    if requestPhase == .body || upstreamPhase == .responseBody || isDelivering {
      deadline = workspace.deadline(workspace.timeouts.bodyIdle)
    }
  }
}
