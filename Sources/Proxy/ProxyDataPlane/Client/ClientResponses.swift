// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions

/// What goes out to the client.
extension ClientConnection {
  /// Bodies up to this size are copied behind the head, which saves a system call.
  private static let copiedBody = 16 * 1024

  func writeResponseHead(_ link: any UpstreamLink) {
    let capacity = ResponseRewriter.capacity(workspace.response, workspace.storage)
    link.input.withUnsafeReadableBytes { bytes in
      _ = worker.outbound.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { target in
        ResponseRewriter.write(
          workspace.response, bytes, workspace.storage, marks: exchange.marks, into: target)
      }
    }
  }

  func writeResponseBody(_ step: BodyStep, _ link: any UpstreamLink) {
    let length = Int(step.forward.length)
    defer { link.input.moveReaderIndex(forwardBy: step.consumed) }
    guard length > 0 else { return }
    let cutsChunks = exchange.marks.relay == .intoChunks
    if cutsChunks {
      _ = worker.outbound.writeWithUnsafeMutableBytes(
        minimumWritableBytes: ChunkLine.capacity
      ) { ChunkLine.write(length, into: $0) }
    }
    let start = link.input.readerIndex + Int(step.forward.start)
    guard let bytes = link.input.getSlice(at: start, length: length) else { return }
    if length <= Self.copiedBody {
      worker.outbound.writeImmutableBuffer(bytes)
    } else {
      writeOutbound()
      write(bytes)
    }
    if cutsChunks { worker.outbound.writeStaticString(ChunkLine.end) }
  }

  func completeResponse(_ link: any UpstreamLink) {
    let completion = exchange.completeResponse(leftover: link.input.readableBytes, workspace)
    self.link = nil
    account(status: status)
    flushOutbound()
    if completion.keepsUpstream, !link.hasEnded {
      link.release()
    } else {
      link.close()
    }
    proceed(completion.client)
  }

  /// Answers in place of an upstream.
  func answer(_ problem: Problem) {
    let isRouted = exchange.isActive
    let upstream = isRouted ? worker.upstreamName(currentUpstream) : nil
    dropUpstream()
    let plan = exchange.answer(problem, workspace)
    if !isRouted {
      decision = .noRoute
      startedAt = .now()
    }
    let response = problem.response(
      upstream: upstream, close: plan.sequel == .linger, omitsBody: plan.omitsBody)
    worker.outbound.writeBytes(response)
    flushOutbound()
    account(status: problem.status)
    proceed(plan.sequel)
  }

  /// The body ended with the upstream's close.
  func completeByClose(_ link: any UpstreamLink) {
    if exchange.marks.relay == .intoChunks { worker.outbound.writeStaticString(ChunkLine.last) }
    completeResponse(link)
  }

  private func proceed(_ sequel: ClientSequel) {
    guard sequel == .linger, let context else { return }
    let written = context.eventLoop.makePromise(of: Void.self)
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    written.futureResult.assumeIsolated().whenComplete { _ in self.delivered() }
  }

  /// The client sees the end of the answer, and what it still sends is read until it closes: a
  /// close with unread bytes would reset the connection and could destroy the answer.
  private func delivered() {
    exchange.answerDelivered(workspace)
    if exchange.hasInputEnded {
      close()
    } else {
      context?.close(mode: .output, promise: nil)
    }
  }

  func account(status: Int) {
    let nanoseconds = (NIODeadline.now() - startedAt).nanoseconds
    worker.counters.requestFinished(
      route: decision.routeIndex, side: exchange.fellBack ? .legacy : decision.side,
      status: status, nanoseconds: UInt64(max(0, nanoseconds)))
    self.status = 0
  }
}

// MARK: - Writing

extension ClientConnection {
  private func write(_ bytes: ByteBuffer) {
    worker.counters.sent(bytes: bytes.readableBytes)
    context?.write(wrapOutboundOut(bytes), promise: nil)
  }

  /// Hands what was gathered to the channel, without flushing.
  private func writeOutbound() {
    if worker.outbound.readableBytes == 0 { return }
    write(worker.outbound)
    worker.outbound.clear()
  }

  func flushOutbound() {
    writeOutbound()
    context?.flush()
  }

  func close() {
    dropUpstream()
    context?.close(promise: nil)
  }
}
