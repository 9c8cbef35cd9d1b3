// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// A client that speaks HTTP/1: one exchange at a time on a connection of its own.
protocol ConnectionPump: ExchangePump {
  func write(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int)
  func write(_ text: StaticString)
  func write(_ bytes: [UInt8])
  /// Writes a range of what the link received.
  func relay(_ range: ByteRange, _ link: Link)
  /// Calls `answerDelivered` once everything written has left.
  func awaitDelivery()
  /// Nothing is written any more; the client may still send.
  func finishOutput()
}

extension ConnectionPump {
  func writeResponseHead(_ link: Link) {
    let workspace = workspace
    let marks = exchange.marks
    link.withReceived { bytes in
      write(capacity: workspace.responseCapacity) { target in
        workspace.writeResponse(bytes, marks: marks, into: target)
      }
    }
  }

  func writeResponseBody(_ range: ByteRange, _ link: Link) {
    let cutsChunks = if case .intoChunks = exchange.marks.relay { true } else { false }
    if cutsChunks {
      write(capacity: ChunkLine.capacity) { ChunkLine.write(Int(range.length), into: $0) }
    }
    relay(range, link)
    if cutsChunks { write(ChunkLine.end) }
  }

  func writeResponseEnd() {
    if case .intoChunks = exchange.marks.relay { write(ChunkLine.last) }
  }

  func writeTrailers(_ section: ByteRange, _ link: Link) {
    if case .outOfChunks = exchange.marks.relay { return }
    link.withReceived { bytes in
      write(capacity: TrailerWriter.capacity(length: Int(section.length), workspace.storage)) {
        TrailerWriter.write(bytes, workspace.storage, into: $0)
      }
    }
  }

  func writeAnswer(_ problem: Problem, upstream: String?, _ plan: AnswerPlan) {
    write(
      problem.response(
        upstream: upstream, close: plan.sequel == .linger, omitsBody: plan.omitsBody,
        dateLine: workspace.dateLine))
  }

  func proceed(_ sequel: ClientSequel) {
    if case .linger = sequel { awaitDelivery() }
  }

  func finishTunnel() {
    flush()
    awaitDelivery()
  }

  /// The client sees the end of its last answer, and what it still sends is read until it closes:
  /// a close with unread bytes would reset the connection and could destroy the answer.
  func answerDelivered() {
    exchange.answerDelivered(workspace)
    if exchange.hasInputEnded {
      close()
    } else {
      finishOutput()
    }
  }
}
