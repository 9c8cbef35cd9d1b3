// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Asks in HTTP/1.1, and reads as far as the status.
final class HTTP1HealthQuestion: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let beginning = "HTTP/1.x 200".utf8.count

  private let question: HealthQuestion
  private var received: [UInt8] = []

  init(_ question: HealthQuestion) { self.question = question }

  func handlerAdded(context: ChannelHandlerContext) {
    let request =
      "GET \(question.path) HTTP/1.1\r\nhost: \(question.authority)\r\n"
      + "user-agent: \(HealthProbe.userAgent)\r\nconnection: close\r\n\r\n"
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received += unwrapInboundIn(data).readableBytesView.prefix(Self.beginning - received.count)
    if received.count == Self.beginning { judge() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    question.answer("\(error)")
    context.close(promise: nil)
  }

  private func judge() {
    let text = String(decoding: received, as: UTF8.self)
    let parts = text.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
      return question.answer("not HTTP")
    }
    question.judge(status: status)
  }
}
