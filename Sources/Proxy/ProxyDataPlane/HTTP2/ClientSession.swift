// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import HTTPExchange
import RoutingDecisions

/// The connection under a session: moves bytes and makes the transport's kind of stream.
protocol SessionCarrier: AnyObject {
  /// The client speaks TLS.
  var peerIsSecure: Bool { get }
  func makeStream(_ session: ClientSession) -> ClientStream
  /// Takes bytes for the client, which leave at `flushOutput` at the latest.
  func write(_ bytes: UnsafeRawBufferPointer)
  /// False while bytes wait for the client to take them.
  var takesMore: Bool { get }
  func flushOutput()
  /// Calls `flush` of the session before the loop waits again.
  func flushesSoon(_ session: ClientSession)
  /// Once everything written has left, the client sees the end of what it receives; it may still
  /// send, unless it said that it will not.
  func awaitDelivery()
  func close()
}

/// A client's connection once it speaks HTTP/2: its streams, each with an exchange of its own.
final class ClientSession: HTTP2Engine.Owner {
  let engine: HTTP2Engine
  let context: WorkerContext
  /// Textual address of the peer.
  let address: [UInt8]
  /// What the peer says about those behind it is believed.
  let peerIsTrusted: Bool
  @exclusivity(unchecked) var assembly: RequestAssembly
  /// The client speaks TLS.
  let peerIsSecure: Bool
  private unowned let carrier: any SessionCarrier
  private let mostWaiting: Int
  @exclusivity(unchecked) private var streams = ClientRegistry<ClientStream>()
  @exclusivity(unchecked) private var ready: [ClientStream] = []
  /// Bytes of answers that wait for the client, those of all streams together.
  @exclusivity(unchecked) private var waiting = 0
  /// Bytes of answers that left so far.
  @exclusivity(unchecked) private(set) var delivered = 0
  /// More waits than one client is given: streams take nothing from their upstreams.
  @exclusivity(unchecked) private(set) var isCrowded = false
  /// The client sends nothing more.
  private(set) var hasInputEnded = false
  @exclusivity(unchecked) private var isReceiving = false
  @exclusivity(unchecked) private var awaitsFlush = false
  private var isDraining = false
  private var isOver = false
  private var deadline: UInt64

  /// nil when there is no memory.
  init?(_ carrier: any SessionCarrier, _ context: WorkerContext, address: [UInt8]) {
    let limits = context.http2
    guard let engine = HTTP2Engine(.server, limits, now: context.workspace.now) else { return nil }
    self.engine = engine
    self.carrier = carrier
    mostWaiting = context.limits.http2.waitingAnswers
    peerIsSecure = carrier.peerIsSecure
    self.context = context
    self.address = address
    peerIsTrusted = address.withUnsafeBytes(context.trust.covers)
    assembly = RequestAssembly(limit: context.workspace.limits.head)
    deadline = context.workspace.deadline(context.workspace.timeouts.clientIdle)
    engine.owner = self
  }

  private static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

  /// Whether the first bytes of a connection open HTTP/2; nil while they are too few to tell.
  static func recognizes(_ bytes: UnsafeRawBufferPointer) -> Bool? {
    let count = min(bytes.count, preface.utf8CodeUnitCount)
    for index in 0..<count where bytes[index] != preface.utf8Start[index] { return false }
    return count == preface.utf8CodeUnitCount ? true : nil
  }

  var nextDeadline: UInt64 {
    streams.isEmpty || isOver || isDraining ? min(deadline, streams.soonest) : streams.soonest
  }

  // MARK: Bytes

  /// Takes bytes of the client.
  func receive(_ bytes: UnsafeRawBufferPointer) {
    if isOver { return }
    isReceiving = true
    engine.now = context.workspace.now
    engine.receive(bytes)
    isReceiving = false
    if !isOver { flushesSoon() }
  }

  /// Runs the streams that the bytes received were for.
  func run() { runReady() }

  func flushesSoon() {
    if awaitsFlush || isOver { return }
    awaitsFlush = true
    carrier.flushesSoon(self)
  }

  /// Sends what there is as far as the client takes it.
  func flush() {
    awaitsFlush = false
    if isOver { return }
    repeat {
      sendNow()
      // Streams whose bodies were waiting for room go on.
    } while runReady() && carrier.takesMore && !isOver
    if carrier.takesMore, engine.isFinished { end() }
  }

