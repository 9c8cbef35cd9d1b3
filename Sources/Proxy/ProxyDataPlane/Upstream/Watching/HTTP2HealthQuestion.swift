// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore

/// Asks in HTTP/2, on the one stream of a connection.
final class HTTP2HealthQuestion: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let question: HealthQuestion
  private let engine: HTTP2Engine?
  private let stream: HealthStream

  init(_ question: HealthQuestion) {
    self.question = question
    engine = HTTP2Engine(.client, now: WorkerContext.clock() / 1_000_000)
    stream = HealthStream(question)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    guard let engine, ask(engine) else { return question.answer("out of memory") }
    flush(engine, context)
  }

  private func ask(_ engine: HTTP2Engine) -> Bool {
    let path = Array(question.path.utf8)
    let authority = Array(question.authority.utf8)
    return path.withUnsafeBytes { path in
      authority.withUnsafeBytes { authority in
        var fields = HTTP2Fields(capacity: 5)
        fields.add(":method", "GET")
        fields.add(":scheme", question.isSecure ? "https" : "http")
        fields.add(":authority", authority)
        fields.add(":path", path)
        fields.add("user-agent", HealthProbe.userAgent)
        return engine.submitRequest(stream, fields, hasBody: false)
      }
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let engine else { return }
    unwrapInboundIn(data).withUnsafeReadableBytes { engine.receive($0) }
    flush(engine, context)
    if engine.violation != nil { question.answer("not HTTP/2") }
  }

  private func flush(_ engine: HTTP2Engine, _ context: ChannelHandlerContext) {
    while true {
      let bytes = engine.nextOutput()
      if bytes.isEmpty { break }
      context.write(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }
    context.flush()
  }

  func channelInactive(context: ChannelHandlerContext) { engine?.close() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    question.answer("\(error)")
    context.close(promise: nil)
  }
}

/// Waits for the status.
private final class HealthStream: HTTP2Stream {
  private let question: HealthQuestion
  private var status = 0

  init(_ question: HealthQuestion) { self.question = question }

  override func received(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ section: HTTP2Section
  ) {
    if section == .head, name.first == 0x3a {
      status = Int(String(decoding: value, as: UTF8.self)) ?? 0
    }
  }

  override func received(_ section: HTTP2Section, isLast: Bool, isTooLarge: Bool) {
    if section == .head { question.judge(status: status) }
  }

  override func closed(code: UInt32) { question.answer("reset before it answered") }
}
