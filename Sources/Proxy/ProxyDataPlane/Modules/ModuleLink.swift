// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import HTTPTypes
import NIOCore

/// A module seen as an upstream: what the proxy writes becomes a call, what the module answers
/// becomes the bytes a server would have sent.
///
/// Speaking bytes costs a second parse and buys one path for everything: routing, framing rules,
/// fallback, counters and back-pressure treat a module like any server, and a module's answer is
/// checked as strictly as a stranger's.
final class ModuleLink: LocalLink {
  /// Pieces of request body that wait for the module; above it the client is held back.
  private static let bodyPieces = (low: 2, high: 8)

  private let module: any InProcessModule
  private let channel: any Channel
  private let limits: MessageLimits
  private var task: Task<Void, Never>?
  private var received = ByteBuffer()
  private var bodyReader = BodyReader(.none)
  private var body: ModuleRequestBody.Producer.Source?
  private var encoder = ModuleResponseEncoder()
  private var writers: [EventLoopPromise<Void>] = []
  private var isClosed = false

  /// `channel`: the client's, on whose loop everything happens.
  init(_ module: any InProcessModule, _ channel: any Channel, _ limits: MessageLimits) {
    self.module = module
    self.channel = channel
    self.limits = limits
  }

  override func write(_ bytes: ByteBuffer) { received.writeImmutableBuffer(bytes) }

  override func flush() {
    if isClosed || received.readableBytes == 0 { return }
    if task == nil { start() }
    feedBody()
  }

  override func consumed() {
    if input.readableBytes == 0 { input = ByteBuffer() }
    guard !writers.isEmpty, input.readableBytes < limits.readAhead else { return }
    let waiting = writers
    writers = []
    for writer in waiting { writer.succeed() }
  }

  override func close() {
    client = nil
    if isClosed { return }
    isClosed = true
    hasEnded = true
    body?.finish(ModuleResponseError.exchangeOver)
    body = nil
    for writer in writers { writer.fail(ModuleResponseError.exchangeOver) }
    writers = []
    task?.cancel()
  }
}

// MARK: - Request

extension ModuleLink {
  /// The whole head is there at the first flush, since it is written in one go.
  private func start() {
    var parsed: ModuleRequest?
    received.withUnsafeReadableBytes { parsed = ModuleRequest(bytes: $0, limits: limits) }
    guard let parsed else { return end(.unfitRequest) }
    received.moveReaderIndex(forwardBy: parsed.headLength)
    bodyReader = BodyReader(parsed.framing)
    encoder = ModuleResponseEncoder(isHead: parsed.request.method == .head)
    let producer = ModuleRequestBody.Producer.makeSequence(
      elementType: ByteBuffer.self, failureType: (any Error).self,
      backPressureStrategy: .init(
        lowWatermark: Self.bodyPieces.low, highWatermark: Self.bodyPieces.high),
      finishOnDeinit: true, delegate: ModuleBodyDelegate(self, channel.eventLoop))
    body = producer.source
    let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
    let permit: @Sendable () -> Void = { [eventLoop = channel.eventLoop] in
      eventLoop.execute { bound.value.permitBody() }
    }
    run(
      parsed.request,
      ModuleRequestBody(producer.sequence, onFirstRead: parsed.expectsContinue ? permit : nil))
  }

  private func run(_ request: HTTPRequest, _ body: ModuleRequestBody) {
    let writer = ModuleResponseWriter(self, channel)
    let eventLoop = channel.eventLoop
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    task = Task { [module] in
      let succeeded: Bool
      do {
        try await module.respond(to: request, body: body, response: writer)
        succeeded = true
      } catch {
        succeeded = false
      }
      eventLoop.execute { bound.value.moduleReturned(succeeded) }
    }
  }

  private func feedBody() {
    var isFull = false
    while let body, !bodyReader.isFinished, received.readableBytes > 0 {
      let step = received.withUnsafeReadableBytes {
        bodyReader.read($0, keepFraming: false, limits: limits)
      }
      if step.rejection != nil { return end(.unfitRequest) }
      // A module is shown no trailers.
      if step.meetsTrailers { bodyReader.finishTrailers() }
      let start = received.readerIndex + Int(step.forward.start)
      let piece = received.getSlice(at: start, length: Int(step.forward.length))
      received.moveReaderIndex(forwardBy: step.consumed)
      if let piece, piece.readableBytes > 0, case .stopProducing = body.yield(piece) {
        isFull = true
      }
    }
    if received.readableBytes == 0 { received = ByteBuffer() }
    if bodyReader.isFinished {
      body?.finish()
      body = nil
    } else if isFull {
      client?.upstreamWritability(false)
    }
  }

  /// There is room for more body, or the module will not read on.
  func bodyIsWanted() { client?.upstreamWritability(true) }

  /// The module reads the body of a client that waits for permission to send it.
  private func permitBody() {
    if isClosed || encoder.hasHead { return }
    input.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
    client?.upstreamIsReadable()
  }
}

// MARK: - Response

extension ModuleLink {
  func acceptHead(_ head: HTTPResponse, _ promise: EventLoopPromise<Void>) {
    accept(promise) { encoder.encode(head, into: &input) }
  }

  func acceptBody(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>) {
    accept(promise) { encoder.encode(bytes, into: &input) }
  }

  private func accept(_ promise: EventLoopPromise<Void>, _ encode: () -> Bool) {
    if isClosed { return promise.fail(ModuleResponseError.exchangeOver) }
    if !encode() { return promise.fail(ModuleResponseError.outOfOrder) }
    client?.upstreamIsReadable()
    // Passing the bytes on may have ended the exchange.
    if input.readableBytes >= limits.readAhead, !isClosed {
      writers.append(promise)
    } else {
      promise.succeed()
    }
  }

  private func moduleReturned(_ succeeded: Bool) {
    if isClosed { return }
    if succeeded, encoder.hasHead {
      encoder.finish(into: &input)
      end(nil)
    } else {
      end(encoder.hasHead ? .closedMidResponse : .moduleFailed)
    }
  }

  private func end(_ failure: UpstreamFailure?) {
    self.failure = failure
    hasEnded = true
    client?.upstreamIsReadable()
  }
}

/// Tells the link on its loop when the module reads, or will read no more.
final class ModuleBodyDelegate: NIOAsyncSequenceProducerDelegate {
  private let link: NIOLoopBound<ModuleLink>
  private let eventLoop: any EventLoop

  init(_ link: ModuleLink, _ eventLoop: any EventLoop) {
    self.link = NIOLoopBound(link, eventLoop: eventLoop)
    self.eventLoop = eventLoop
  }

  func produceMore() {
    let link = link
    eventLoop.execute { link.value.bodyIsWanted() }
  }

  /// A module that reads no further must not block its client: the rest is dropped.
  func didTerminate() { produceMore() }
}