  /// Sends what there is without letting any stream run.
  func sendNow() {
    // Taken once: each look at what is not owned counts it.
    let carrier = carrier
    while carrier.takesMore {
      let bytes = engine.nextOutput()
      if bytes.isEmpty { break }
      carrier.write(bytes)
    }
    carrier.flushOutput()
  }

  private func end() {
    if isOver { return }
    connectionClosed()
    let workspace = context.workspace
    deadline = workspace.deadline(workspace.timeouts.linger)
    carrier.awaitDelivery()
  }

  /// The client sends nothing more, and may still read: what it asked for whole is answered.
  func inputEnded() {
    // The client has seen the end, or will not.
    if isOver { return carrier.close() }
    if hasInputEnded { return }
    hasInputEnded = true
    for stream in streams.clients where !stream.requestIsWhole { stream.drop() }
    engine.refuseStreams()
    flushesSoon()
  }

  /// The connection is gone.
  func connectionClosed() {
    if isOver { return }
    isOver = true
    if let violation = engine.violation {
      context.counters.rejected(reason: Int(Rejection(violation).rawValue))
    }
    engine.close()
    ready = []
  }

  // MARK: Streams

  func openStream() -> HTTP2Stream? {
    assembly.begin()
    let stream = carrier.makeStream(self)
    streams.add(stream)
    if isCrowded { stream.holdBack() }
    return stream
  }

  func receivedGoAway(lastStream: Int32, code: UInt32) {}

  func streamClosed(_ stream: ClientStream) {
    _ = streams.remove(stream)
    let workspace = context.workspace
    if streams.isEmpty { assembly.rest() }
    if streams.isEmpty, !isDraining {
      deadline = workspace.deadline(workspace.timeouts.clientIdle)
    }
  }

  func deadlineChanged(_ stream: ClientStream) { streams.deadlineChanged(stream) }

  /// The stream runs once the engine is done with the bytes at hand.
  func runsSoon(_ stream: ClientStream) {
    if stream.isReady { return }
    stream.isReady = true
    ready.append(stream)
    if !isReceiving { flushesSoon() }
  }

  /// False when no stream was waiting.
  @discardableResult
  private func runReady() -> Bool {
    if ready.isEmpty { return false }
    while !ready.isEmpty {
      let batch = ready
      ready = []
      for stream in batch {
        stream.isReady = false
        stream.run()
      }
    }
    return true
  }

  // MARK: What waits

  /// Part of an answer waits for the client from now on.
  func queued(_ count: Int) {
    waiting &+= count
    if isCrowded || waiting < mostWaiting { return }
    isCrowded = true
    for stream in streams.clients { stream.holdBack() }
  }

  /// Part of an answer waits no more: the client took it, or the stream is gone.
  func unqueued(_ count: Int, isDelivered: Bool) {
    waiting &-= count
    if isDelivered { delivered &+= count }
    if !isCrowded || waiting >= mostWaiting / 2 { return }
    isCrowded = false
    for stream in streams.clients { stream.goOn() }
  }

  // MARK: Time

  func checkDeadlines() {
    let workspace = context.workspace
    var position = Int.max
    while let stream = streams.due(at: workspace.now, from: position) {
      position = stream.position - 1
      stream.deadlinePassed()
    }
    flushesSoon()
    guard workspace.now >= deadline, streams.isEmpty || isOver || isDraining else { return }
    if isOver { return carrier.close() }
    deadline = .max
    engine.refuseStreams()
  }

  /// Tells the client to open no more streams; those that are on their way are still served.
  func drain() {
    if isDraining || isOver { return }
    isDraining = true
    let workspace = context.workspace
    deadline = workspace.deadline(workspace.timeouts.drainQuiet)
    engine.announceEnd()
    flushesSoon()
  }
}

extension Rejection {
  init(_ violation: HTTP2Violation) {
    switch violation {
    case .rapidReset: self = .rapidReset
    case .continuationFlood: self = .continuationFlood
    case .headerFlood: self = .headerFlood
    case .settingsFlood: self = .settingsFlood
    case .pingFlood: self = .pingFlood
    case .emptyDataFlood: self = .emptyDataFlood
    case .windowUpdateFlood: self = .windowUpdateFlood
    case .idleFrameFlood: self = .idleFrameFlood
    case .refusalFlood: self = .refusalFlood
    case .protocolError: self = .malformedFrames
    }
  }
}
