// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import HTTPExchange

/// An exchange whose client is one HTTP/2 stream.
protocol StreamPump: ClientStream, ExchangePump {}

extension StreamPump {
  var peerIsSecure: Bool { session.peerIsSecure }

  func writeResponseHead(_ link: Link) {
    link.withReceived { submitHead($0, isOwn: false) }
  }

  /// Sends the head in the workspace, whose bytes are given.
  private func submitHead(_ bytes: UnsafeRawBufferPointer, isOwn: Bool) {
    let context = context
    context.fields.removeAll()
    context.fields.add(":status", bytes[ByteRange(start: 9, length: 3)])
    workspace.forEachResponseField(bytes) { context.fields.add($0, $1) }
    if !isOwn { context.fields.add("via", workspace.responseVia(exchange.marks)) }
    if exchange.fellBack { context.fields.add("strangler-fallback", "legacy") }
    if workspace.responseIsInterim {
      session.engine.submitInterim(self, context.fields)
    } else {
      workspace.withMissingDate { date in
        if !date.isEmpty { context.fields.add("date", date) }
        session.engine.submitResponse(self, context.fields, hasBody: workspace.responseHasBody)
      }
    }
    session.flushesSoon()
  }

  func writeResponseBody(_ range: ByteRange, _ link: Link) {
    link.withReceived { append($0[range]) }
  }

  func writeResponseEnd() {}

  func writeTrailers(_ section: ByteRange, _ link: Link) {
    link.withReceived { bytes in
      context.fields.removeAll()
      for (index, field) in workspace.storage.view.enumerated()
      where !workspace.storage.role(index).isDropped {
        context.fields.add(bytes[field.name], bytes[field.value])
      }
    }
    session.engine.submitTrailers(self, context.fields)
  }

  func writeAnswer(_ problem: Problem, upstream: String?, _ plan: AnswerPlan) {
    if isGRPC { return writeGRPCStatus(problem) }
    let answer = problem.response(
      upstream: upstream, close: false, omitsBody: plan.omitsBody, dateLine: workspace.dateLine)
    answer.withUnsafeBytes { bytes in
      let length = workspace.readOwnAnswer(bytes, omitsBody: plan.omitsBody)
      submitHead(bytes, isOwn: true)
      append(UnsafeRawBufferPointer(rebasing: bytes[length...]))
    }
  }

  /// gRPC knows no problem documents: the status stands in the head that is also the end.
  private func writeGRPCStatus(_ problem: Problem) {
    context.fields.removeAll()
    context.fields.add(":status", "200")
    context.fields.add("content-type", "application/grpc")
    let status = Array(String(problem.grpcStatus).utf8)
    let message = Array(problem.reason.utf8)
    status.withUnsafeBytes { status in
      message.withUnsafeBytes { message in
        context.fields.add("grpc-status", status)
        context.fields.add("grpc-message", message)
        session.engine.submitResponse(self, context.fields, hasBody: false)
      }
    }
    session.flushesSoon()
  }

  /// No stream carries a tunnel: what would open one is refused with the head.
  func finishTunnel() { close() }

  func close() {
    if !isOpen { return }
    reset()
    clientIsGone()
  }

  func checkStreamDeadline() {
    let isStalled = isStalled
    checkDeadline()
    if isStalled, !isOpen { counters.rejected(reason: Int(Rejection.windowStall.rawValue)) }
    session.deadlineChanged(self)
  }

  /// A head that cannot be written as HTTP/1.1 is refused before it is read.
  func refuseIfNeeded() -> Bool {
    guard let refusal, exchange.isIdle else { return false }
    refuse(.rejected(refusal))
    return true
  }
}
